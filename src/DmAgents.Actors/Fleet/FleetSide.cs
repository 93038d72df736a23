using System.Globalization;

namespace DmAgents.Actors.Fleet;

/// <summary>What becomes of the side of a split on which this host is.</summary>
public enum FleetStanding
{
    /// <summary>All are reached.</summary>
    Whole,

    /// <summary>It has more hosts than the other.</summary>
    Majority,

    /// <summary>It is half, with the lowest address.</summary>
    HalfThatStays,

    /// <summary>It is half, without the lowest address.</summary>
    HalfThatIsDowned,

    /// <summary>It has fewer hosts.</summary>
    Minority,
}

/// <summary>
/// This host's side of the fleet by the rule by which the fleet's resolver decides (keep-majority): hosts that are up
/// or leave count, and of two halves the one with the lowest address stays. Pure.
/// </summary>
/// <param name="Standing">What this side is.</param>
/// <param name="Reached">How many hosts that count are on it.</param>
/// <param name="Counted">How many count in all.</param>
/// <param name="Lowest">The host that decides between two halves; null if none counts.</param>
public sealed record FleetSide(FleetStanding Standing, int Reached, int Counted, FleetMember? Lowest)
{
    public static FleetSide Of(IEnumerable<FleetMember> members)
    {
        var counted = members.Where(member => member.Counts).OrderBy(member => member.Address).ToList();
        var reached = counted.Count(member => member.IsReached);
        var lowest = counted.Count == 0 ? null : counted[0];
        var standing = (reached * 2).CompareTo(counted.Count) switch
        {
            _ when reached == counted.Count => FleetStanding.Whole,
            > 0 => FleetStanding.Majority,
            < 0 => FleetStanding.Minority,
            _ => lowest!.IsReached ? FleetStanding.HalfThatStays : FleetStanding.HalfThatIsDowned,
        };
        return new FleetSide(standing, reached, counted.Count, lowest);
    }

    /// <summary>The fleet continues without this side.</summary>
    public bool IsCutOff => Standing is FleetStanding.HalfThatIsDowned or FleetStanding.Minority;

    /// <summary>For people.</summary>
    public string Words => Standing switch
    {
        FleetStanding.Whole => string.Create(CultureInfo.InvariantCulture, $"all {Counted} hosts are reached"),
        FleetStanding.HalfThatStays or FleetStanding.HalfThatIsDowned => string.Create(
            CultureInfo.InvariantCulture,
            $"{Reached} of {Counted} hosts are reached, a half {(IsCutOff ? "without" : "with")} the lowest address"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{Reached} of {Counted} hosts are reached"),
    };

    /// <summary>What happens at an even split, for people.</summary>
    public string EvenSplit => Lowest is null
        ? "of two halves the one with the lowest address stays"
        : $"of two halves the one with the lowest address stays: the one with {Lowest.Name} ({Lowest.Address}); "
            + "addresses are compared as text";
}

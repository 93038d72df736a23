using System.Globalization;

namespace DmAgents.Actors.Fleet;

/// <summary>The fate of this host's side of a split.</summary>
public enum FleetStanding
{
    /// <summary>All hosts are reachable.</summary>
    Whole,

    /// <summary>It has more hosts than the other side.</summary>
    Majority,

    /// <summary>It is half, with the lowest address.</summary>
    HalfThatStays,

    /// <summary>It is half, without the lowest address.</summary>
    HalfThatIsDowned,

    /// <summary>It has fewer hosts.</summary>
    Minority,
}

/// <summary>This host's side of the fleet by the rule of the fleet's resolver (keep-majority). Hosts that are up or
/// leaving count; of two halves the one with the lowest address survives. Pure.</summary>
/// <param name="Standing">The state of this side.</param>
/// <param name="Reached">Counting hosts on this side.</param>
/// <param name="Counted">Counting hosts in all.</param>
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

    /// <summary>A description for operators.</summary>
    public string Words => Standing switch
    {
        FleetStanding.Whole => string.Create(CultureInfo.InvariantCulture, $"all {Counted} hosts are reached"),
        FleetStanding.HalfThatStays or FleetStanding.HalfThatIsDowned => string.Create(
            CultureInfo.InvariantCulture,
            $"{Reached} of {Counted} hosts are reached, a half {(IsCutOff ? "without" : "with")} the lowest address"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{Reached} of {Counted} hosts are reached"),
    };

    /// <summary>The outcome of an even split, for operators.</summary>
    public string EvenSplit => Lowest is null
        ? "of two halves the one with the lowest address stays"
        : $"of two halves the one with the lowest address stays: the one with {Lowest.Name} ({Lowest.Address}); "
            + "addresses are compared as text";
}

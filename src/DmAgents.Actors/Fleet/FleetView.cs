using System.Collections.Immutable;
using DmAgents.Domain.Fleet;

namespace DmAgents.Actors.Fleet;

/// <summary>State of a host's membership, in Akka's terms.</summary>
public enum FleetMemberState
{
    /// <summary>It has asked to join.</summary>
    Joining,

    /// <summary>It takes part.</summary>
    Up,

    /// <summary>It hands over its work.</summary>
    Leaving,

    /// <summary>It has handed over, and ends.</summary>
    Exiting,

    /// <summary>The fleet removes it without its cooperation.</summary>
    Down,
}

/// <summary>A host of the fleet as this host sees it.</summary>
/// <param name="Host">The name that the member states; null if it states none that can be read.</param>
/// <param name="Address">Its network address. The lowest one decides an even split.</param>
/// <param name="Uid">Identifies the life of the system at this address.</param>
/// <param name="Version">The agent's version.</param>
/// <param name="State">State of its membership.</param>
/// <param name="Since">When it entered this state, as far as this host has seen it.</param>
/// <param name="UnreachableSince">Null: it is reachable.</param>
public sealed record FleetMember(
    HostName? Host, FleetAddress Address, int Uid, string Version, FleetMemberState State, DateTimeOffset Since,
    DateTimeOffset? UnreachableSince)
{
    /// <summary>Whether it counts on its side of a split: it has been admitted and is not given up.</summary>
    public bool Counts => State is FleetMemberState.Up or FleetMemberState.Leaving;

    public bool IsReached => UnreachableSince is null;

    /// <summary>For operators: its name, or else its address.</summary>
    public string Name => Host?.Value ?? Address.ToString();
}

/// <summary>A member's address in the order in which the fleet compares them: the host's characters as text, then the
/// port. 10.0.0.10 is below 10.0.0.9.</summary>
public readonly record struct FleetAddress(string Host, int Port) : IComparable<FleetAddress>
{
    public int CompareTo(FleetAddress other)
    {
        var byHost = string.CompareOrdinal(Host, other.Host);
        return byHost != 0 ? byHost : Port.CompareTo(other.Port);
    }

    public override string ToString() => $"{Host}:{Port}";

    public static bool operator <(FleetAddress left, FleetAddress right) => left.CompareTo(right) < 0;

    public static bool operator >(FleetAddress left, FleetAddress right) => left.CompareTo(right) > 0;

    public static bool operator <=(FleetAddress left, FleetAddress right) => left.CompareTo(right) <= 0;

    public static bool operator >=(FleetAddress left, FleetAddress right) => left.CompareTo(right) >= 0;
}

/// <summary>The fleet as one host sees it: immutable.</summary>
/// <param name="Self">This host's address.</param>
/// <param name="Members">By address.</param>
/// <param name="Leader">The host that admits and removes others; null if none is seen.</param>
/// <param name="Oldest">The host with the fleet's singletons; null if none is up.</param>
public sealed record FleetView(
    FleetAddress Self, ImmutableSortedDictionary<FleetAddress, FleetMember> Members, FleetAddress? Leader,
    FleetAddress? Oldest)
{
    public static FleetView Of(FleetAddress self) =>
        new(self, ImmutableSortedDictionary<FleetAddress, FleetMember>.Empty, null, null);

    public bool IsUp => Members.TryGetValue(Self, out var self) && self.Counts;

    public IEnumerable<FleetMember> Unreachable => Members.Values.Where(member => !member.IsReached);

    /// <summary>The state of this side of the fleet.</summary>
    public FleetSide Side => FleetSide.Of(Members.Values);

    /// <summary>Records a host's state; the times stay if the state is unchanged.</summary>
    public FleetView With(FleetMember seen)
    {
        if (Members.TryGetValue(seen.Address, out var known) && known.Uid == seen.Uid)
        {
            seen = seen with
            {
                Since = known.State == seen.State ? known.Since : seen.Since,
                UnreachableSince = known.UnreachableSince,
            };
        }
        return this with { Members = Members.SetItem(seen.Address, seen) };
    }

    /// <param name="uid">The life that is over: the next one at this address stays.</param>
    public FleetView Without(FleetAddress address, int uid) =>
        Members.TryGetValue(address, out var known) && known.Uid == uid
            ? this with { Members = Members.Remove(address) }
            : this;

    /// <param name="since">Null: it is reachable.</param>
    public FleetView Reach(FleetAddress address, int uid, DateTimeOffset? since) =>
        Members.TryGetValue(address, out var known) && known.Uid == uid && known.IsReached != since is null
            ? this with { Members = Members.SetItem(address, known with { UnreachableSince = since }) }
            : this;
}

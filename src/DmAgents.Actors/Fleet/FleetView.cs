using System.Collections.Immutable;
using DmAgents.Domain.Fleet;

namespace DmAgents.Actors.Fleet;

/// <summary>How far a host's membership has come, in Akka's words.</summary>
public enum FleetMemberState
{
    /// <summary>It has asked to be let in.</summary>
    Joining,

    /// <summary>It takes part.</summary>
    Up,

    /// <summary>It hands over what it has.</summary>
    Leaving,

    /// <summary>It has handed over, and ends.</summary>
    Exiting,

    /// <summary>The fleet removes it without its doing.</summary>
    Down,
}

/// <summary>A host of the fleet as this host sees it.</summary>
/// <param name="Host">As the host says; null if it says none that can be read.</param>
/// <param name="Address">Where it is reached. The lowest one decides an even split.</param>
/// <param name="Uid">Which life of the system at this address.</param>
/// <param name="Version">The agent's.</param>
/// <param name="State">How far its membership has come.</param>
/// <param name="Since">Since when it is in this state, as far as this host has seen it.</param>
/// <param name="UnreachableSince">Null: it is reached.</param>
public sealed record FleetMember(
    HostName? Host, FleetAddress Address, int Uid, string Version, FleetMemberState State, DateTimeOffset Since,
    DateTimeOffset? UnreachableSince)
{
    /// <summary>It counts on its side of a split: neither on its way in nor given up.</summary>
    public bool Counts => State is FleetMemberState.Up or FleetMemberState.Leaving;

    public bool IsReached => UnreachableSince is null;

    /// <summary>For people: by its name, or else by its address.</summary>
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
/// <param name="Leader">The host that lets others in and removes them; null if none is seen.</param>
/// <param name="Oldest">The host with what the fleet has once; null if none is up.</param>
public sealed record FleetView(
    FleetAddress Self, ImmutableSortedDictionary<FleetAddress, FleetMember> Members, FleetAddress? Leader,
    FleetAddress? Oldest)
{
    public static FleetView Of(FleetAddress self) =>
        new(self, ImmutableSortedDictionary<FleetAddress, FleetMember>.Empty, null, null);

    public bool IsUp => Members.TryGetValue(Self, out var self) && self.Counts;

    public IEnumerable<FleetMember> Unreachable => Members.Values.Where(member => !member.IsReached);

    /// <summary>What this side of the fleet is.</summary>
    public FleetSide Side => FleetSide.Of(Members.Values);

    /// <summary>A host was seen in a state: times stay if it was so before.</summary>
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

    /// <param name="uid">Of the life that is over: the next one at this address stays.</param>
    public FleetView Without(FleetAddress address, int uid) =>
        Members.TryGetValue(address, out var known) && known.Uid == uid
            ? this with { Members = Members.Remove(address) }
            : this;

    /// <param name="since">Null: it is reached.</param>
    public FleetView Reach(FleetAddress address, int uid, DateTimeOffset? since) =>
        Members.TryGetValue(address, out var known) && known.Uid == uid && known.IsReached != since is null
            ? this with { Members = Members.SetItem(address, known with { UnreachableSince = since }) }
            : this;
}

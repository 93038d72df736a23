using System.Collections.Immutable;
using System.Globalization;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Fleet;

/// <summary>A peer that this host refused at the TLS handshake.</summary>
/// <param name="Peer">The connection's other end, as the transport names it.</param>
/// <param name="Why">The reason, with the names in its certificate.</param>
/// <param name="Next">What the reader can do about it.</param>
/// <param name="First">When it was refused so for the first time.</param>
/// <param name="Last">When for the last time.</param>
/// <param name="Count">How often.</param>
public sealed record RefusedPeer(
    string Peer, string Why, string Next, DateTimeOffset First, DateTimeOffset Last, int Count);

/// <summary>A host's place in its fleet, and the fleet as it sees it: immutable, so that readers never wait for a
/// change.
/// </summary>
/// <param name="Phase">How the host stands to its fleet.</param>
/// <param name="Since">Since when it is in this phase.</param>
/// <param name="Why">Why, for people; empty if that is clear.</param>
public sealed record FleetStatus(FleetPhase Phase, DateTimeOffset Since, string Why)
{
    public static FleetStatus Outside { get; } = new(FleetPhase.Outside, default, "");

    /// <summary>Null while the host is in no fleet.</summary>
    public FleetSettings? Settings { get; init; }

    /// <summary>Since when the host is cut off, downed or on its way back; null while it is on the side that stays.
    /// </summary>
    public DateTimeOffset? AwaySince { get; init; }

    /// <summary>How often in succession it fell out of the fleet.</summary>
    public int Failures { get; init; }

    /// <summary>When it next tries to come back.</summary>
    public DateTimeOffset? NextTry { get; init; }

    /// <summary>The fleet as it was seen last; null before it was.</summary>
    public FleetView? View { get; init; }

    /// <summary>Peers that were refused, the latest first.</summary>
    public ImmutableArray<RefusedPeer> Refused { get; init; } = [];

    public ImmutableArray<FleetMember> Members => View is null ? [] : [.. View.Members.Values];

    public ImmutableArray<FleetMember> Unreachable => View is null ? [] : [.. View.Unreachable];

    /// <summary>Lets hosts in and removes them; null if none is seen.</summary>
    public FleetMember? Leader => View is { Leader: { } leader } ? View.Members.GetValueOrDefault(leader) : null;

    /// <summary>Has what the fleet has once, such as the coordinator of shards; null if none is seen.</summary>
    public FleetMember? Oldest => View is { Oldest: { } oldest } ? View.Members.GetValueOrDefault(oldest) : null;

    /// <summary>The fleet continues without this host.</summary>
    public bool IsCutOff => AwaySince is not null;

    /// <summary>What happens at an even split, for people.</summary>
    public string EvenSplit => (View?.Side ?? FleetSide.Of([])).EvenSplit;

    /// <summary>How the host stands, in a sentence.</summary>
    public string Words => Phase switch
    {
        FleetPhase.Outside => "this host is in no fleet",
        FleetPhase.Joining => $"asks {Seeds} to be let in since {Time(Since)}{Away}",
        FleetPhase.Member => $"member since {Time(Since)}: {View?.Side.Words}",
        FleetPhase.CutOff => $"cut off since {Time(AwaySince ?? Since)}: {Why}",
        FleetPhase.Downed => $"the fleet removed this host at {Time(Since)}: {Why}{Away}",
        FleetPhase.Rejoining => $"tries to come back at {Time(NextTry ?? Since)}: {Why}{Away}",
        FleetPhase.Leaving => $"leaves the fleet since {Time(Since)}{(Why.Length == 0 ? "" : $": {Why}")}",
        _ => throw new InvalidOperationException($"no known phase: {Phase}"),
    };

    /// <summary>Why no change of the fleet is taken at this moment; null if one is.</summary>
    /// <param name="what">What cannot be done: "cannot ...".</param>
    /// <param name="subject">To what.</param>
    public Refusal? RefuseChange(string what, string subject) => Phase switch
    {
        FleetPhase.Member => null,
        FleetPhase.Outside => new Refusal(
            RefusalKind.WrongState, what, subject, Words, "make a fleet on this host, or join one"),
        FleetPhase.Leaving => new Refusal(
            RefusalKind.WrongState, what, subject, Words, "ask another host of the fleet"),
        _ => new Refusal(
            RefusalKind.WrongState, what, subject, Words,
            "see to the network between the hosts, or ask another one; this host comes back by itself"),
    };

    private string Seeds => Settings is { Seeds.IsEmpty: false } settings
        ? string.Join(", ", settings.Seeds.Where(seed => seed != settings.Address).DefaultIfEmpty(settings.Address))
        : "no seed";

    private string Away => AwaySince is { } away ? $"; away since {Time(away)}" : "";

    private static string Time(DateTimeOffset time) => time.ToString("u", CultureInfo.InvariantCulture);
}

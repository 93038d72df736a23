using System.Collections.Immutable;
using System.Globalization;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Fleet;

/// <summary>A peer that this host refused at the TLS handshake.</summary>
/// <param name="Peer">The connection's other end, as the transport names it.</param>
/// <param name="Why">The reason, with the names in its certificate.</param>
/// <param name="Next">What the operator can do about it.</param>
/// <param name="First">Time of the first refusal for this reason.</param>
/// <param name="Last">Time of the last one.</param>
/// <param name="Count">Number of refusals.</param>
public sealed record RefusedPeer(
    string Peer, string Why, string Next, DateTimeOffset First, DateTimeOffset Last, int Count);

/// <summary>A host's place in its fleet, and the fleet as the host sees it. Immutable, so that readers never wait for a
/// change.</summary>
/// <param name="Phase">The host's relation to the fleet.</param>
/// <param name="Since">When this phase began.</param>
/// <param name="Why">Why, for operators; empty if that is clear.</param>
public sealed record FleetStatus(FleetPhase Phase, DateTimeOffset Since, string Why)
{
    public static FleetStatus Outside { get; } = new(FleetPhase.Outside, default, "");

    /// <summary>Null while the host is in no fleet.</summary>
    public FleetSettings? Settings { get; init; }

    /// <summary>When the host was cut off or downed; null while it is on the surviving side. Kept while it
    /// rejoins.</summary>
    public DateTimeOffset? AwaySince { get; init; }

    /// <summary>How often in succession it dropped out of the fleet.</summary>
    public int Failures { get; init; }

    /// <summary>When it next tries to rejoin.</summary>
    public DateTimeOffset? NextTry { get; init; }

    /// <summary>The last view of the fleet; null before the first.</summary>
    public FleetView? View { get; init; }

    /// <summary>Refused peers, the latest first.</summary>
    public ImmutableArray<RefusedPeer> Refused { get; init; } = [];

    public ImmutableArray<FleetMember> Members => View is null ? [] : [.. View.Members.Values];

    public ImmutableArray<FleetMember> Unreachable => View is null ? [] : [.. View.Unreachable];

    /// <summary>The member that admits and removes hosts; null if none is seen.</summary>
    public FleetMember? Leader => View is { Leader: { } leader } ? View.Members.GetValueOrDefault(leader) : null;

    /// <summary>The member that runs the fleet's singletons, such as the shard coordinator; null if none is
    /// seen.</summary>
    public FleetMember? Oldest => View is { Oldest: { } oldest } ? View.Members.GetValueOrDefault(oldest) : null;

    /// <summary>The fleet continues without this host.</summary>
    public bool IsCutOff => AwaySince is not null;

    /// <summary>The outcome of an even split, for operators.</summary>
    public string EvenSplit => (View?.Side ?? FleetSide.Of([])).EvenSplit;

    /// <summary>The host's state in one sentence.</summary>
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

    /// <summary>Why the fleet accepts no change at this moment; null if it does.</summary>
    /// <param name="what">The refused action: "cannot ...".</param>
    /// <param name="subject">The object of the action.</param>
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

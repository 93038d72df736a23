using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Cluster;
using Akka.Event;
using Akka.Remote.Transport.DotNetty;
using DmAgents.Actors.Fleet.Entities;
using DmAgents.Domain.Fleet;
using DmAgents.Fleet.Peers;

namespace DmAgents.Actors.Fleet;

/// <summary>What a host is a member with.</summary>
/// <param name="Settings">What it needs to know of itself and its fleet.</param>
/// <param name="Certificate">The host's, with its key. It outlives the systems that are made with it.</param>
/// <param name="Validator">Judges peers at each handshake, by what is trusted at that moment.</param>
public sealed record FleetEntry(FleetSettings Settings, X509Certificate2 Certificate, PeerValidator Validator)
{
    /// <summary>What the actor system is to carry besides, such as the log's bridge.</summary>
    public ImmutableArray<Setup> Setups { get; init; } = [];

    /// <summary>The seeds of each system that is made, as of that moment; null: those of the settings. A host that
    /// comes back by the seeds of its first day would make a fleet of its own.</summary>
    public Func<ImmutableArray<MemberAddress>>? SeedsNow { get; init; }

    internal FleetSettings SettingsNow => SeedsNow is { } seeds ? Settings with { Seeds = seeds() } : Settings;
}

/// <summary>
/// One life of a fleet's actor system: remoting over mutual TLS, and the cluster. It asks the seeds by itself to be
/// let in. <see cref="End"/> says what ends it; another life is another object.
/// </summary>
internal sealed class FleetSystem
{
    private FleetSystem(ActorSystem system, FleetEnd end) => (System, End) = (system, end);

    public ActorSystem System { get; }

    public FleetEnd End { get; }

    /// <summary>Null if the host takes no part in them.</summary>
    public FleetEntities? Entities { get; private init; }

    /// <summary>
    /// Listens and begins to join: blocks for as long as that takes. Throws if it cannot listen.
    /// </summary>
    /// <param name="tell">Is called by actors' threads, in order.</param>
    public static FleetSystem Create(
        FleetEntry entry, FleetStart start, TimeProvider time, RefusedPeers refused, Action<FleetNews> tell)
    {
        bool IsTrusted(X509Certificate2? certificate, string peer, ILoggingAdapter log)
        {
            if (entry.Validator.Judge(certificate, expected: null) is not PeerVerdict.Refused { Refusal: var refusal })
                return true;
            if (refused.Add(peer, refusal))
                log.Warning("a peer ({0}) is refused: {1}; next: {2}", peer, refusal.Why, refusal.Next);
            return false;
        }
        var setup = BootstrapSetup.Create().WithConfig(FleetConfig.Of(entry.SettingsNow, start)).And(new DotNettySslSetup(
            entry.Certificate, suppressValidation: false, requireMutualAuthentication: true,
            // The names in the fleet's certificates are not those of DNS: the validator compares them.
            validateCertificateHostname: false,
            (certificate, _, peer, _, log) => IsTrusted(certificate, peer, log)));
        foreach (var more in entry.Setups)
            setup = setup.And(more);
        if (entry.Settings.Entities is { } entities)
            setup = setup.And(EntityConfig.Connections(entities));
        var system = ActorSystem.Create(FleetConfig.SystemName(entry.Settings.Fleet), setup);
        var end = FleetEnd.Of(system);
        system.ActorOf(FleetWatch.Props(tell, time), "fleet-watch");
        return new FleetSystem(system, end)
        {
            Entities = entry.Settings.Entities is { } shared ? FleetEntities.Start(system, shared, time) : null,
        };
    }

    /// <summary>Downs a member.</summary>
    public void Remove(FleetAddress member)
    {
        var cluster = Cluster.Get(System);
        foreach (var known in cluster.State.Members.Where(each => FleetWatch.AddressOf(each.Address) == member))
            cluster.Down(known.Address);
    }
}

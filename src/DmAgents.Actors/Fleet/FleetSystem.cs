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

/// <summary>What a host needs to be a member.</summary>
/// <param name="Settings">Facts about the host and its fleet.</param>
/// <param name="Certificate">The host's, with its key. It outlives the systems that use it.</param>
/// <param name="Validator">Validates peers at each handshake, by the trust at that moment.</param>
public sealed record FleetEntry(FleetSettings Settings, X509Certificate2 Certificate, PeerValidator Validator)
{
    /// <summary>Further setups of the actor system, such as the log's bridge.</summary>
    public ImmutableArray<Setup> Setups { get; init; } = [];

    /// <summary>Returns the seeds for each new system, as of that moment; null: the settings' seeds. A host that
    /// rejoined with the seeds of its first day would form a fleet of its own.</summary>
    public Func<ImmutableArray<MemberAddress>>? SeedsNow { get; init; }

    internal FleetSettings SettingsNow => SeedsNow is { } seeds ? Settings with { Seeds = seeds() } : Settings;
}

/// <summary>One life of a fleet's actor system: remoting over mutual TLS, and the cluster. It asks the seeds to join by
/// itself. <see cref="End"/> ends it; another life is another object.</summary>
internal sealed class FleetSystem
{
    private FleetSystem(ActorSystem system, FleetEnd end) => (System, End) = (system, end);

    public ActorSystem System { get; }

    public FleetEnd End { get; }

    /// <summary>Null if the host takes no part in them.</summary>
    public FleetEntities? Entities { get; private init; }

    /// <summary>Listens and begins to join; blocks meanwhile. Throws if it cannot listen.</summary>
    /// <param name="tell">Called on actors' threads, in order.</param>
    public static FleetSystem Create(
        FleetEntry entry, FleetStart start, TimeProvider time, RefusedPeers refused, Action<FleetNews> tell)
    {
        bool IsTrusted(X509Certificate2? certificate, string peer, ILoggingAdapter log)
        {
            if (entry.Validator.Judge(certificate, expected: null) is not PeerVerdict.Refused { Refusal: var refusal })
                return true;
            if (refused.Add(peer, refusal))
                log.Write(FleetActorLog.PeerRefused(peer, refusal.Why, refusal.Next));
            return false;
        }
        var setup = BootstrapSetup.Create().WithConfig(FleetConfig.Of(entry.SettingsNow, start)).And(new DotNettySslSetup(
            entry.Certificate, suppressValidation: false, requireMutualAuthentication: true,
            // The names in the fleet's certificates are not DNS names: the validator compares them.
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

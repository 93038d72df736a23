using System.Collections.Immutable;
using System.Net;
using Akka.Event;
using DmAgents.Actors.Fleet.Entities;
using DmAgents.Domain.Fleet;

namespace DmAgents.Actors.Fleet;

/// <summary>What a host needs to know to take part in its fleet.</summary>
/// <param name="Fleet">Part of the actor system's name, which is in the address of every member.</param>
/// <param name="Host">The name in the host's certificate.</param>
/// <param name="Address">The address at which other hosts reach this one: its own entry in their seeds.</param>
public sealed record FleetSettings(FleetName Fleet, HostName Host, MemberAddress Address)
{
    /// <summary>The endpoint to listen on, if it is not <see cref="Address"/>: all interfaces, or an address behind
    /// NAT.</summary>
    public IPEndPoint? Listen { get; init; }

    /// <summary>Hosts that this host asks to join the fleet, in the same order on all hosts. The first one forms the
    /// fleet if none exists. If all of a host's seeds are the host itself, it does so at once. See
    /// <see cref="FormAfter"/>.</summary>
    public ImmutableArray<MemberAddress> Seeds { get; init; } = [];

    /// <summary>After this time the first seed forms a fleet of its own although other seeds do not answer. Null:
    /// never; it then forms one only if each other seed answers that it is in none. A first seed that starts while it
    /// is cut off would otherwise form a second fleet of the same name, and the two never merge. Not used to rejoin
    /// after a downing.</summary>
    public TimeSpan? FormAfter { get; init; }

    public FleetTimes Times { get; init; } = FleetTimes.Default;

    /// <summary>The agent's version, which the other hosts see.</summary>
    public Version Version { get; init; } = new(0, 1, 0);

    public LogLevel LogLevel { get; init; } = LogLevel.InfoLevel;

    /// <summary>An actor that receives the fleet's log; null: Akka's own, to the standard output.</summary>
    public Type? LogBridge { get; init; }

    /// <summary>What the host needs for the fleet's entities; null: it takes no part in them.</summary>
    public FleetEntitySettings? Entities { get; init; }

    /// <summary>HOCON that takes precedence over everything else; for tests.</summary>
    public string Overrides { get; init; } = "";

    /// <summary>Adapters of the transport, the outermost first; for tests.</summary>
    internal ImmutableArray<string> Adapters { get; init; } = [];
}

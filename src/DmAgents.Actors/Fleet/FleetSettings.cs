using System.Collections.Immutable;
using System.Net;
using Akka.Event;
using DmAgents.Actors.Fleet.Entities;
using DmAgents.Domain.Fleet;

namespace DmAgents.Actors.Fleet;

/// <summary>What a host needs to know to take part in its fleet.</summary>
/// <param name="Fleet">Its name is in the actor system's name, which every member has in its address.</param>
/// <param name="Host">As the host's certificate says.</param>
/// <param name="Address">Where the other hosts reach this one: its own entry in their seeds.</param>
public sealed record FleetSettings(FleetName Fleet, HostName Host, MemberAddress Address)
{
    /// <summary>What to listen on, if it is not <see cref="Address"/>: all interfaces, or an address behind a
    /// translation.</summary>
    public IPEndPoint? Listen { get; init; }

    /// <summary>
    /// Hosts that are asked for the fleet, in the same order everywhere. The first one makes the fleet where none is;
    /// all of a host's seeds being itself, it does so at once. See <see cref="FormAfter"/>.
    /// </summary>
    public ImmutableArray<MemberAddress> Seeds { get; init; } = [];

    /// <summary>
    /// After how long the first seed makes a fleet of its own although other seeds do not answer. Null: never. It
    /// makes one only if each other seed answers that it is in none. A first seed that starts while it is cut off
    /// would otherwise make a second fleet of the same name, and the two never become one again. Never used to come
    /// back after a downing.
    /// </summary>
    public TimeSpan? FormAfter { get; init; }

    public FleetTimes Times { get; init; } = FleetTimes.Default;

    /// <summary>The agent's version, which the other hosts see.</summary>
    public Version Version { get; init; } = new(0, 1, 0);

    public LogLevel LogLevel { get; init; } = LogLevel.InfoLevel;

    /// <summary>An actor that takes the fleet's log; null: Akka's own, to the standard output.</summary>
    public Type? LogBridge { get; init; }

    /// <summary>What the host needs for the fleet's entities; null: it takes no part in them.</summary>
    public FleetEntitySettings? Entities { get; init; }

    /// <summary>HOCON that stands before all else; of a test.</summary>
    public string Overrides { get; init; } = "";

    /// <summary>Adapters of the transport, the outermost first; of a test.</summary>
    internal ImmutableArray<string> Adapters { get; init; } = [];
}

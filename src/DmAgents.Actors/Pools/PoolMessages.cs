using System.Collections.Immutable;
using DmAgents.Actors.Serialization;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Pools;

/// <summary>A pool actor's messages besides <see cref="PoolCommand"/>, which it answers with a
/// <see cref="PoolReply"/>.</summary>
internal static class PoolMessages
{
    /// <summary>Finish the work under way, record a checkpoint, stop. Devices and mounts stay.</summary>
    internal sealed record Stop : ILocalMessage
    {
        public static Stop Instance { get; } = new();
    }

    /// <summary>The kernel has signalled an event: check the status at once.</summary>
    internal sealed record LookAtStatus : ILocalMessage
    {
        public static LookAtStatus Instance { get; } = new();
    }

    /// <summary>After a restart: forget the pool if it was registered and never created.</summary>
    internal sealed record EndIfNeverMade : ILocalMessage
    {
        public static EndIfNeverMade Instance { get; } = new();
    }

    /// <summary>From the parent: the pool is forgotten, and its rows are deleted when the actor has stopped. The actor
    /// stops as soon as its pending journal writes are stored.</summary>
    internal sealed record Forgotten : ILocalMessage
    {
        public static Forgotten Instance { get; } = new();
    }

    /// <summary>To the parent: the pool no longer exists, because its creation failed or it was retired.</summary>
    internal sealed record Ended(PoolName Name, PoolUuid Uuid, string Why) : ILocalMessage;
}

/// <summary>An event of a pool that is durable.</summary>
/// <param name="Number">The event's place in the pool's journal. The next notice has the next number: a reader that
/// misses one has a gap.</param>
/// <param name="Device">The event's device, as it is after the event. Null if the event concerns no device, or the
/// device no longer exists.</param>
public sealed record PoolNotice(long Number, PoolEvent Event, DeviceRecord? Device)
{
    /// <summary>The program that owned the pool before; null if none did.</summary>
    public string? Program { get; init; }

    /// <summary>For an event that replaces the metadata: where the former metadata are kept.</summary>
    public string? Kept { get; init; }
}

/// <summary>On the event stream: a pool's events since the previous message, in order. They are sent in batches, a
/// moment later: listeners run on their own threads, and waking them for each event would delay the callers that wait
/// for the next one.</summary>
public sealed record PoolNotices(PoolName Pool, PoolUuid Uuid, ImmutableArray<PoolNotice> Notices) : IWireMessage;

/// <summary>On the event stream: a pool actor's phase has changed.</summary>
public sealed record PoolPhaseNotice(
    PoolName Pool, PoolUuid Uuid, PoolPhase Phase, string Reason, DateTimeOffset At) : IWireMessage;

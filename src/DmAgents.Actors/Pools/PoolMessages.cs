using System.Collections.Immutable;
using DmAgents.Actors.Serialization;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Pools;

/// <summary>What a pool actor takes besides <see cref="PoolCommand"/>, which it answers with a
/// <see cref="PoolReply"/>.</summary>
internal static class PoolMessages
{
    /// <summary>Finish what is under way, mark a checkpoint, stop. Devices and mounts stay.</summary>
    internal sealed record Stop : ILocalMessage
    {
        public static Stop Instance { get; } = new();
    }

    /// <summary>The kernel has told of an event: look at the status at once.</summary>
    internal sealed record LookAtStatus : ILocalMessage
    {
        public static LookAtStatus Instance { get; } = new();
    }

    /// <summary>After a restart: a pool that was registered and never made is to be forgotten.</summary>
    internal sealed record EndIfNeverMade : ILocalMessage
    {
        public static EndIfNeverMade Instance { get; } = new();
    }

    /// <summary>From the parent: the pool is forgotten, and its rows go when the actor has stopped. It stops as soon as
    /// what it has given the journal is written.</summary>
    internal sealed record Forgotten : ILocalMessage
    {
        public static Forgotten Instance { get; } = new();
    }

    /// <summary>To the parent: the pool is as good as never made, because its creation failed or it was retired.
    /// </summary>
    internal sealed record Ended(PoolName Name, PoolUuid Uuid, string Why) : ILocalMessage;
}

/// <summary>Something has happened in a pool, and is durable.</summary>
/// <param name="Number">The event's place in the pool's journal. The next notice has the next number: a reader that
/// misses one has a gap.</param>
/// <param name="Device">The device that the event is about, as it is after it; null if it is about none, or the device
/// is no more.</param>
public sealed record PoolNotice(long Number, PoolEvent Event, DeviceRecord? Device)
{
    /// <summary>Whose the pool was; null if it never was another program's.</summary>
    public string? Program { get; init; }

    /// <summary>Of an event that replaces the metadata: where those before are kept.</summary>
    public string? Kept { get; init; }
}

/// <summary>On the event stream: what has happened in a pool since the last of these, in order. Several at a time, a
/// moment later: listeners run on threads of their own, and to wake them for each event costs those who wait for the
/// next one.</summary>
public sealed record PoolNotices(PoolName Pool, PoolUuid Uuid, ImmutableArray<PoolNotice> Notices) : IWireMessage;

/// <summary>On the event stream: a pool actor's phase has changed.</summary>
public sealed record PoolPhaseNotice(
    PoolName Pool, PoolUuid Uuid, PoolPhase Phase, string Reason, DateTimeOffset At) : IWireMessage;

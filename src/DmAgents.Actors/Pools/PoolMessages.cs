using System.Collections.Immutable;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Mending;

namespace DmAgents.Actors.Pools;

/// <summary>What a pool actor takes besides <see cref="PoolCommand"/>, which it answers with a
/// <see cref="PoolReply"/>.</summary>
public static class PoolMessages
{
    /// <summary>Finish what is under way, mark a checkpoint, stop. Devices and mounts stay.</summary>
    public sealed record Stop
    {
        public static Stop Instance { get; } = new();
    }

    /// <summary>Take the pool down and remove its labels or files. Answered by a <see cref="PoolReply"/>.</summary>
    /// <param name="Force">Also where it holds layers and containers: they are lost.</param>
    public sealed record Retire(RequestId Request, bool Force);

    /// <summary>
    /// Compare journal, pool and live devices again, as after a restart, and make them agree. Also for a pool that is
    /// not open because of what was found. Answered by a <see cref="PoolReply"/> when it is open, or stays closed.
    /// </summary>
    /// <param name="Accept">The pool's transaction id, where the operator says that pool and journal belong together
    /// although it is not the one that the journal expects.</param>
    public sealed record Repair(RequestId Request, TransactionId? Accept);

    /// <summary>Trim the mounted file systems now, without pauses. Answered by a <see cref="PoolReply"/> at the end of
    /// the round.</summary>
    public sealed record Trim(RequestId Request);

    /// <summary>
    /// Take the pool down, make its metadata usable, and open it again. Also for a pool that is not open. Answered by a
    /// <see cref="PoolReply"/> when it is open, or stays closed.
    /// </summary>
    /// <param name="Source">Of what they are made where they are damaged.</param>
    /// <param name="Next">What the pool is to be made of then; null where there is no place for other metadata.</param>
    public sealed record MendMetadata(RequestId Request, MetadataSource Source, PoolBacking? Next);

    /// <summary>Give up the metadata that others have replaced. Answered by a <see cref="PoolReply"/>.</summary>
    public sealed record DiscardMetadata(RequestId Request);

    /// <summary>A backup of the metadata was made, or could not be: to be journaled.</summary>
    public sealed record NoteBackup(PoolEvent Outcome);

    /// <summary>Make the pool what it was before it was taken over from another program, and forget it. Answered by a
    /// <see cref="PoolReply"/>.</summary>
    public sealed record Return(RequestId Request);

    /// <summary>The kernel has told of an event: look at the status at once.</summary>
    internal sealed record LookAtStatus
    {
        public static LookAtStatus Instance { get; } = new();
    }

    /// <summary>After a restart: a pool that was registered and never made is to be forgotten.</summary>
    internal sealed record EndIfNeverMade
    {
        public static EndIfNeverMade Instance { get; } = new();
    }

    /// <summary>To the parent: the pool is as good as never made, because its creation failed or it was retired.
    /// </summary>
    public sealed record Ended(PoolName Name, PoolUuid Uuid, string Why);
}

/// <summary>Something has happened in a pool, and is durable.</summary>
public sealed record PoolNotice(PoolName Pool, PoolEvent Event, PoolState After);

/// <summary>On the event stream: what has happened in a pool since the last of these, in order. Several at a time, a
/// moment later: listeners run on threads of their own, and to wake them for each event costs those who wait for the
/// next one.</summary>
public sealed record PoolNotices(ImmutableArray<PoolNotice> Notices);

/// <summary>On the event stream: a pool actor's phase has changed.</summary>
public sealed record PoolPhaseNotice(PoolName Pool, PoolPhase Phase, string Reason, DateTimeOffset At);

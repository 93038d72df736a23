using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Care;

namespace DmAgents.Domain.Pools;

/// <summary>The reply to a pool command.</summary>
public abstract record PoolReply(RequestId Request);

/// <summary>The replies. Each command names its own, see <see cref="PoolCommand{TReply}"/>; any command may be <see
/// cref="Refused"/>.</summary>
public static class PoolReplies
{
    /// <summary>The requested state is reached, and durable.</summary>
    /// <param name="AlreadySo">Nothing had to change: it was already so, or the same request was accepted before. In
    /// that case a device may be null, because it has been removed since.</param>
    public abstract record Success(RequestId Request, bool AlreadySo) : PoolReply(Request);

    /// <summary>The pool exists and is open.</summary>
    public sealed record PoolCreated(RequestId Request, bool AlreadySo) : Success(Request, AlreadySo);

    /// <summary>The agent owns the pool and its content, and the pool is open.</summary>
    public sealed record PoolAdopted(RequestId Request, bool AlreadySo) : Success(Request, AlreadySo);

    /// <summary>The takeover of another program's pool is final.</summary>
    public sealed record TakeoverConfirmed(RequestId Request, bool AlreadySo) : Success(Request, AlreadySo);

    /// <summary>The snapshot exists; or the view exists, and <paramref name="Device"/> is the device that it
    /// shows.</summary>
    public sealed record Created(RequestId Request, DeviceRecord? Device, bool AlreadySo)
        : Success(Request, AlreadySo);

    /// <summary>The journal has the layer's content digest.</summary>
    public sealed record ContentNoted(RequestId Request, bool AlreadySo) : Success(Request, AlreadySo);

    /// <summary>The device or view has the labels.</summary>
    public sealed record LabelsSet(RequestId Request, bool AlreadySo) : Success(Request, AlreadySo);

    /// <summary>The layer exists.</summary>
    public sealed record Committed(RequestId Request, DeviceRecord? Layer, bool AlreadySo)
        : Success(Request, AlreadySo);

    /// <summary>The device is mounted, active or idle as requested.</summary>
    public sealed record UseSet(RequestId Request, DeviceRecord? Device, bool AlreadySo) : Success(Request, AlreadySo);

    /// <summary>The kernel's state of the device is what the journal says.</summary>
    public sealed record Confirmed(RequestId Request, DeviceRecord? Device, bool AlreadySo)
        : Success(Request, AlreadySo);

    /// <summary>Device and file system have the size.</summary>
    public sealed record Resized(RequestId Request, DeviceRecord? Device, bool AlreadySo)
        : Success(Request, AlreadySo);

    /// <summary>The device or view is removed for its owner.</summary>
    /// <param name="Device">The device's record until its blocks are returned; for a view, the device that it
    /// showed.</param>
    public sealed record Removed(RequestId Request, DeviceRecord? Device, bool AlreadySo)
        : Success(Request, AlreadySo);

    /// <summary>The reference names the layer.</summary>
    /// <param name="Removed">Layers of the image that had the reference before, if nothing needs them any more.</param>
    public sealed record ImageTagged(RequestId Request, ImmutableArray<DeviceRecord> Removed, bool AlreadySo)
        : Success(Request, AlreadySo);

    /// <summary>The reference names no layer.</summary>
    /// <param name="Removed">Layers that nothing needs any more.</param>
    public sealed record ImageUntagged(RequestId Request, ImmutableArray<DeviceRecord> Removed, bool AlreadySo)
        : Success(Request, AlreadySo);

    /// <summary>The pool has the new backing.</summary>
    public sealed record Grown(RequestId Request, bool AlreadySo) : Success(Request, AlreadySo);

    /// <summary>These are the pool's spare disks.</summary>
    public sealed record SparesSet(RequestId Request, bool AlreadySo) : Success(Request, AlreadySo);

    /// <summary>The pool no longer has the quarantined thin id.</summary>
    public sealed record Purged(RequestId Request, bool AlreadySo) : Success(Request, AlreadySo);

    /// <summary>The quarantined thin id is a layer.</summary>
    public sealed record Undeleted(RequestId Request, DeviceRecord? Layer, bool AlreadySo)
        : Success(Request, AlreadySo);

    /// <summary>The pool is deactivated, and its labels or files are removed.</summary>
    public sealed record Retired(RequestId Request, bool AlreadySo) : Success(Request, AlreadySo);

    /// <summary>Journal, pool and live devices agree, and the pool is open.</summary>
    public sealed record Repaired(RequestId Request, bool AlreadySo) : Success(Request, AlreadySo);

    /// <summary>The trim round has ended.</summary>
    /// <param name="FileSystems">The result for each mounted file system.</param>
    public sealed record Trimmed(RequestId Request, ImmutableArray<TrimmedDevice> FileSystems, bool AlreadySo)
        : Success(Request, AlreadySo);

    /// <summary>The pool's metadata are usable, and it is open.</summary>
    public sealed record MetadataRepaired(RequestId Request, bool AlreadySo) : Success(Request, AlreadySo);

    /// <summary>No replaced metadata are kept.</summary>
    public sealed record MetadataDiscarded(RequestId Request, bool AlreadySo) : Success(Request, AlreadySo);

    /// <summary>The pool is as the other program left it, and its journal is deleted.</summary>
    public sealed record Returned(RequestId Request, bool AlreadySo) : Success(Request, AlreadySo);

    /// <summary>The outcome of the backup is journaled.</summary>
    public sealed record BackupNoted(RequestId Request, bool AlreadySo) : Success(Request, AlreadySo);

    /// <summary>The request failed, and nothing of it is left behind. After a refusal of kind TimedOut the outcome is
    /// unknown: the same request repeated returns it.</summary>
    public sealed record Refused(RequestId Request, Refusal Refusal) : PoolReply(Request);
}

using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Care;

namespace DmAgents.Domain.Pools;

/// <summary>The answer to a pool command.</summary>
public abstract record PoolReply(RequestId Request);

/// <summary>The answers. Each command names its own, see <see cref="PoolCommand{TReply}"/>; any command may be
/// <see cref="Refused"/>.</summary>
public static class PoolReplies
{
    /// <summary>What was asked is so now, and durable.</summary>
    /// <param name="AlreadySo">Nothing had to be changed: it was so, or the same request was accepted before. Then a
    /// device may be null: it was removed since.</param>
    public abstract record Success(RequestId Request, bool AlreadySo) : PoolReply(Request);

    /// <summary>The pool exists and is open.</summary>
    public sealed record PoolCreated(RequestId Request, bool AlreadySo) : Success(Request, AlreadySo);

    /// <summary>The pool and what it holds are the agent's, and it is open.</summary>
    public sealed record PoolAdopted(RequestId Request, bool AlreadySo) : Success(Request, AlreadySo);

    /// <summary>A pool that was another program's is the agent's for good.</summary>
    public sealed record TakeoverConfirmed(RequestId Request, bool AlreadySo) : Success(Request, AlreadySo);

    /// <summary>The snapshot exists; or the view, then <paramref name="Device"/> is the one that it shows.</summary>
    public sealed record Created(RequestId Request, DeviceRecord? Device, bool AlreadySo)
        : Success(Request, AlreadySo);

    /// <summary>The journal has what the layer's blocks are.</summary>
    public sealed record ContentNoted(RequestId Request, bool AlreadySo) : Success(Request, AlreadySo);

    /// <summary>The device or view has the labels.</summary>
    public sealed record LabelsSet(RequestId Request, bool AlreadySo) : Success(Request, AlreadySo);

    /// <summary>The layer exists.</summary>
    public sealed record Committed(RequestId Request, DeviceRecord? Layer, bool AlreadySo)
        : Success(Request, AlreadySo);

    /// <summary>The device is mounted, active or idle as asked.</summary>
    public sealed record UseSet(RequestId Request, DeviceRecord? Device, bool AlreadySo) : Success(Request, AlreadySo);

    /// <summary>The kernel has of the device what the journal says.</summary>
    public sealed record Confirmed(RequestId Request, DeviceRecord? Device, bool AlreadySo)
        : Success(Request, AlreadySo);

    /// <summary>Device and file system have the size.</summary>
    public sealed record Resized(RequestId Request, DeviceRecord? Device, bool AlreadySo)
        : Success(Request, AlreadySo);

    /// <summary>The device or view is gone for its owner.</summary>
    /// <param name="Device">The device as it is until its blocks are back; of a view the one that it showed.</param>
    public sealed record Removed(RequestId Request, DeviceRecord? Device, bool AlreadySo)
        : Success(Request, AlreadySo);

    /// <summary>The reference means the layer.</summary>
    /// <param name="Removed">Layers of the image that had the reference before, which nothing needs any more.</param>
    public sealed record ImageTagged(RequestId Request, ImmutableArray<DeviceRecord> Removed, bool AlreadySo)
        : Success(Request, AlreadySo);

    /// <summary>The reference means nothing any more.</summary>
    /// <param name="Removed">Layers that nothing needs any more.</param>
    public sealed record ImageUntagged(RequestId Request, ImmutableArray<DeviceRecord> Removed, bool AlreadySo)
        : Success(Request, AlreadySo);

    /// <summary>The pool is made of the backing.</summary>
    public sealed record Grown(RequestId Request, bool AlreadySo) : Success(Request, AlreadySo);

    /// <summary>These are the pool's spare disks.</summary>
    public sealed record SparesSet(RequestId Request, bool AlreadySo) : Success(Request, AlreadySo);

    /// <summary>The pool does not have the quarantined thin id any more.</summary>
    public sealed record Purged(RequestId Request, bool AlreadySo) : Success(Request, AlreadySo);

    /// <summary>The quarantined thin id is a layer.</summary>
    public sealed record Undeleted(RequestId Request, DeviceRecord? Layer, bool AlreadySo)
        : Success(Request, AlreadySo);

    /// <summary>The pool is down, and its labels or files are removed.</summary>
    public sealed record Retired(RequestId Request, bool AlreadySo) : Success(Request, AlreadySo);

    /// <summary>Journal, pool and live devices agree, and the pool is open.</summary>
    public sealed record Repaired(RequestId Request, bool AlreadySo) : Success(Request, AlreadySo);

    /// <summary>The round of trimming has ended.</summary>
    /// <param name="FileSystems">What each of them gave; those that are not mounted are not among them.</param>
    public sealed record Trimmed(RequestId Request, ImmutableArray<TrimmedDevice> FileSystems, bool AlreadySo)
        : Success(Request, AlreadySo);

    /// <summary>The pool's metadata are usable, and it is open.</summary>
    public sealed record MetadataMended(RequestId Request, bool AlreadySo) : Success(Request, AlreadySo);

    /// <summary>No metadata are kept that others have replaced.</summary>
    public sealed record MetadataDiscarded(RequestId Request, bool AlreadySo) : Success(Request, AlreadySo);

    /// <summary>The pool is as the other program left it, and forgotten.</summary>
    public sealed record Returned(RequestId Request, bool AlreadySo) : Success(Request, AlreadySo);

    /// <summary>The outcome of the backup is journaled.</summary>
    public sealed record BackupNoted(RequestId Request, bool AlreadySo) : Success(Request, AlreadySo);

    /// <summary>It is not so, and nothing of it is left behind; but for a refusal of kind TimedOut, after which the
    /// same request again tells.</summary>
    public sealed record Refused(RequestId Request, Refusal Refusal) : PoolReply(Request);
}

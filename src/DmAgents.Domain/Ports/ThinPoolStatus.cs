using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Ports;

/// <summary>What the kernel permits on a pool (enum pool_mode in dm-thin.c).</summary>
public enum PoolMode
{
    /// <summary>Status token <c>rw</c>.</summary>
    ReadWrite,

    /// <summary>Status token <c>out_of_data_space</c>: metadata may change, no block can be allocated.</summary>
    OutOfDataSpace,

    /// <summary>Status token <c>ro</c>: also if the metadata device is full.</summary>
    ReadOnly,

    /// <summary>Status <c>Fail</c>: nothing works until the pool is activated again.</summary>
    Failed,

    /// <summary>Status <c>Error</c>: the kernel could not read the numbers.</summary>
    Error,
}

/// <summary>A pool's parsed status line. If the mode is Failed or Error, all numbers are zero.</summary>
/// <param name="Mode">What the kernel permits.</param>
/// <param name="TransactionId">The pool's transaction id, which its owner sets.</param>
/// <param name="Metadata">In blocks of 4 KiB.</param>
/// <param name="Data">In blocks of the pool's block size.</param>
/// <param name="HeldRoot">The block of the metadata snapshot, if one is held.</param>
/// <param name="Discard">What a discard does.</param>
/// <param name="NoSpace">What a full data device does to writers.</param>
/// <param name="NeedsCheck">The kernel requires a thin_check before it changes metadata again.</param>
/// <param name="MetadataLowWaterMark">The kernel raises an event below this number of free metadata blocks; 0 on old
/// kernels.</param>
public sealed record ThinPoolStatus(
    PoolMode Mode,
    TransactionId TransactionId,
    BlockUsage Metadata,
    BlockUsage Data,
    ulong? HeldRoot,
    DiscardPolicy Discard,
    NoSpacePolicy NoSpace,
    bool NeedsCheck,
    ulong MetadataLowWaterMark);

/// <summary>A thin device in the pool's own metadata.</summary>
/// <param name="Id">Its thin id.</param>
/// <param name="MappedBlocks">Data blocks that it maps, shared ones included.</param>
/// <param name="ExclusiveBlocks">Data blocks that no other thin device maps; null if they were not counted.</param>
/// <param name="CreatedIn">The pool's transaction id when it was created.</param>
public sealed record ThinUsage(ThinId Id, ulong MappedBlocks, ulong? ExclusiveBlocks, TransactionId CreatedIn)
{
    /// <summary>The device of which it is the latest snapshot, by the pool's times. Null if that device has a later
    /// snapshot or is deleted. Wrong for a device created empty just after a snapshot.</summary>
    public ThinId? SnapshotOf { get; init; }
}

/// <summary>A thin device, and the device that it was created from.</summary>
public sealed record ThinAndOrigin(ThinId Id, ThinId? Origin);

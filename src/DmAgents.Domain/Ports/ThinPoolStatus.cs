using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Ports;

/// <summary>What the kernel lets a pool do (enum pool_mode in dm-thin.c).</summary>
public enum PoolMode
{
    /// <summary>Status token <c>rw</c>.</summary>
    ReadWrite,

    /// <summary>Status token <c>out_of_data_space</c>: metadata may change, no block can be allocated.</summary>
    OutOfDataSpace,

    /// <summary>Status token <c>ro</c>: also where the metadata device is full.</summary>
    ReadOnly,

    /// <summary>Status <c>Fail</c>: nothing works until the pool is loaded anew.</summary>
    Failed,

    /// <summary>Status <c>Error</c>: the kernel could not read the numbers.</summary>
    Error,
}

/// <summary>A pool's status line, parsed. Where the mode is Failed or Error all numbers are zero.</summary>
/// <param name="Mode">What the pool may do.</param>
/// <param name="TransactionId">The owner's number.</param>
/// <param name="Metadata">Blocks of 4 KiB.</param>
/// <param name="Data">Blocks of the pool's block size.</param>
/// <param name="HeldRoot">The block of the metadata snapshot, where one is held.</param>
/// <param name="Discard">What a discard does.</param>
/// <param name="NoSpace">What a full data device does to writers.</param>
/// <param name="NeedsCheck">The kernel demands a thin_check before it changes metadata again.</param>
/// <param name="MetadataLowWaterMark">An event is raised below this many free metadata blocks; 0 on old
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

/// <summary>A thin device as the pool's own metadata know it.</summary>
/// <param name="Id">Its thin id.</param>
/// <param name="MappedBlocks">Data blocks that it maps, shared ones included.</param>
/// <param name="ExclusiveBlocks">Data blocks that no other thin device maps; null where it was not measured.</param>
/// <param name="CreatedIn">The pool's transaction id when it was created.</param>
public sealed record ThinUsage(ThinId Id, ulong MappedBlocks, ulong? ExclusiveBlocks, TransactionId CreatedIn)
{
    /// <summary>The device that it is the latest snapshot of, going by the pool's times. Null where that has been
    /// snapshotted again or is gone; and wrong for one that was made empty just after a snapshot.</summary>
    public ThinId? SnapshotOf { get; init; }
}

/// <summary>A thin device, and the one with whose blocks it began.</summary>
public sealed record ThinAndOrigin(ThinId Id, ThinId? Origin);

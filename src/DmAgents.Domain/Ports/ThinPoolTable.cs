using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Ports;

/// <summary>What a full data device does to writers.</summary>
public enum NoSpacePolicy
{
    /// <summary>Writes wait, at most for the pool's no_space_timeout (60 s by default), then fail.</summary>
    Queue,

    /// <summary>Writes fail at once (error_if_no_space).</summary>
    Error,
}

/// <summary>What a discard of a thin device does.</summary>
public enum DiscardPolicy
{
    /// <summary>Unmaps, and discards the freed blocks of the data device.</summary>
    Passdown,

    /// <summary>Unmaps only (no_discard_passdown).</summary>
    NoPassdown,

    /// <summary>Nothing (ignore_discard).</summary>
    Ignore,
}

/// <summary>The mapping table of a thin pool.</summary>
/// <param name="Name">The pool's mapped device.</param>
/// <param name="Uuid">Its dm uuid.</param>
/// <param name="Metadata">The metadata device; the kernel uses at most 16 GiB of it.</param>
/// <param name="Data">The data device.</param>
/// <param name="DataLength">How much of the data device the pool uses; the kernel rounds it down to whole
/// blocks.</param>
/// <param name="BlockSize">Fixed when the metadata are formatted.</param>
/// <param name="LowWaterMark">The kernel raises a dm event if fewer than this number of data blocks are free.</param>
/// <param name="SkipZeroing">Fresh blocks are not zeroed before partial writes (skip_block_zeroing).</param>
/// <param name="NoSpace">What a full data device does to writers.</param>
/// <param name="Discard">What a discard does.</param>
public sealed record ThinPoolTable(
    MappedName Name,
    MappedUuid Uuid,
    DevicePath Metadata,
    DevicePath Data,
    SectorCount DataLength,
    PoolBlockSize BlockSize,
    ulong LowWaterMark,
    bool SkipZeroing = true,
    NoSpacePolicy NoSpace = NoSpacePolicy.Queue,
    DiscardPolicy Discard = DiscardPolicy.Passdown);

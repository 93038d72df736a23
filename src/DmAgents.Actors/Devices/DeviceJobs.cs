using System.Collections.Immutable;
using DmAgents.Actors.Serialization;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Care;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Actors.Devices;

/// <summary>What a pool asks of a device actor. Each is answered by the result of the same name, unless it says
/// otherwise.</summary>
internal static class DeviceJobs
{
    /// <summary>Bring a base into being.</summary>
    internal sealed record CreateBase(PoolContext Pool, DeviceRecord Device, bool StartAgain) : ILocalMessage;

    /// <summary>Bring a snapshot into being, and what is to be live of it. Runs in the origin's actor where the origin
    /// can be written, in the new device's own otherwise.</summary>
    internal sealed record CreateSnapshot(PoolContext Pool, DeviceRecord Device, DeviceRecord Source, bool MadeBefore)
        : ILocalMessage;

    /// <summary>Bring a device without blocks into being, and make it live. Answered by
    /// <see cref="DeviceResults.Created"/>.</summary>
    internal sealed record CreateBlank(PoolContext Pool, DeviceRecord Device, bool MadeBefore) : ILocalMessage;

    /// <summary>Make live what the record wants.</summary>
    /// <param name="Request">The request that waits for it; null in the background.</param>
    /// <param name="Detach">What has to go goes although somebody holds it, as soon as he lets go.</param>
    internal sealed record Settle(PoolContext Pool, DeviceRecord Device, RequestId? Request, bool Detach = false)
        : ILocalMessage;

    /// <summary>Look whether what the record wants is so, and make it so if not. Answered by
    /// <see cref="DeviceResults.Confirmed"/>.</summary>
    internal sealed record Confirm(PoolContext Pool, DeviceRecord Device, RequestId Request, bool Detach)
        : ILocalMessage;

    /// <summary>Grow device and file system.</summary>
    internal sealed record Grow(PoolContext Pool, DeviceRecord Device, RequestId? Request) : ILocalMessage;

    /// <summary>End all writing: make everything durable, and deactivate.</summary>
    internal sealed record Seal(PoolContext Pool, DeviceRecord Device, RequestId Request) : ILocalMessage;

    /// <summary>Free the place where a removed device is mounted. Answered by <see cref="DeviceResults.Detached"/>.
    /// </summary>
    internal sealed record Detach(PoolContext Pool, DeviceRecord Device) : ILocalMessage;

    /// <summary>Give the blocks back; or say which have to be discarded before. Answered by
    /// <see cref="DeviceResults.Deleted"/>.</summary>
    /// <param name="IsOrigin">Another device began with its blocks, and still is.</param>
    /// <param name="KeyHasSuccessor">Another device has its key by now.</param>
    internal sealed record Delete(PoolContext Pool, DeviceRecord Device, bool IsOrigin, bool KeyHasSuccessor)
        : ILocalMessage;

    /// <summary>Discard these blocks of a device that is going. Answered by <see cref="DeviceResults.Discarded"/>.
    /// </summary>
    internal sealed record Discard(PoolContext Pool, DeviceRecord Device, ImmutableArray<BlockRange> Piece)
        : ILocalMessage;

    /// <summary>Nothing is left to be discarded: delete the thin id. Answered by <see cref="DeviceResults.Deleted"/>.
    /// </summary>
    internal sealed record EndDeletion(PoolContext Pool, DeviceRecord Device, bool KeyHasSuccessor) : ILocalMessage;

    /// <summary>Trim a range of the file system that is mounted of the device.</summary>
    internal sealed record Trim(PoolContext Pool, DeviceRecord Device, ByteSize Start, ByteSize Length) : ILocalMessage;
}

/// <summary>What a device actor answers: once for each job.</summary>
internal abstract record DeviceResult : ILocalMessage;

/// <summary>The answers.</summary>
internal static class DeviceResults
{
    /// <param name="Made">Whether the pool has the device.</param>
    /// <param name="Settled">Whether it is live as wanted; not tried where it was not made.</param>
    internal sealed record Created(ThinId Id, KernelResult Made, KernelResult Settled) : DeviceResult;

    internal sealed record Settled(ThinId Id, RequestId? Request, KernelResult Outcome, string Holders) : DeviceResult;

    /// <param name="WasSo">True if the kernel had it, false if it was brought back.</param>
    internal sealed record Confirmed(ThinId Id, RequestId Request, KernelResult<bool> WasSo, string Holders)
        : DeviceResult;

    internal sealed record Grown(ThinId Id, RequestId? Request, KernelResult Outcome) : DeviceResult;

    internal sealed record Sealed(ThinId Id, RequestId Request, KernelResult<ulong?> Inodes) : DeviceResult;

    internal sealed record Detached(ThinId Id, KernelResult Outcome) : DeviceResult;

    internal sealed record Deleted(ThinId Id, DeletionResult Outcome) : DeviceResult;

    internal sealed record Discarded(ThinId Id, TimeSpan Took, KernelResult Outcome) : DeviceResult;

    internal sealed record Trimmed(ThinId Id, TimeSpan Took, KernelResult<TrimmedRange> Outcome) : DeviceResult;
}

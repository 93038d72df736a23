using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports;

namespace DmAgents.Actors.Devices;

/// <summary>What a pool asks of a device actor. Each is answered by the result of the same name.</summary>
internal static class DeviceJobs
{
    /// <summary>Bring a base into being.</summary>
    internal sealed record CreateBase(PoolContext Pool, DeviceRecord Device, bool StartAgain);

    /// <summary>Bring a snapshot into being, and what is to be live of it. Runs in the origin's actor where the origin
    /// can be written, in the new device's own otherwise.</summary>
    internal sealed record CreateSnapshot(PoolContext Pool, DeviceRecord Device, DeviceRecord Source, bool MadeBefore);

    /// <summary>Make live what the record wants.</summary>
    /// <param name="Request">The request that waits for it; null in the background.</param>
    /// <param name="Detach">What has to go goes although somebody holds it, as soon as he lets go.</param>
    internal sealed record Settle(PoolContext Pool, DeviceRecord Device, RequestId? Request, bool Detach = false);

    /// <summary>Grow device and file system.</summary>
    internal sealed record Grow(PoolContext Pool, DeviceRecord Device, RequestId? Request);

    /// <summary>End all writing: make everything durable, and deactivate.</summary>
    internal sealed record Seal(PoolContext Pool, DeviceRecord Device, RequestId Request);

    /// <summary>Give the blocks back.</summary>
    /// <param name="KeyHasSuccessor">Another device has its key by now.</param>
    internal sealed record Delete(PoolContext Pool, DeviceRecord Device, bool KeyHasSuccessor);
}

/// <summary>What a device actor answers: once for each job.</summary>
internal abstract record DeviceResult;

/// <summary>The answers.</summary>
internal static class DeviceResults
{
    /// <param name="Made">Whether the pool has the device.</param>
    /// <param name="Settled">Whether it is live as wanted; not tried where it was not made.</param>
    internal sealed record Created(ThinId Id, KernelResult Made, KernelResult Settled) : DeviceResult;

    internal sealed record Settled(ThinId Id, RequestId? Request, KernelResult Result, string Holders) : DeviceResult;

    internal sealed record Grown(ThinId Id, RequestId? Request, KernelResult Result) : DeviceResult;

    internal sealed record Sealed(ThinId Id, RequestId Request, KernelResult<ulong?> Inodes) : DeviceResult;

    internal sealed record Deleted(ThinId Id, DeletionResult Result) : DeviceResult;
}

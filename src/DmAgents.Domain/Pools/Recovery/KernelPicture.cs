using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports;

namespace DmAgents.Domain.Pools.Recovery;

/// <summary>The actual state of pool and kernel, read in one pass while no operation is under way.</summary>
/// <param name="Status">The pool's status.</param>
/// <param name="Thins">The thin devices in the pool's own metadata; null if the pool does not allow reading
/// them.</param>
/// <param name="Live">Mapped thin devices of this pool, by thin id.</param>
/// <param name="Mounted">The mount points below the pool's mount directory, with their devices.</param>
public sealed record KernelPicture(
    ThinPoolStatus Status,
    ImmutableSortedDictionary<ThinId, ThinUsage>? Thins,
    ImmutableSortedDictionary<ThinId, LiveDevice> Live,
    ImmutableArray<MountEntry> Mounted)
{
    /// <summary>Reads the state. Releases a metadata snapshot that a dead agent left, unless other programs share the
    /// pool.</summary>
    public static KernelResult<KernelPicture> Take(IKernel kernel, PoolContext pool)
    {
        var status = kernel.PoolStatus(pool.Device);
        if (!status.Succeeded)
            return status.Error;
        if (status.Value.Mode is PoolMode.Failed or PoolMode.Error)
            return new KernelError(
                KernelFault.Failed, 0, "read pool", pool.Device.Value, "the pool has failed in the kernel");
        var released = ReleaseLeftSnapshot(kernel, pool, status.Value);
        if (!released.Succeeded)
            return released.Error;
        var thins = kernel.ListThins(pool.Device);
        // A pool that takes no changes creates no metadata snapshot either; its devices are usable all the same.
        var isReadable = thins.Succeeded || !thins.FailedWith(KernelFault.NotSupported);
        if (isReadable && !thins.Succeeded)
            return thins.Error;
        var live = kernel.ListDevices($"{DeviceNames.UuidPrefix}{pool.Identity.Uuid}-");
        if (!live.Succeeded)
            return live.Error;
        var mounts = kernel.Mounts();
        if (!mounts.Succeeded)
            return mounts.Error;
        return new KernelPicture(
            status.Value,
            thins.Succeeded ? thins.Value.ToImmutableSortedDictionary(t => t.Id, t => t) : null,
            LiveThins(pool.Identity.Uuid, live.Value),
            [.. mounts.Value.Where(m => IsBelow(m.Target, pool.Paths.MountDirectory))]);
    }

    /// <summary>Releases a metadata snapshot that a dead agent left, unless other programs share the pool.</summary>
    public static KernelResult ReleaseLeftSnapshot(IKernel kernel, PoolContext pool)
    {
        var status = kernel.PoolStatus(pool.Device);
        return status.Succeeded ? ReleaseLeftSnapshot(kernel, pool, status.Value) : status.Outcome;
    }

    private static KernelResult ReleaseLeftSnapshot(IKernel kernel, PoolContext pool, ThinPoolStatus status) =>
        status.HeldRoot is not null && pool.Identity.Backing is not PoolBacking.Existing
            ? kernel.ReleaseMetadataSnapshot(pool.Device).Or(KernelFault.Invalid)
            : KernelResult.Done;

    private static ImmutableSortedDictionary<ThinId, LiveDevice> LiveThins(
        PoolUuid uuid, IReadOnlyList<LiveDevice> devices)
    {
        var live = ImmutableSortedDictionary.CreateBuilder<ThinId, LiveDevice>();
        foreach (var device in devices)
        {
            if (DeviceNames.ThinIdOf(uuid, device.Uuid) is { } id)
                live[id] = device;
        }
        return live.ToImmutable();
    }

    private static bool IsBelow(MountPath path, string directory) =>
        path.Value.StartsWith(directory + "/", StringComparison.Ordinal);
}

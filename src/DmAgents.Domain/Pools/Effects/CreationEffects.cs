using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;

namespace DmAgents.Domain.Pools.Effects;

/// <summary>Creates a device whose intent is journaled. Synchronous; runs on a dispatcher where kernel calls may
/// block.</summary>
public sealed class CreationEffects(IKernel kernel, PoolContext pool)
{
    /// <summary>
    /// Creates and formats a base. After a crash it is unknown how far mkfs came. With <paramref name="startAgain"/>
    /// (the pool has the id, and the journal says that it is this base) the base is deleted first. Without it, an id
    /// that the pool already has belongs to another device: Exists.
    /// </summary>
    public KernelResult CreateBase(DeviceRecord device, bool startAgain)
    {
        if (startAgain)
        {
            var cleared = kernel.Remove(pool.NameOf(device.Id), deferred: false).Or(KernelFault.NotFound)
                .Then(() => kernel.DeleteThin(pool.Device, device.Id).Or(KernelFault.NotFound));
            if (!cleared.Succeeded)
                return cleared;
        }
        return kernel.CreateThin(pool.Device, device.Id).Then(() => OrUndone(device,
            // By now the record may want it read-only, for views.
            kernel.ActivateThin(pool.TableOf(device with { ReadOnly = false })).Outcome
                .Then(() => FormatAndDeactivate(device))));
    }

    /// <summary>
    /// Creates a snapshot, and grows its file system if it is larger than its source and is not a reception. Exists if
    /// the pool has the id. With <paramref name="madeBefore"/> the pool is expected to have it, and a failure leaves
    /// the id in doubt.
    /// </summary>
    public KernelResult CreateSnapshot(DeviceRecord device, DeviceRecord source, bool madeBefore)
    {
        var made = madeBefore ? KernelResult.Done : Snapshot(device, source);
        if (!made.Succeeded || device.Size <= source.Size || device.Key.IsReception)
            return made;
        var grown = GrowFresh(device);
        // An agent that died made it: its owner may have had the answer and written to it. Never deleted here.
        return grown.Error is { } error && madeBefore
            ? error with { Fault = KernelFault.Failed }
            : OrUndone(device, grown);
    }

    /// <summary>Creates a device without blocks. <paramref name="madeBefore"/> means the same as for a
    /// snapshot.</summary>
    public KernelResult CreateBlank(DeviceRecord device, bool madeBefore) =>
        madeBefore ? KernelResult.Done : kernel.CreateThin(pool.Device, device.Id);

    /// <summary>If a later step fails, deletes the device again. If that fails too, the pool's state is
    /// unknown.</summary>
    private KernelResult OrUndone(DeviceRecord device, KernelResult result)
    {
        if (result.Error is not { } error)
            return result;
        var undone = kernel.Remove(pool.NameOf(device.Id), deferred: false).Or(KernelFault.NotFound)
            .Then(() => kernel.DeleteThin(pool.Device, device.Id).Or(KernelFault.NotFound));
        return undone.Succeeded
            ? error with { WasUndone = true }
            : error with { Fault = KernelFault.Failed, Detail = $"{error.Detail}; and taking it back: {undone.Error}" };
    }

    private KernelResult Snapshot(DeviceRecord device, DeviceRecord source)
    {
        var origin = pool.NameOf(source.Id);
        // Only containers are ever written; layers and bases need no suspend, even if they are live.
        if (source.Kind != DeviceKind.Container || kernel.Find(origin).FailedWith(KernelFault.NotFound))
            return kernel.CreateSnapshot(pool.Device, device.Id, source.Id);
        var suspended = kernel.Suspend(origin, freeze: true);
        // Resume even after a failure: a suspend that timed out may have happened, and an extra resume is harmless.
        var made = suspended.Then(() => kernel.CreateSnapshot(pool.Device, device.Id, source.Id));
        var resumed = kernel.Resume(origin);
        if (suspended.Error is { } notBegun)
            return notBegun with { WasUndone = true };
        return made.Then(() => OrUndone(device, resumed));
    }

    private KernelResult GrowFresh(DeviceRecord device)
    {
        var writable = device with { ReadOnly = false };
        return kernel.ActivateThin(pool.TableOf(writable)).Outcome.Or(KernelFault.Exists)
            .Then(() => kernel.Grow(pool.NameOf(device.Id).Path, device.FileSystem, mountedAt: null))
            .Then(() => device.Use != DeviceUse.Idle && !device.ReadOnly
                ? KernelResult.Done
                : kernel.Flush(pool.NameOf(device.Id).Path)
                    .Then(() => kernel.Remove(pool.NameOf(device.Id), deferred: false)));
    }

    private KernelResult FormatAndDeactivate(DeviceRecord device)
    {
        var path = pool.NameOf(device.Id).Path;
        return kernel.Format(path, device.FileSystem)
            .Then(() => kernel.Flush(path))
            .Then(() => kernel.Remove(pool.NameOf(device.Id), deferred: false));
    }
}

using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;

namespace DmAgents.Domain.Pools.Effects;

/// <summary>Brings a device into being whose intent is journaled. Synchronous; runs where kernel calls may
/// block.</summary>
public sealed class CreationEffects(IKernel kernel, PoolContext pool)
{
    /// <summary>
    /// Makes and formats a base. After a crash nobody knows how far the format came: with
    /// <paramref name="startAgain"/> (the pool has the id, and the journal says that it is this base) it is deleted
    /// first. Without it, an id that the pool has already is somebody else's: Exists.
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
            // It may be wanted read-only, for views, by now.
            kernel.ActivateThin(pool.TableOf(device with { ReadOnly = false })).Outcome
                .Then(() => FormatAndDeactivate(device))));
    }

    /// <summary>
    /// Makes a snapshot, and grows its file system if it is to be larger than its source and is not to be received.
    /// Exists where the pool has the id; with <paramref name="madeBefore"/> that is how it should be, and a failure
    /// leaves the id in doubt.
    /// </summary>
    public KernelResult CreateSnapshot(DeviceRecord device, DeviceRecord source, bool madeBefore)
    {
        var made = madeBefore ? KernelResult.Done : Snapshot(device, source);
        if (!made.Succeeded || device.Size <= source.Size || device.Key.IsReception)
            return made;
        var grown = GrowFresh(device);
        // Made by an agent that died: its owner may have been told, and may have written to it. Never deleted here.
        return grown.Error is { } error && madeBefore
            ? error with { Fault = KernelFault.Failed }
            : OrUndone(device, grown);
    }

    /// <summary>Makes a device without any block. As for a snapshot, the pool has the id before or not.</summary>
    public KernelResult CreateBlank(DeviceRecord device, bool madeBefore) =>
        madeBefore ? KernelResult.Done : kernel.CreateThin(pool.Device, device.Id);

    /// <summary>A device that the pool has, and of which the rest failed, is deleted again. Where that fails too,
    /// nobody knows what there is.</summary>
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
        // Only containers are ever written; layers and bases need no quiescing even when they are live.
        if (source.Kind != DeviceKind.Container || kernel.Find(origin).FailedWith(KernelFault.NotFound))
            return kernel.CreateSnapshot(pool.Device, device.Id, source.Id);
        var suspended = kernel.Suspend(origin, freeze: true);
        // Also after a failure: a suspend that timed out may still have happened, and a resume too many does no harm.
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

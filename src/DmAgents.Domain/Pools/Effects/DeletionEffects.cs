using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Effects;

/// <summary>How a deletion went.</summary>
public abstract record DeletionResult
{
    private DeletionResult()
    {
    }

    /// <summary>The pool does not have the thin id any more.</summary>
    public sealed record Gone : DeletionResult;

    /// <summary>Somebody keeps the device open; it is to be tried again later.</summary>
    public sealed record Held(ImmutableArray<DeviceHolder> Holders) : DeletionResult;

    /// <summary>The kernel refused; it is to be tried again later.</summary>
    public sealed record Failed(KernelError Error) : DeletionResult;
}

/// <summary>Gives a removed device's blocks back to its pool. Each step may be done again.</summary>
public sealed class DeletionEffects(IKernel kernel, PoolContext pool)
{
    /// <param name="device">The removed device.</param>
    /// <param name="keyHasSuccessor">Another device has its key by now, and with it its place in mnt/.</param>
    public DeletionResult Delete(DeviceRecord device, bool keyHasSuccessor = false)
    {
        var name = pool.NameOf(device.Id);
        var live = kernel.Find(name);
        if (live.Succeeded)
        {
            var detached = Detach(device, live.Value);
            if (!detached.Succeeded)
                return new DeletionResult.Failed(detached.Error);
            live = kernel.Find(name);
        }
        if (live is { Succeeded: true, Value.OpenCount: > 0 })
            return HeldOpen(name);
        if (pool.DiscardOnRemove && Discard(device, isLive: live.Succeeded) is { Succeeded: false } discarded)
            return new DeletionResult.Failed(discarded.Error);
        var removed = kernel.Remove(name, deferred: false).Or(KernelFault.NotFound);
        if (removed.FailedWith(KernelFault.Busy))
            return HeldOpen(name);
        // The thin id goes last: once the pool lacks it, recovery takes the deletion for finished.
        var deleted = removed
            .Then(() => keyHasSuccessor
                ? KernelResult.Done
                : kernel.RemoveDirectory(pool.MountOf(device)).Or(KernelFault.Busy))
            .Then(() => kernel.DeleteThin(pool.Device, device.Id).Or(KernelFault.NotFound));
        return deleted.Succeeded ? new DeletionResult.Gone() : new DeletionResult.Failed(deleted.Error);
    }

    /// <summary>Deletes a quarantined id, of which only the pool knows.</summary>
    public KernelResult Purge(ThinId id) =>
        kernel.Remove(pool.NameOf(id), deferred: false).Or(KernelFault.NotFound)
            .Then(() => kernel.DeleteThin(pool.Device, id).Or(KernelFault.NotFound));

    /// <summary>
    /// Deferred removal takes the device away with its last user, whatever becomes of the agent; the timer that tries
    /// again then finds it gone and deletes the thin id.
    /// </summary>
    private DeletionResult HeldOpen(MappedName name)
    {
        var live = kernel.Find(name);
        var holders = live.Succeeded ? kernel.Holders(live.Value) : live.Error;
        var deferred = kernel.Remove(name, deferred: true).Or(KernelFault.NotFound);
        return deferred.Succeeded
            ? new DeletionResult.Held(holders.Succeeded ? [.. holders.Value] : [])
            : new DeletionResult.Failed(deferred.Error);
    }

    /// <summary>
    /// Detached: the owner has given the device up; who still works in it keeps it until he is done. Only the device's
    /// own mount: its key was free at once, and a successor may be mounted in the same place.
    /// </summary>
    private KernelResult Detach(DeviceRecord device, LiveDevice live)
    {
        var target = pool.MountOf(device);
        var mounts = kernel.Mounts();
        return !mounts.Succeeded ? mounts.Outcome
            : mounts.Value.Any(m => m.Target == target && m.Device == live.Number)
                ? kernel.Unmount(target, detach: true).Or(KernelFault.Invalid).Or(KernelFault.NotFound)
                : KernelResult.Done;
    }

    /// <summary>A discard of the whole device: the kernel skips what is not mapped, unmaps what is shared, and passes
    /// down what only this device had.</summary>
    private KernelResult Discard(DeviceRecord device, bool isLive)
    {
        var writable = device with { ReadOnly = false, GrowingTo = null };
        var activated = isLive
            ? device.ReadOnly ? kernel.ReloadThin(pool.TableOf(writable)) : KernelResult.Done
            : kernel.ActivateThin(pool.TableOf(writable)).Outcome;
        if (activated.FailedWith(KernelFault.NotFound))
            return KernelResult.Done;
        return activated.Then(() => kernel.Discard(pool.NameOf(device.Id).Path, ByteSize.Zero, device.Size)
            .Or(KernelFault.NotSupported));
    }
}

using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;

namespace DmAgents.Domain.Pools.Effects;

/// <summary>
/// Brings a device to the use that its record wants. Each effect is "ensure X": repeated after a crash, it keeps what
/// exists and does the rest.
/// </summary>
public sealed class UseEffects(IKernel kernel, PoolContext pool)
{
    /// <summary>Cleaning up a device that had the key before may remove its directory just after the next device's
    /// mount has made it.</summary>
    private const int MountTries = 3;

    /// <summary>Brings the device to its record's use.</summary>
    /// <param name="detach">Removes the device even while it is open: the kernel removes it on last close.</param>
    /// <returns>Busy if a process holds the mount or the device that must be removed.</returns>
    public KernelResult Settle(DeviceRecord device, bool detach = false) => device.Use switch
    {
        DeviceUse.Mounted => Activate(device).Then(() => Mount(device)),
        DeviceUse.Active => UnmountWritten(device, detach: false).Then(() => Activate(device)),
        _ => UnmountWritten(device, detach).Then(() => Deactivate(device, deferred: detach)),
    };

    /// <summary>Whether the kernel's state is what the record wants: one status ioctl, one statx and one statfs. If the
    /// record wants no device, one in deferred removal counts as removed.</summary>
    public bool IsSo(DeviceRecord device)
    {
        var mounted = kernel.MountAt(pool.MountOf(device));
        var isFree = mounted.FailedWith(KernelFault.NotFound);
        if (device.Use == DeviceUse.Idle)
        {
            var found = kernel.Find(pool.NameOf(device.Id));
            var isGone = found.FailedWith(KernelFault.NotFound)
                || found is { Succeeded: true, Value.RemovalDeferred: true };
            return isFree && isGone;
        }
        var compared = kernel.Compare(pool.TableOf(device));
        if (compared is not { Succeeded: true, Value: { IsAsGiven: true, Device: { Suspended: false } live } })
            return false;
        return device.Use == DeviceUse.Active
            ? isFree && !live.RemovalDeferred
            : mounted.Succeeded && mounted.Value == new MountedDevice(live.Number, device.ReadOnly);
    }

    /// <summary>Checks whether the kernel's state is what the record wants, and corrects it if not.</summary>
    /// <returns>True if it was already right, false if this call corrected it; an error if the correction
    /// failed.</returns>
    public KernelResult<bool> Confirm(DeviceRecord device, bool detach = false)
    {
        if (IsSo(device))
            return true;
        var settled = Settle(device, detach);
        return settled.Succeeded ? false : settled.Error;
    }

    /// <summary>Activates a device that was just created, so nothing of it can be live or mounted.</summary>
    public KernelResult SettleFresh(DeviceRecord device) => device.Use switch
    {
        DeviceUse.Idle => KernelResult.Done,
        DeviceUse.Active => Activate(device),
        _ => Settle(device),
    };

    /// <summary>
    /// Ends all writing to a device that becomes a layer. On return everything written is durable, and the device is
    /// not live. Nothing is frozen: Busy if a process has it open, and then the device is unchanged.
    /// </summary>
    /// <returns>How many inodes are in use; null if the device was not live, or they could not be counted.</returns>
    public KernelResult<ulong?> Seal(DeviceRecord device)
    {
        var name = pool.NameOf(device.Id);
        var live = kernel.Find(name);
        if (live.FailedWith(KernelFault.NotFound))
            return Deactivate(device, deferred: false) is { Error: { } error } ? error : (ulong?)null;
        var flushed = live.Outcome.Then(() => kernel.Flush(name.Path));
        if (!flushed.Succeeded)
            return flushed.Error;
        var inodes = kernel.UsedInodes(name.Path, device.FileSystem);
        var removed = kernel.Remove(name, deferred: false).Or(KernelFault.NotFound);
        return removed.Succeeded ? inodes.Succeeded ? inodes.Value : (ulong?)null : removed.Error;
    }

    /// <summary>Grows device and file system to <see cref="DeviceRecord.GrowingTo"/>, live or not.</summary>
    public KernelResult Grow(DeviceRecord device)
    {
        var name = pool.NameOf(device.Id);
        var mountedAt = device.Use == DeviceUse.Mounted ? pool.MountOf(device) : (MountPath?)null;
        var longer = kernel.Find(name) is { Succeeded: true }
            ? kernel.ReloadThin(pool.TableOf(device))
            : kernel.ActivateThin(pool.TableOf(device)).Outcome;
        return longer
            .Then(() => mountedAt is null ? KernelResult.Done : Mount(device))
            .Then(() => kernel.Grow(name.Path, device.FileSystem, mountedAt))
            .Then(() => device.Use == DeviceUse.Idle ? Deactivate(device, deferred: false) : KernelResult.Done);
    }

    /// <summary>Unmounts the device's own mount. If it is not mounted: done.</summary>
    public KernelResult Unmount(DeviceRecord device, bool detach) =>
        kernel.Unmount(pool.MountOf(device), detach).Or(KernelFault.Invalid).Or(KernelFault.NotFound);

    /// <summary>Unmounts, and fails if not all writes reached the disk: umount(2) does not report failed writes. It
    /// unmounts even then, because a failing disk may refuse every further flush.</summary>
    private KernelResult UnmountWritten(DeviceRecord device, bool detach)
    {
        var target = pool.MountOf(device);
        // A file system in error takes no writes, or cannot be queried: its writers already had the errors.
        var mayLose = !detach && kernel.MountAt(target) is { Succeeded: true, Value.ReadOnly: false };
        var synced = mayLose ? kernel.SyncFileSystem(target) : KernelResult.Done;
        var unmounted = Unmount(device, detach);
        return synced.Error is { } error
            ? error with { Detail = "the disk does not have all that was written" }
            : unmounted;
    }

    private KernelResult Activate(DeviceRecord device)
    {
        var activated = kernel.ActivateThin(pool.TableOf(device));
        if (!activated.FailedWith(KernelFault.Exists))
            return activated.Outcome;
        var compared = kernel.Compare(pool.TableOf(device));
        if (!compared.Succeeded)
            return compared.Outcome;
        var (live, mapsAsGiven, isAsGiven, text) = compared.Value;
        // The device's writers write to another device: changing the table below a mount would damage both.
        if (!mapsAsGiven)
        {
            return new KernelError(KernelFault.Invalid, 0, "activate", live.Name.Value,
                $"its table was changed by hand and maps another device: {text}");
        }
        // The kernel removes it on last close, although the agent reported it active. A mount is itself a user and
        // holds it.
        if (live.RemovalDeferred && device.Use == DeviceUse.Active)
        {
            return new KernelError(KernelFault.Busy, 0, "activate", live.Name.Value,
                "it was given up, and goes when its last user does");
        }
        return isAsGiven ? kernel.Resume(live.Name) : kernel.ReloadThin(pool.TableOf(device));
    }

    private KernelResult Mount(DeviceRecord device)
    {
        var target = pool.MountOf(device);
        var mounted = MountOnce(device, target);
        for (var tries = 1; tries < MountTries && mounted.FailedWith(KernelFault.NotFound); tries++)
            mounted = MountOnce(device, target);
        if (!mounted.FailedWith(KernelFault.Busy))
            return mounted;
        var live = kernel.Find(pool.NameOf(device.Id));
        var there = kernel.MountAt(target);
        if (!live.Succeeded || !there.Succeeded)
            return mounted;
        if (there.Value.Device != live.Value.Number)
        {
            return new KernelError(KernelFault.Busy, 0, "mount", target.Value,
                $"another device, {there.Value.Device}, is mounted there");
        }
        return there.Value.ReadOnly == device.ReadOnly
            ? KernelResult.Done
            : new KernelError(KernelFault.ReadOnly, 0, "mount", target.Value, device.ReadOnly
                ? "it is mounted for writing"
                : "it is mounted, but takes no writes: its file system met an error, or it was remounted read-only");
    }

    private KernelResult MountOnce(DeviceRecord device, MountPath target) =>
        kernel.Mount(pool.NameOf(device.Id).Path, target, device.FileSystem, device.ReadOnly, device.Root);

    private KernelResult Deactivate(DeviceRecord device, bool deferred)
    {
        var name = pool.NameOf(device.Id);
        // Find returns NotFound for a device without a table. It cannot be flushed, but it exists and must be removed.
        var flushed = kernel.Find(name).FailedWith(KernelFault.NotFound)
            ? KernelResult.Done
            : kernel.Flush(name.Path);
        return flushed.Then(() => kernel.Remove(name, deferred).Or(KernelFault.NotFound));
    }
}

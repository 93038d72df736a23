using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Care;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Effects;

/// <summary>Trims file systems on devices of a pool, at any mount point.</summary>
public sealed class TrimEffects(IKernel kernel, PoolContext pool)
{
    /// <summary>Discards unused blocks of the file system within a range.</summary>
    /// <returns>NotFound if it is not mounted for writing; Busy if the device is suspended: a trim would hang until it
    /// is resumed.</returns>
    public KernelResult<TrimmedRange> Trim(DeviceRecord device, ByteSize start, ByteSize length)
    {
        var name = pool.NameOf(device.Id);
        var live = kernel.Find(name);
        if (!live.Succeeded)
            return live.Error;
        if (live.Value.Suspended)
            return new KernelError(KernelFault.Busy, 0, "FITRIM", name.Value, "it is suspended");
        var mounts = kernel.Mounts();
        if (!mounts.Succeeded)
            return mounts.Error;
        if (MountOf(live.Value, mounts.Value) is not { } target)
            return new KernelError(KernelFault.NotFound, 0, "FITRIM", name.Value, "it is not mounted for writing");
        var used = kernel.PoolStatus(pool.Device);
        var before = kernel.MappedBytes(name);
        var trimmed = kernel.Trim(target, start, length);
        if (trimmed.FailedWith(KernelFault.Invalid) && start > ByteSize.Zero)
            return new TrimmedRange(ByteSize.Zero, ByteSize.Zero, ByteSize.Zero, IsEnd: true);
        if (!trimmed.Succeeded)
            return trimmed.Error;
        var after = kernel.MappedBytes(name);
        var unmapped = before.Succeeded && after.Succeeded ? Less(before.Value, after.Value) : ByteSize.Zero;
        var givenBack = unmapped > ByteSize.Zero && used.Succeeded && kernel.PoolStatus(pool.Device) is
            { Succeeded: true } left
            ? Less(used.Value.Data.UsedBytes, left.Value.Data.UsedBytes)
            : ByteSize.Zero;
        // Other devices allocate and free blocks meanwhile: never report more than was unmapped.
        return new TrimmedRange(trimmed.Value, givenBack < unmapped ? givenBack : unmapped, unmapped, IsEnd: false);
    }

    private static ByteSize Less(ByteSize before, ByteSize after) => after < before ? before - after : ByteSize.Zero;

    /// <summary>A mount point where the device's file system is reachable: a later mount on the same directory hides an
    /// earlier one.</summary>
    private static MountPath? MountOf(LiveDevice live, IReadOnlyList<MountEntry> mounts)
    {
        var hidden = new HashSet<MountPath>();
        foreach (var mount in mounts.Reverse())
        {
            if (hidden.Add(mount.Target) && mount.Device == live.Number && !mount.ReadOnly)
                return mount.Target;
        }
        return null;
    }
}

using System.Globalization;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Planning;

/// <summary>The logical sector size of a pool's devices: the largest of its data disks.</summary>
public static class PoolSectors
{
    /// <summary>The present sector size of the disks or files with the pool's blocks.</summary>
    public static KernelResult<ByteSize> Of(IKernel kernel, PoolBacking backing)
    {
        var largest = DiskShape.UsualSector;
        foreach (var disk in DisksOf(kernel, backing))
        {
            var found = kernel.Inspect(disk);
            if (!found.Succeeded)
                return found.Error;
            largest = found.Value.Shape.Sector > largest ? found.Value.Shape.Sector : largest;
        }
        return largest;
    }

    /// <summary>For people: what is affected if the pool's sectors are larger than when it was made. An older agent or
    /// another program added such a disk, or its disks report another sector size than before. Null if the sectors are
    /// unchanged.</summary>
    public static string? Concern(IKernel kernel, PoolState state)
    {
        if (state.Identity is not { } pool || Of(kernel, pool.Backing) is not { Succeeded: true, Value: var now })
            return null;
        // No sector size was recorded when it was made; it started with its first disk.
        var made = pool.SectorSize ?? (pool.Backing is PoolBacking.Disks { Data: [var first, ..] }
            && kernel.Inspect(first.Disk) is { Succeeded: true, Value: var began } ? began.Shape.Sector : now);
        if (now <= made)
            return null;
        var larger = DisksOf(kernel, pool.Backing).Where(
            disk => kernel.Inspect(disk) is { Succeeded: true, Value: var found } && found.Shape.Sector > made);
        var lost = state.Devices.Values.Count(device => device.IsPresent && MayNeedLess(device, now));
        return string.Create(CultureInfo.InvariantCulture,
            $"its devices have sectors of {now} ({string.Join(", ", larger)}) and it was made with {made}: ")
            + (lost == 0
                ? "its file systems can be mounted all the same; what a guest keeps on a device may need the smaller ones"
                : $"{lost} of its devices have an xfs that cannot be mounted where it was made for the smaller ones");
    }

    /// <summary>A format states the sectors that its file systems need. Without a format only the superblock does; ext4
    /// has blocks of 4 KiB unless it was made very small.</summary>
    private static bool MayNeedLess(DeviceRecord device, ByteSize sectors) =>
        device.Format is { } format && FileSystemFormat.Find(format) is { } known
            ? known.LargestSector < sectors
            : device.FileSystem == FileSystemKind.Xfs;

    /// <summary>Advice for an operator with a disk of larger sectors.</summary>
    public static string WaysTo(ByteSize sectors) =>
        $"choose a disk with sectors of {sectors} (lsblk --output NAME,LOG-SEC); many disks can be reformatted to "
        + "them, which erases them (nvme format --lbaf, sg_format, hdparm --set-sector-size); or make a pool of its "
        + "own of it: dmagent pool create";

    private static IEnumerable<DevicePath> DisksOf(IKernel kernel, PoolBacking backing) => backing switch
    {
        PoolBacking.Disks disks => disks.Data.Select(part => part.Disk).Distinct(),
        PoolBacking.LoopFiles files => kernel.InspectFile(files.Data.File) is { Succeeded: true, Value.Attached: { } loop }
            ? [loop]
            : [],
        PoolBacking.Existing existing => [existing.Pool.Path],
        _ => throw new InvalidOperationException("a backing of no known kind"),
    };
}

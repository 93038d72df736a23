using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Planning;

/// <summary>The parts of disks that pools consist of, and their lengths.</summary>
internal static class DiskParts
{
    /// <summary>The disk after its label, in whole <paramref name="unit"/>s.</summary>
    public static DiskPart WholeOf(BlockDeviceInfo disk, ByteSize unit) => new(
        disk.StablePath, DiskLabel.Reserved, (disk.Size - DiskLabel.Reserved.Bytes).RoundDown(unit).Sectors);

    /// <summary>The part of a metadata disk that the kernel can use in addition to the present metadata.</summary>
    public static DiskPart Capped(DiskPart part, SectorCount before)
    {
        var most = MetadataSize.Most.Sectors - before;
        return part.Length > most ? part with { Length = most } : part;
    }

    public static ByteSize Sum(IEnumerable<DiskPart> parts) =>
        parts.Aggregate(default(SectorCount), (sum, part) => sum + part.Length).Bytes;

    /// <summary>Whether the disk holds one of these parts. Compares the paths, and the device numbers from the
    /// kernel.</summary>
    public static bool IsAmong(IKernel kernel, IEnumerable<DiskPart> parts, DevicePath disk)
    {
        var known = parts.Select(part => part.Disk).Distinct().ToList();
        var inspected = kernel.Inspect(disk);
        return known.Contains(disk) || (inspected.Succeeded && known.Exists(other =>
            kernel.Inspect(other) is { Succeeded: true } found && found.Value.Number == inspected.Value.Number));
    }
}

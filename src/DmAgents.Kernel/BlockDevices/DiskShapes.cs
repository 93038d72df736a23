using System.Globalization;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Kernel.FileSystems;
using DmAgents.Kernel.Interop;

namespace DmAgents.Kernel.BlockDevices;

/// <summary>The shape of a block device, by ioctl, or by its queue in sysfs for what no ioctl reports
/// (Documentation/ABI/stable/sysfs-block).</summary>
internal static class DiskShapes
{
    public static KernelResult<DiskShape> Of(FileDescriptor file, DeviceNumber number, string subject)
    {
        var sector = BlockControl.Sector(file, subject);
        if (!sector.Succeeded)
            return sector.Error;
        var physical = BlockControl.Physical(file, subject);
        if (!physical.Succeeded)
            return physical.Error;
        var misaligned = BlockControl.Misaligned(file, subject);
        if (!misaligned.Succeeded)
            return misaligned.Error;
        var disk = DiskOf(number);
        return new DiskShape
        {
            Sector = sector.Value,
            PhysicalSector = physical.Value,
            IsMisaligned = misaligned.Value,
            LongestDiscard = new ByteSize(
                ulong.TryParse(Text(disk, "queue/discard_max_bytes"), CultureInfo.InvariantCulture, out var most)
                    ? most
                    : 0),
            IsZoned = Text(disk, "queue/zoned") == "host-managed",
            IsRemovable = Text(disk, "removable") == "1",
        };
    }

    /// <summary>A partition has no queue of its own and uses its disk's.</summary>
    private static string DiskOf(DeviceNumber number)
    {
        var device = $"/sys/dev/block/{number}";
        return Directory.Exists($"{device}/queue")
            ? device
            : Path.GetDirectoryName(Directory.ResolveLinkTarget(device, returnFinalTarget: true)?.FullName) ?? device;
    }

    private static string Text(string disk, string attribute) => ProcFile.Read($"{disk}/{attribute}")?.Trim() ?? "";
}

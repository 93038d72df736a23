using DmAgents.Domain.Devices;

namespace DmAgents.Kernel.BlockDevices;

/// <summary>Paths that name the same disk after a reboot: udev's links in /dev/disk/by-id.</summary>
internal static class StablePaths
{
    private const string ById = "/dev/disk/by-id";

    /// <summary>The kinds of links, the most reliable first: a world wide name is certainly unique.</summary>
    private static readonly string[] Preferred = ["wwn-", "nvme-eui.", "nvme-", "scsi-", "ata-", "virtio-"];

    /// <summary>A stable path of the device, or the given path if there is none.</summary>
    public static DevicePath Of(DevicePath device, DeviceNumber number)
    {
        if (!Directory.Exists(ById))
            return device;
        var best = Directory.EnumerateFileSystemEntries(ById)
            .Select(path => new DevicePath(path))
            .Where(path => BlockNodes.NumberOf(path) is { Succeeded: true } found && found.Value == number)
            .OrderBy(path => Rank(path.Value))
            .ThenBy(path => path.Value, StringComparer.Ordinal)
            .ToList();
        return best.Count > 0 ? best[0] : device;
    }

    private static int Rank(string path)
    {
        var name = Path.GetFileName(path);
        var rank = Array.FindIndex(Preferred, start => name.StartsWith(start, StringComparison.Ordinal));
        return rank < 0 ? Preferred.Length : rank;
    }
}

using System.Globalization;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.FileSystems;

namespace DmAgents.Kernel.DeviceMapper;

/// <summary>Finds what keeps a device open: processes in its file system, devices above it, and mounts in any mount
/// namespace.</summary>
internal static class DeviceHolders
{
    public static IReadOnlyList<DeviceHolder> Of(DeviceNumber device) =>
        Of(device, new DirectoryInfo("/proc"), new DirectoryInfo("/sys"));

    public static IReadOnlyList<DeviceHolder> Of(DeviceNumber device, DirectoryInfo proc, DirectoryInfo sys) =>
        [.. FileSystemUsers.Of(device, proc), .. Above(device, sys), .. Mounts(device, proc)];

    private static IEnumerable<DeviceHolder> Above(DeviceNumber device, DirectoryInfo sys)
    {
        var holders = new DirectoryInfo(Path.Combine(sys.FullName, "dev", "block", device.ToString(), "holders"));
        if (!holders.Exists)
            yield break;
        foreach (var holder in holders.EnumerateFileSystemInfos().OrderBy(entry => entry.Name, StringComparer.Ordinal))
        {
            var name = ProcFile.Read(Path.Combine(holder.FullName, "dm", "name"));
            yield return new DeviceHolder("device", name?.TrimEnd('\n') ?? holder.Name, ProcessId: null);
        }
    }

    /// <summary>One process stands for its mount namespace. Processes that exit meanwhile are skipped.</summary>
    private static IEnumerable<DeviceHolder> Mounts(DeviceNumber device, DirectoryInfo proc)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var processes = proc.EnumerateDirectories()
            .Select(folder => int.TryParse(folder.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                ? (Id: id, folder.FullName)
                : default)
            .Where(process => process.Id > 0)
            .OrderBy(process => process.Id);
        foreach (var (id, folder) in processes)
        {
            if (ProcFile.Target(Path.Combine(folder, "ns", "mnt")) is not { } space || !seen.Add(space))
                continue;
            foreach (var line in (ProcFile.Read(Path.Combine(folder, "mountinfo")) ?? "").Split('\n'))
            {
                if (MountInfo.Parse(line) is { } mount && mount.Device == device)
                {
                    yield return new DeviceHolder("mount", mount.Target.Value, id)
                    {
                        Command = FileSystemUsers.CommandOf(folder),
                    };
                }
            }
        }
    }
}

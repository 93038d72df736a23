using System.Diagnostics;
using System.Globalization;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.FileSystems;
using DmAgents.Kernel.Interop;

namespace DmAgents.Kernel.DeviceMapper;

/// <summary>Finds processes that use the file system on a device: by working and root directory, program, open and
/// mapped files (proc(5)). It compares the files' device numbers, so processes in any mount namespace are found, even
/// if they no longer see the mount.</summary>
internal static class FileSystemUsers
{
    /// <summary>Enough to act on; each process counts once.</summary>
    private const int Most = 16;

    /// <summary>Reading a host with 10,000 processes takes about this time.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    private static readonly (string Link, string What)[] Links =
        [("cwd", "working directory"), ("root", "root directory"), ("exe", "program")];

    public static IReadOnlyList<DeviceHolder> Of(DeviceNumber device, DirectoryInfo proc)
    {
        var begun = Stopwatch.GetTimestamp();
        var found = new List<DeviceHolder>();
        foreach (var folder in proc.EnumerateDirectories())
        {
            if (found.Count == Most || Stopwatch.GetElapsedTime(begun) > Limit)
                break;
            if (int.TryParse(folder.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                && Use(device, folder.FullName) is var (what, where))
                found.Add(new DeviceHolder(what, where, id) { Command = CommandOf(folder.FullName) });
        }
        return found;
    }

    public static string CommandOf(string process) =>
        ProcFile.Read(Path.Combine(process, "comm"))?.TrimEnd('\n') ?? "";

    private static (string What, string Where)? Use(DeviceNumber device, string process)
    {
        foreach (var (link, what) in Links)
        {
            if (LiesOn(device, Path.Combine(process, link)) is { } where)
                return (what, where);
        }
        foreach (var descriptor in DirectoryUsers.Descriptors(process))
        {
            if (LiesOn(device, descriptor) is { } where)
                return ("open file", where);
        }
        return Mapped(device, process) is { } mapped ? ("mapped file", mapped) : null;
    }

    /// <summary>The target of a link in proc, if it lies on the device. The kernel answers from cached attributes, so a
    /// server or disk that does not respond cannot block this call.</summary>
    private static string? LiesOn(DeviceNumber device, string link) =>
        DeviceCalls.Stat(
            FileStatus.CurrentDirectory, link, FileStatus.NoSync | FileStatus.NoAutomount, 0, out var status) == 0
        && status.Device == device
            ? ProcFile.Target(link) ?? link
            : null;

    /// <summary>A line has: addresses, permissions, offset, device (two hexadecimal numbers), inode, path.</summary>
    private static string? Mapped(DeviceNumber device, string process)
    {
        var number = string.Create(CultureInfo.InvariantCulture, $" {device.Major:x2}:{device.Minor:x2} ");
        foreach (var line in (ProcFile.Read(Path.Combine(process, "maps")) ?? "").Split('\n'))
        {
            if (line.Contains(number, StringComparison.Ordinal) && line.IndexOf('/', StringComparison.Ordinal) is > 0
                and var path)
                return line[path..];
        }
        return null;
    }
}

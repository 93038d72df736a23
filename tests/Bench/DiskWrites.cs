using System.Globalization;
using DmAgents.Domain.Devices;

namespace DmAgents.Bench;

/// <summary>Bytes written to disks since their start, as the block layer counts them (Documentation/block/stat.rst).
/// What is in the page cache only is not among them.</summary>
/// <param name="devices">Such as /dev/ubda.</param>
internal sealed class DiskWrites(params IEnumerable<DevicePath> devices)
{
    private const int SectorsWritten = 6;
    private const int SectorSize = 512;

    private readonly List<string> _files =
        [.. devices.Select(device => $"/sys/class/block/{Path.GetFileName(device.Value)}/stat")];

    /// <summary>The disk of the file system that a directory is in.</summary>
    public static DiskWrites Below(string directory)
    {
        var mount = File.ReadLines("/proc/self/mounts").Select(line => line.Split(' '))
            .Where(words => directory == words[1]
                || directory.StartsWith(words[1].TrimEnd('/') + "/", StringComparison.Ordinal))
            .MaxBy(words => words[1].Length)
            ?? throw new InvalidOperationException($"{directory} is in no file system");
        return new DiskWrites(new DevicePath(mount[0]));
    }

    public long Bytes => _files.Sum(file => SectorSize * long.Parse(
        File.ReadAllText(file).Split(' ', StringSplitOptions.RemoveEmptyEntries)[SectorsWritten],
        CultureInfo.InvariantCulture));
}

using System.Globalization;
using System.Security.Cryptography;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Testing.Contracts;

namespace DmAgents.Kernel.Tests.Transfers;

/// <summary>What a file system holds, in one line for each file.</summary>
internal static class TreeOf
{
    public static IReadOnlyList<string> Device(ContractScope scope, LabPool pool, LabLayer layer)
    {
        var device = scope.Kernel.ActivateThin(pool.Table(layer.Id, layer.Shape, readOnly: true)).Must();
        var mounted = scope.Mount(device, layer.Shape.FileSystem, readOnly: true);
        var lines = Lines(new DirectoryInfo(mounted.Value), "").Order(StringComparer.Ordinal).ToList();
        scope.Kernel.Unmount(mounted, detach: false).Must();
        scope.Kernel.Remove(device.Name, deferred: false).Must();
        return lines;
    }

    private static IEnumerable<string> Lines(DirectoryInfo directory, string path)
    {
        foreach (var entry in directory.EnumerateFileSystemInfos())
        {
            var name = $"{path}/{entry.Name}";
            var about = string.Create(
                CultureInfo.InvariantCulture,
                $"{name} {entry.UnixFileMode} {entry.LastWriteTimeUtc.Ticks} {entry.LinkTarget}");
            if (entry is DirectoryInfo { LinkTarget: null } below)
            {
                yield return about;
                foreach (var line in Lines(below, name))
                    yield return line;
            }
            else
            {
                yield return entry.LinkTarget is null && entry is FileInfo file
                    ? $"{about} {file.Length} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file.FullName)))}"
                    : about;
            }
        }
    }
}

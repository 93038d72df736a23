using System.Globalization;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Kernel.FileSystems;
using DmAgents.Kernel.Interop;
using DmAgents.Kernel.Interop.FileTrees;

namespace DmAgents.Kernel.FileTrees;

/// <summary>The trees of this host.</summary>
public sealed class LinuxFileTrees : IFileTrees
{
    public FileTreeStatus Open(MountPath root, out IFileTree? tree)
    {
        var status = LinuxFileTree.Open(root.Value, out var opened);
        tree = opened;
        return status;
    }

    public KernelResult<IFileTree> OpenDevice(DevicePath device, FileSystemKind kind, string? directory)
    {
        var mounted = LinuxFileSystems.OpenForReading(device, kind);
        if (!mounted.Succeeded)
            return mounted.Error;
        var mount = mounted.Value;
        // By descriptor, because the mount has no path. A symlink in place of the directory is not followed.
        var root = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{mount.Number}");
        var status = directory is null
            ? LinuxFileTree.Open(root, 0, mount, out var tree)
            : LinuxFileTree.Open($"{root}/{directory}", FileFlags.NoFollow, mount, out tree);
        if (status.IsDone)
            return KernelResult.Found<IFileTree>(tree!);
        mount.Dispose();
        return KernelErrors.From(status.Errno, status.Call, device.Value, $"the file system's directory {directory}");
    }
}

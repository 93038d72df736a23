using System.Collections.Concurrent;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Kernel.FileTrees;

namespace DmAgents.Agent.Tests.Support;

/// <summary>A mount of the simulated kernel is no directory of this host: the importer fills a folder in its
/// place.</summary>
internal sealed class FoldersAsMounts : IFileTrees
{
    /// <summary>What is on a device of the simulated kernel, by its path.</summary>
    public ConcurrentDictionary<string, string> OnDevices { get; } = new();

    /// <summary>What is on every other device; null: nothing.</summary>
    public string? Otherwise { get; set; }

    /// <summary>Devices whose file system has a log that they take no replay of.</summary>
    public Func<DevicePath, bool> NeedsReplay { get; set; } = _ => false;

    public FileTreeStatus Open(MountPath root, out IFileTree? tree)
    {
        Directory.CreateDirectory(root.Value);
        return new LinuxFileTrees().Open(root, out tree);
    }

    public KernelResult<IFileTree> OpenDevice(DevicePath device, FileSystemKind kind, string? directory)
    {
        if (NeedsReplay(device))
            return new KernelError(KernelFault.ReadOnly, 30, "mount", device.Value, "");
        var folder = OnDevices.GetValueOrDefault(device.Value) ?? Otherwise;
        if (folder is null)
            return new KernelError(KernelFault.NotFound, 2, "mount", device.Value, "the test put nothing on it");
        var status = new LinuxFileTrees().Open(new MountPath(folder), out var tree);
        return status.IsDone
            ? KernelResult.Found<IFileTree>(tree!)
            : new KernelError(KernelFault.Failed, status.Errno, "open", device.Value, "");
    }
}

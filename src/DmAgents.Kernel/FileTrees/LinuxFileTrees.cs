using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports.FileTrees;

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
}

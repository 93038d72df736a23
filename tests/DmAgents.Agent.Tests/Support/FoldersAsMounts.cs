using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Kernel.FileTrees;

namespace DmAgents.Agent.Tests.Support;

/// <summary>A mount of the simulated kernel is no directory of this host: the importer fills a folder in its
/// place.</summary>
internal sealed class FoldersAsMounts : IFileTrees
{
    public FileTreeStatus Open(MountPath root, out IFileTree? tree)
    {
        Directory.CreateDirectory(root.Value);
        return new LinuxFileTrees().Open(root, out tree);
    }
}

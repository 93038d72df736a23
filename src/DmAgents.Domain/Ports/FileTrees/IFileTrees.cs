using DmAgents.Domain.Devices;

namespace DmAgents.Domain.Ports.FileTrees;

/// <summary>Opens the trees of mounted file systems.</summary>
public interface IFileTrees
{
    /// <summary>Opens the tree below a directory; symlinks in the path to the root itself are followed.</summary>
    /// <param name="tree">To be disposed; null unless the result is done.</param>
    FileTreeStatus Open(MountPath root, out IFileTree? tree);
}

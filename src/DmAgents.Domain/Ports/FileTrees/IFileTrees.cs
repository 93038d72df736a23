using DmAgents.Domain.Devices;

namespace DmAgents.Domain.Ports.FileTrees;

/// <summary>Opens the trees of mounted file systems.</summary>
public interface IFileTrees
{
    /// <summary>Opens the tree below a directory; symlinks in the path to the root itself are followed.</summary>
    /// <param name="tree">To be disposed; null unless the result is done.</param>
    FileTreeStatus Open(MountPath root, out IFileTree? tree);

    /// <summary>
    /// Opens the tree on a live device for reading, by a mount that is in no directory: no other process sees it, and
    /// it ends with the tree, or with this process. The file system's log is replayed first, which writes.
    /// </summary>
    /// <param name="device">The device; it stays in use until the tree is disposed.</param>
    /// <param name="kind">The file system on it.</param>
    /// <param name="directory">The directory of the file system's root that is the tree; null: all of it.</param>
    /// <returns>NotFound if there is no such device or directory. NotSupported, as for a mount. ReadOnly if the log has
    /// to be replayed and the device takes no writes.</returns>
    KernelResult<IFileTree> OpenDevice(DevicePath device, FileSystemKind kind, string? directory);
}

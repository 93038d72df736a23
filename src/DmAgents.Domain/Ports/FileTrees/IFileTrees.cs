using DmAgents.Domain.Devices;

namespace DmAgents.Domain.Ports.FileTrees;

/// <summary>Opens the trees of mounted file systems.</summary>
public interface IFileTrees
{
    /// <summary>Opens the tree below a directory; symlinks in the path to the root itself are followed.</summary>
    /// <param name="tree">The caller disposes it; null unless the call succeeds.</param>
    FileTreeStatus Open(MountPath root, out IFileTree? tree);

    /// <summary>
    /// Opens the tree on a live device for reading, by a detached mount: no other process sees it, and it ends with the
    /// tree or with this process. The file system's log is replayed first, which writes.
    /// </summary>
    /// <param name="device">The device; it stays in use until the tree is disposed.</param>
    /// <param name="kind">The file system on it.</param>
    /// <param name="directory">The directory in the file system's root that is the tree's root; null: the whole file
    /// system.</param>
    /// <returns>NotFound if the device or directory does not exist. NotSupported, as for a mount. ReadOnly if the log
    /// must be replayed and the device refuses writes.</returns>
    KernelResult<IFileTree> OpenDevice(DevicePath device, FileSystemKind kind, string? directory);
}

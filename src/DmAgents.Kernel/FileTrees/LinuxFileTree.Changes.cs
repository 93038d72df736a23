using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Kernel.Interop.FileTrees;
using Microsoft.Win32.SafeHandles;

namespace DmAgents.Kernel.FileTrees;

/// <summary>The calls that change the tree.</summary>
public sealed partial class LinuxFileTree
{
    public FileTreeStatus CreateFile(TreePath path, EntryAttributes attributes, out ITreeFile? file) =>
        entries.CreateFile(path, attributes, out file);

    public FileTreeStatus MakeDirectory(
        TreePath path, EntryAttributes attributes, out IReadOnlyList<LostXattr> lost) =>
        entries.MakeDirectory(path, attributes, out lost);

    public FileTreeStatus MakeSymlink(
        TreePath path, ReadOnlySpan<byte> target, EntryAttributes attributes, out IReadOnlyList<LostXattr> lost) =>
        entries.MakeSymlink(path, target, attributes, out lost);

    public FileTreeStatus MakeNode(
        TreePath path, EntryType type, DeviceNumber device, EntryAttributes attributes,
        out IReadOnlyList<LostXattr> lost) =>
        entries.MakeNode(path, type, device, attributes, out lost);

    public unsafe FileTreeStatus MakeHardLink(TreePath path, TreePath target)
    {
        // Both parents must be open at once, and the cache guarantees only the most recent one.
        var status = OpenEntry(target.Parent, FileFlags.PathOnly | FileFlags.Directory, out var from);
        if (!status.IsDone)
            return status;
        using (from)
        {
            status = directories.Open(path.Parent, out var parent);
            if (!status.IsDone)
                return status;
            fixed (byte* name = CName.LastOf(path))
            fixed (byte* existing = CName.LastOf(target))
                return FileCalls.LinkAt(from, existing, parent, name, 0) < 0
                    ? FileTreeErrno.Last("linkat")
                    : FileTreeStatus.Done;
        }
    }

    public unsafe FileTreeStatus RemoveFile(TreePath path)
    {
        var status = directories.Open(path.Parent, out var parent);
        if (!status.IsDone)
            return status;
        fixed (byte* name = CName.LastOf(path))
            return FileCalls.UnlinkAt(parent, name, 0) < 0 ? FileTreeErrno.Last("unlinkat") : FileTreeStatus.Done;
    }

    public unsafe FileTreeStatus RemoveDirectory(TreePath path)
    {
        var status = directories.Open(path.Parent, out var parent);
        if (!status.IsDone)
            return status;
        directories.Forget(path);
        fixed (byte* name = CName.LastOf(path))
            return FileCalls.UnlinkAt(parent, name, FileFlags.RemoveDirectory) < 0
                ? FileTreeErrno.Last("unlinkat")
                : FileTreeStatus.Done;
    }

    public FileTreeStatus SetAttributes(
        TreePath path, EntryAttributes attributes, out IReadOnlyList<LostXattr> lost)
    {
        lost = [];
        var status = OpenInode(path, out var handle, out var type);
        if (!status.IsDone)
            return status;
        directories.Changed(path);
        using (handle)
            return new InodeAttributes(handle, type).Set(attributes, out lost);
    }

    public unsafe FileTreeStatus SetTime(TreePath path, InodeTime modificationTime)
    {
        var status = directories.Open(path.Parent, out var parent);
        if (!status.IsDone)
            return status;
        fixed (byte* name = CName.LastOf(path))
            return InodeAttributes.SetTime(parent, name, modificationTime);
    }

    /// <summary>
    /// Opens files and directories without O_PATH and everything else with it, as <see cref="InodeAttributes"/>
    /// requires.
    /// </summary>
    private FileTreeStatus OpenInode(TreePath path, out SafeFileHandle handle, out EntryType type)
    {
        handle = new SafeFileHandle(-1, ownsHandle: true);
        var status = Stat(path, out var stat);
        type = stat?.Type ?? EntryType.File;
        if (!status.IsDone)
            return status;
        var flags = type switch
        {
            EntryType.File => FileFlags.ReadOnly | FileFlags.NonBlocking,
            EntryType.Directory => FileFlags.ReadOnly | FileFlags.Directory,
            _ => FileFlags.PathOnly,
        };
        return OpenEntry(path, flags, out handle);
    }

    private unsafe FileTreeStatus OpenEntry(TreePath path, int flags, out SafeFileHandle handle)
    {
        handle = new SafeFileHandle(-1, ownsHandle: true);
        var status = directories.Open(path.Parent, out var parent);
        if (!status.IsDone)
            return status;
        fixed (byte* name = CName.LastOf(path))
        {
            var fd = FileCalls.OpenAt(parent, name, flags | FileFlags.NoFollow | FileFlags.CloseOnExec, 0);
            if (fd < 0)
                return FileTreeErrno.Last("openat");
            handle = new SafeFileHandle(fd, ownsHandle: true);
            return FileTreeStatus.Done;
        }
    }
}

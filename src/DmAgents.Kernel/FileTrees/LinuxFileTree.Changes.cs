using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Kernel.Interop.FileTrees;
using Microsoft.Win32.SafeHandles;

namespace DmAgents.Kernel.FileTrees;

/// <summary>The calls that change the tree.</summary>
public sealed partial class LinuxFileTree
{
    // Nobody but the owner until SetAttributes says otherwise: a half-written set-uid program must not be usable.
    private const uint PrivateFile = 0x180; // 0600
    private const uint PrivateDirectory = 0x1C0; // 0700

    public FileTreeStatus CreateFile(TreePath path, out ITreeFile? file)
    {
        var status = OpenEntry(path, FileFlags.ReadWrite | FileFlags.Create | FileFlags.Exclusive, out var handle);
        file = status.IsDone ? new LinuxTreeFile(handle) : null;
        return status;
    }

    public unsafe FileTreeStatus MakeDirectory(TreePath path)
    {
        var status = directories.Open(path.Parent, out var parent);
        if (!status.IsDone)
            return status;
        fixed (byte* name = CName.LastOf(path))
            return FileCalls.MakeDirectoryAt(parent, name, PrivateDirectory) < 0
                ? FileTreeErrno.Last("mkdirat")
                : FileTreeStatus.Done;
    }

    public unsafe FileTreeStatus MakeSymlink(TreePath path, ReadOnlySpan<byte> target)
    {
        var status = directories.Open(path.Parent, out var parent);
        if (!status.IsDone)
            return status;
        fixed (byte* name = CName.LastOf(path))
        fixed (byte* pointsTo = CName.Of(target))
            return FileCalls.SymlinkAt(pointsTo, parent, name) < 0
                ? FileTreeErrno.Last("symlinkat") : FileTreeStatus.Done;
    }

    public unsafe FileTreeStatus MakeHardLink(TreePath path, TreePath target)
    {
        // Both parents must stay open at once, and the cache promises only the last one.
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

    public unsafe FileTreeStatus MakeNode(TreePath path, EntryType type, DeviceNumber device)
    {
        var format = type switch
        {
            EntryType.Fifo => FileFlags.TypeFifo,
            EntryType.CharacterDevice => FileFlags.TypeCharacter,
            EntryType.BlockDevice => FileFlags.TypeBlock,
            _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Only fifos and device nodes are nodes"),
        };
        var status = directories.Open(path.Parent, out var parent);
        if (!status.IsDone)
            return status;
        fixed (byte* name = CName.LastOf(path))
            return FileCalls.MakeNodeAt(parent, name, (uint)format | PrivateFile, Encode(device)) < 0
                ? FileTreeErrno.Last("mknodat")
                : FileTreeStatus.Done;
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
        using (handle)
            return new InodeAttributes(handle, type).Set(attributes, out lost);
    }

    public FileTreeStatus SetTime(TreePath path, InodeTime modificationTime)
    {
        var status = OpenInode(path, out var handle, out var type);
        if (!status.IsDone)
            return status;
        using (handle)
            return new InodeAttributes(handle, type).SetTime(modificationTime);
    }

    /// <summary>makedev(3): the 64-bit form that glibc takes on every architecture.</summary>
    private static ulong Encode(DeviceNumber device) =>
        ((ulong)(device.Major & 0xFFFFF000) << 32) | ((ulong)(device.Major & 0xFFF) << 8)
        | ((ulong)(device.Minor & 0xFFFFFF00) << 12) | (device.Minor & 0xFF);

    /// <summary>
    /// Opens files and directories for real and all else by O_PATH, as <see cref="InodeAttributes"/> wants it.
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
            var fd = FileCalls.OpenAt(parent, name, flags | FileFlags.NoFollow | FileFlags.CloseOnExec, PrivateFile);
            if (fd < 0)
                return FileTreeErrno.Last("openat");
            handle = new SafeFileHandle(fd, ownsHandle: true);
            return FileTreeStatus.Done;
        }
    }
}

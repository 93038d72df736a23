using System.Runtime.InteropServices;
using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Kernel.Interop.FileTrees;
using Microsoft.Win32.SafeHandles;

namespace DmAgents.Kernel.FileTrees;

/// <summary>
/// A directory tree on this host, reached through handles only: parents by openat2(2) with RESOLVE_BENEATH and
/// RESOLVE_NO_SYMLINKS, the last component by calls that do not follow symlinks. Requires Linux 5.6 and /proc. Only
/// <see cref="Flush"/> makes changes durable.
/// </summary>
public sealed class LinuxFileTree : IFileTree
{
    // Enough for a path and its NUL; readlink never returns more (PATH_MAX).
    private const int PathBuffer = 4096;

    private readonly DirectoryHandles directories;
    private readonly NewEntries entries;

    // The kernel reports to each open file the write errors that happened after the open.
    private readonly SafeFileHandle witness;

    // Null unless the tree has a mount of its own.
    private readonly IDisposable? mount;

    private LinuxFileTree(SafeFileHandle root, SafeFileHandle witness, IDisposable? mount)
    {
        (this.witness, this.mount) = (witness, mount);
        directories = new DirectoryHandles(root);
        entries = new NewEntries(directories);
    }

    /// <summary>Opens the tree below a directory. Symlinks in the path to the root are followed.</summary>
    public static FileTreeStatus Open(string root, out LinuxFileTree? tree) => Open(root, 0, mount: null, out tree);

    /// <summary>As above, with more flags and a mount.</summary>
    /// <param name="flags">Additional flags of open(2).</param>
    /// <param name="mount">If present, disposed with the tree.</param>
    internal static unsafe FileTreeStatus Open(string root, int flags, IDisposable? mount, out LinuxFileTree? tree)
    {
        tree = null;
        fixed (byte* path = CName.Of(root))
        {
            var fd = FileCalls.Open(path, FileFlags.PathOnly | FileFlags.Directory | FileFlags.CloseOnExec | flags);
            if (fd < 0)
                return FileTreeErrno.Last("open");
            var top = new SafeFileHandle(fd, ownsHandle: true);
            fixed (byte* itself = CName.LastOf(TreePath.Root))
                fd = FileCalls.OpenAt(
                    top, itself, FileFlags.ReadOnly | FileFlags.Directory | FileFlags.CloseOnExec, 0);
            if (fd < 0)
            {
                var status = FileTreeErrno.Last("openat");
                top.Dispose();
                return status;
            }
            tree = new LinuxFileTree(top, new SafeFileHandle(fd, ownsHandle: true), mount);
            return FileTreeStatus.Done;
        }
    }

    public unsafe FileTreeStatus Stat(TreePath path, out EntryStat? stat)
    {
        stat = null;
        var status = directories.Open(path.Parent, out var parent);
        if (!status.IsDone)
            return status;
        Statx found;
        fixed (byte* name = CName.LastOf(path))
            if (FileCalls.Statx(parent, name, FileFlags.SymlinkNoFollow, FileFlags.StatxBasic, &found) < 0)
                return FileTreeErrno.Last("statx");
        stat = new EntryStat(
            TypeOf(found.Mode), new Permissions(found.Mode & 0xFFF), new Owner(found.Uid, found.Gid), (long)found.Size,
            new InodeTime(found.ModifiedSeconds, (int)found.ModifiedNanoseconds), found.Links,
            new InodeNumber(found.Inode), new DeviceNumber(found.DeviceMajor, found.DeviceMinor));
        return FileTreeStatus.Done;
    }

    public unsafe FileTreeStatus List(TreePath path, out IReadOnlyList<byte[]> names)
    {
        var found = new List<byte[]>();
        names = found;
        var status = OpenEntry(path, FileFlags.ReadOnly | FileFlags.Directory, out var directory);
        if (!status.IsDone)
            return status;
        using (directory)
        {
            var buffer = new byte[32 * 1024];
            fixed (byte* start = buffer)
            {
                while (true)
                {
                    var size = FileCalls.GetDirectoryEntries(directory, start, (nuint)buffer.Length);
                    if (size < 0)
                        return FileTreeErrno.Last("getdents64");
                    if (size == 0)
                        return FileTreeStatus.Done;
                    AddNames(buffer.AsSpan(0, (int)size), found);
                }
            }
        }
    }

    public unsafe FileTreeStatus ReadLink(TreePath path, out byte[] target)
    {
        target = [];
        var status = directories.Open(path.Parent, out var parent);
        if (!status.IsDone)
            return status;
        var buffer = stackalloc byte[PathBuffer];
        fixed (byte* name = CName.LastOf(path))
        {
            var size = FileCalls.ReadLinkAt(parent, name, buffer, PathBuffer);
            if (size < 0)
                return FileTreeErrno.Last("readlinkat");
            target = new ReadOnlySpan<byte>(buffer, (int)size).ToArray();
            return FileTreeStatus.Done;
        }
    }

    public FileTreeStatus ReadXattrs(TreePath path, out IReadOnlyList<Xattr> xattrs)
    {
        xattrs = [];
        var status = OpenInode(path, out var handle, out var type);
        if (!status.IsDone)
            return status;
        using (handle)
            return new InodeAttributes(handle, type).ReadXattrs(out xattrs);
    }

    public FileTreeStatus OpenFile(TreePath path, out ITreeFile? file)
    {
        file = null;
        var status = Stat(path, out var stat);
        if (!status.IsDone)
            return status;
        // Opening a fifo waits for a writer, and opening a device may have side effects.
        if (stat!.Type != EntryType.File)
            return new FileTreeStatus(FileTreeOutcome.WrongType, 0, "open");
        status = OpenEntry(path, FileFlags.ReadOnly | FileFlags.NonBlocking, out var handle);
        if (status.IsDone)
            file = new LinuxTreeFile(handle, null, MissingAttributes.None);
        return status;
    }

    public FileTreeStatus Flush() =>
        FileCalls.SyncFileSystem(witness) < 0 ? FileTreeErrno.Last("syncfs") : FileTreeStatus.Done;

    public void Dispose()
    {
        directories.Dispose();
        witness.Dispose();
        mount?.Dispose();
    }

    private static EntryType TypeOf(int mode) => (mode & FileFlags.TypeMask) switch
    {
        FileFlags.TypeFile => EntryType.File,
        FileFlags.TypeDirectory => EntryType.Directory,
        FileFlags.TypeSymlink => EntryType.Symlink,
        FileFlags.TypeFifo => EntryType.Fifo,
        FileFlags.TypeCharacter => EntryType.CharacterDevice,
        FileFlags.TypeBlock => EntryType.BlockDevice,
        FileFlags.TypeSocket => EntryType.Socket,
        _ => throw new InvalidOperationException(
            $"The kernel reports an unknown file type, mode 0{Convert.ToString(mode, 8)}"),
    };

    private static void AddNames(ReadOnlySpan<byte> entries, List<byte[]> names)
    {
        while (!entries.IsEmpty)
        {
            var length = MemoryMarshal.Read<ushort>(entries[DirectoryEntryLayout.Length..]);
            var name = entries[DirectoryEntryLayout.Name..length];
            name = name[..name.IndexOf((byte)0)];
            if (TreePath.IsName(name))
                names.Add(name.ToArray());
            entries = entries[length..];
        }
    }

    // The calls that change the tree.

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

using System.Text;
using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Kernel.Interop;
using DmAgents.Kernel.Interop.FileTrees;
using Microsoft.Win32.SafeHandles;

namespace DmAgents.Kernel.FileTrees;

/// <summary>
/// Owner, permissions, xattrs and time of one open inode. Files and directories are opened without O_PATH, so that
/// calls on descriptors work. Everything else is opened with O_PATH, and chmod and xattr calls use /proc/self/fd.
/// </summary>
internal readonly unsafe struct InodeAttributes(SafeFileHandle handle, EntryType type)
{
    private const int MaxNames = 64 * 1024;

    // xfs lists an ACL a second time, in its stored form (fs/xfs/xfs_acl.c).
    private static readonly string[] XfsAcls = ["trusted.SGI_ACL_FILE", "trusted.SGI_ACL_DEFAULT"];

    // A full file system has less than this available.
    private const ulong RoomBytes = 1 << 20;

    private bool IsOpen => type is EntryType.File or EntryType.Directory;

    public FileTreeStatus Set(EntryAttributes attributes, out IReadOnlyList<LostXattr> lost)
    {
        lost = [];
        var status = SetOwner(attributes.Owner);
        if (status.IsDone)
            status = RemoveSurplus(attributes.Xattrs);
        if (status.IsDone && type != EntryType.Symlink)
            status = SetPermissions(attributes.Permissions);
        if (status.IsDone && attributes.Xattrs.Count > 0)
            status = SetXattrs(attributes.Xattrs, out lost);
        return status.IsDone && attributes.ModificationTime is { } time ? SetTime(time) : status;
    }

    /// <summary>Sets what a new file lacks; it has inherited nothing.</summary>
    public FileTreeStatus SetMissing(EntryAttributes attributes, MissingAttributes missing)
    {
        var status = missing.HasFlag(MissingAttributes.Owner) ? SetOwner(attributes.Owner) : FileTreeStatus.Done;
        if (status.IsDone && missing.HasFlag(MissingAttributes.Permissions))
            status = SetPermissions(attributes.Permissions);
        return status.IsDone && attributes.ModificationTime is { } time ? SetTime(time) : status;
    }

    /// <summary>Sets the time of an entry by its name; a symlink's own time.</summary>
    public static FileTreeStatus SetTime(SafeFileHandle parent, byte* name, InodeTime time)
    {
        var times = stackalloc TimeSpec[2];
        Fill(times, time);
        return FileCalls.SetTimesAt(parent, name, times, FileFlags.SymlinkNoFollow) < 0
            ? FileTreeErrno.Last("utimensat")
            : FileTreeStatus.Done;
    }

    private FileTreeStatus SetTime(InodeTime time)
    {
        var times = stackalloc TimeSpec[2];
        Fill(times, time);
        if (IsOpen)
            return FileCalls.SetTimes(handle, times) < 0 ? FileTreeErrno.Last("futimens") : FileTreeStatus.Done;
        fixed (byte* path = CName.OfHandle(handle))
            return FileCalls.SetTimesAt(handle, path, times, 0) < 0
                ? FileTreeErrno.Last("utimensat") : FileTreeStatus.Done;
    }

    private static void Fill(TimeSpec* times, InodeTime time)
    {
        times[0].Nanoseconds = FileFlags.OmitTime;
        times[1].Seconds = time.Seconds;
        times[1].Nanoseconds = time.Nanoseconds;
    }

    public FileTreeStatus ReadXattrs(out IReadOnlyList<Xattr> xattrs)
    {
        var found = new List<Xattr>();
        xattrs = found;
        var status = ListNames(out var names);
        if (!status.IsDone)
            return status;
        fixed (byte* path = CName.OfHandle(handle))
        {
            foreach (var name in names)
            {
                // The kernel's limit for a value (XATTR_SIZE_MAX) is 64 KiB.
                var value = new byte[64 * 1024];
                fixed (byte* attribute = CName.Of(name))
                fixed (byte* start = value)
                {
                    var size = FileCalls.GetXattr(path, attribute, start, (nuint)value.Length);
                    if (size < 0)
                        return FileTreeErrno.Last("getxattr " + name);
                    found.Add(new Xattr(name, value.AsSpan(0, (int)size).ToArray()));
                }
            }
        }
        return FileTreeStatus.Done;
    }

    private FileTreeStatus SetOwner(Owner owner)
    {
        fixed (byte* itself = "\0"u8)
            return FileCalls.ChownAt(handle, itself, owner.Uid, owner.Gid, FileFlags.EmptyPath) < 0
                ? FileTreeErrno.Last("fchownat")
                : FileTreeStatus.Done;
    }

    private FileTreeStatus SetPermissions(Permissions permissions)
    {
        if (IsOpen)
            return FileCalls.Chmod(handle, (uint)permissions.Bits) < 0
                ? FileTreeErrno.Last("fchmod") : FileTreeStatus.Done;
        fixed (byte* path = CName.OfHandle(handle))
            return FileCalls.Chmod(path, (uint)permissions.Bits) < 0
                ? FileTreeErrno.Last("chmod") : FileTreeStatus.Done;
    }

    /// <summary>Sets the required ones first: the others must not take their space.</summary>
    private FileTreeStatus SetXattrs(IReadOnlyList<Xattr> xattrs, out IReadOnlyList<LostXattr> lost)
    {
        var missing = new List<LostXattr>();
        lost = missing;
        foreach (var xattr in xattrs.OrderByDescending(xattr => xattr.IsRequired))
        {
            if (xattr.Name == Xattr.SecurityLabel)
            {
                missing.Add(new LostXattr(xattr.Name, XattrLoss.HostsOwn));
                continue;
            }
            var status = SetXattr(xattr);
            if (status.IsDone)
                continue;
            if (xattr.IsRequired || LossOf(status.Errno) is not { } loss)
                return status;
            missing.Add(new LostXattr(xattr.Name, loss));
        }
        return FileTreeStatus.Done;
    }

    private XattrLoss? LossOf(int errno) => errno switch
    {
        FileTreeErrno.NotSupported => XattrLoss.NotSupported,
        FileTreeErrno.NotPermitted or FileTreeErrno.NoAccess => XattrLoss.NotPermitted,
        FileTreeErrno.Invalid => XattrLoss.Invalid,
        FileTreeErrno.TooBig or FileTreeErrno.Range => XattrLoss.TooLong,
        FileTreeErrno.NoSpace when HasRoom() => XattrLoss.TooLong,
        _ => null,
    };

    /// <summary>ext4 returns ENOSPC also for an attribute that is too large for an inode or a block.</summary>
    private bool HasRoom()
    {
        FileSystemStatus found;
        fixed (byte* path = CName.OfHandle(handle))
            return FileCalls.StatFileSystem(path, &found) == 0
                && found.BlocksAvailable * (ulong)found.BlockSize >= RoomBytes;
    }

    private FileTreeStatus SetXattr(Xattr xattr)
    {
        fixed (byte* path = CName.OfHandle(handle))
        fixed (byte* name = CName.Of(xattr.Name))
        fixed (byte* value = xattr.Value.Span)
            return FileCalls.SetXattr(path, name, value, (nuint)xattr.Value.Length, 0) < 0
                ? FileTreeErrno.Last("setxattr " + xattr.Name)
                : FileTreeStatus.Done;
    }

    /// <summary>Even a new entry may have some: it inherits its directory's default ACLs.</summary>
    private FileTreeStatus RemoveSurplus(IReadOnlyList<Xattr> wanted)
    {
        var status = ListNames(out var names);
        if (!status.IsDone || names.Count == 0)
            return status;
        fixed (byte* path = CName.OfHandle(handle))
        {
            foreach (var name in names)
            {
                if (name == Xattr.SecurityLabel || wanted.Any(xattr => xattr.Name == name))
                    continue;
                fixed (byte* attribute = CName.Of(name))
                    if (FileCalls.RemoveXattr(path, attribute) < 0)
                        return FileTreeErrno.Last("removexattr " + name);
            }
        }
        return FileTreeStatus.Done;
    }

    private FileTreeStatus ListNames(out IReadOnlyList<string> names)
    {
        names = [];
        // Nearly every inode has none, so the first call uses a small buffer.
        Span<byte> small = stackalloc byte[512];
        var status = List(small, out var size);
        var buffer = small;
        if (status.Errno == FileTreeErrno.Range)
        {
            buffer = new byte[MaxNames];
            status = List(buffer, out size);
        }
        if (status.Errno == FileTreeErrno.NotSupported)
            return FileTreeStatus.Done;
        if (status.IsDone && size > 0)
            names = [.. Encoding.UTF8.GetString(buffer[..size]).Split('\0', StringSplitOptions.RemoveEmptyEntries)
                .Where(name => !XfsAcls.Contains(name))];
        return status;
    }

    private FileTreeStatus List(Span<byte> buffer, out int size)
    {
        fixed (byte* start = buffer)
        fixed (byte* path = IsOpen ? null : CName.OfHandle(handle))
        {
            var found = path is null
                ? FileCalls.ListXattrs(handle, start, (nuint)buffer.Length)
                : FileCalls.ListXattrs(path, start, (nuint)buffer.Length);
            var status = found < 0 ? FileTreeErrno.Last("listxattr") : FileTreeStatus.Done;
            size = (int)Math.Max(found, 0);
            return status;
        }
    }
}

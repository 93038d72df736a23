using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Kernel.Interop.FileTrees;
using Microsoft.Win32.SafeHandles;

namespace DmAgents.Kernel.FileTrees;

/// <summary>
/// Creates entries with as few system calls as possible. Most get owner and permissions on creation, and only their
/// time is set later. An entry's initial attributes are known unless its directory passes some on.
/// </summary>
internal sealed unsafe class NewEntries(DirectoryHandles directories)
{
    // Only the owner has access until all attributes are set: a half-written set-uid program must not be usable.
    private const uint PrivateFile = 0x180; // 0600
    private const uint PrivateDirectory = 0x1C0; // 0700
    private const int SpecialBits = 0xE00; // set-uid, set-gid, sticky

    private readonly Owner creator = new(FileCalls.EffectiveUser(), FileCalls.EffectiveGroup());
    private readonly int umask = ReadUmask();

    public FileTreeStatus CreateFile(TreePath path, EntryAttributes attributes, out ITreeFile? file)
    {
        file = null;
        var status = directories.Open(path.Parent, out var parent);
        if (!status.IsDone)
            return status;
        var mode = ModeAtFirst(attributes, PrivateFile);
        fixed (byte* name = CName.LastOf(path))
        {
            const int Flags = FileFlags.ReadWrite | FileFlags.Create | FileFlags.Exclusive | FileFlags.CloseOnExec;
            var fd = FileCalls.OpenAt(parent, name, Flags | FileFlags.NoFollow, mode);
            if (fd < 0)
                return FileTreeErrno.Last("openat");
            file = new LinuxTreeFile(
                new SafeFileHandle(fd, ownsHandle: true), attributes, Missing(path.Parent, attributes, mode));
            return FileTreeStatus.Done;
        }
    }

    public FileTreeStatus MakeDirectory(
        TreePath path, EntryAttributes attributes, out IReadOnlyList<LostXattr> lost)
    {
        lost = [];
        var status = directories.Open(path.Parent, out var parent);
        if (!status.IsDone)
            return status;
        var mode = ModeAtFirst(attributes, PrivateDirectory);
        fixed (byte* name = CName.LastOf(path))
        {
            if (FileCalls.MakeDirectoryAt(parent, name, mode) < 0)
                return FileTreeErrno.Last("mkdirat");
            return Complete(path, parent, name, EntryType.Directory, attributes, mode, out lost);
        }
    }

    public FileTreeStatus MakeSymlink(
        TreePath path, ReadOnlySpan<byte> target, EntryAttributes attributes, out IReadOnlyList<LostXattr> lost)
    {
        lost = [];
        var status = directories.Open(path.Parent, out var parent);
        if (!status.IsDone)
            return status;
        fixed (byte* name = CName.LastOf(path))
        fixed (byte* pointsTo = CName.Of(target))
        {
            if (FileCalls.SymlinkAt(pointsTo, parent, name) < 0)
                return FileTreeErrno.Last("symlinkat");
            return Complete(path, parent, name, EntryType.Symlink, attributes, 0, out lost);
        }
    }

    public FileTreeStatus MakeNode(
        TreePath path, EntryType type, DeviceNumber device, EntryAttributes attributes,
        out IReadOnlyList<LostXattr> lost)
    {
        lost = [];
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
        {
            if (FileCalls.MakeNodeAt(parent, name, (uint)format | PrivateFile, Encode(device)) < 0)
                return FileTreeErrno.Last("mknodat");
            return Complete(path, parent, name, type, attributes, PrivateFile, out lost);
        }
    }

    /// <summary>Sets what the new entry lacks, by name: the name is known to lead to this entry and no other.</summary>
    private FileTreeStatus Complete(
        TreePath path, SafeFileHandle parent, byte* name, EntryType type, EntryAttributes attributes, uint mode,
        out IReadOnlyList<LostXattr> lost)
    {
        lost = [];
        var missing = Missing(path.Parent, attributes, mode);
        if (missing == MissingAttributes.All)
            return SetAll(parent, name, type, attributes, out lost);
        if (missing.HasFlag(MissingAttributes.Owner) && FileCalls.ChownAt(
            parent, name, attributes.Owner.Uid, attributes.Owner.Gid, FileFlags.SymlinkNoFollow) < 0)
            return FileTreeErrno.Last("fchownat");
        if (type != EntryType.Symlink && missing.HasFlag(MissingAttributes.Permissions)
            && FileCalls.ChmodAt(parent, name, (uint)attributes.Permissions.Bits, 0) < 0)
            return FileTreeErrno.Last("fchmodat");
        return attributes.ModificationTime is { } time
            ? InodeAttributes.SetTime(parent, name, time)
            : FileTreeStatus.Done;
    }

    private static FileTreeStatus SetAll(
        SafeFileHandle parent, byte* name, EntryType type, EntryAttributes attributes,
        out IReadOnlyList<LostXattr> lost)
    {
        lost = [];
        var flags = type == EntryType.Directory ? FileFlags.ReadOnly | FileFlags.Directory : FileFlags.PathOnly;
        var fd = FileCalls.OpenAt(parent, name, flags | FileFlags.NoFollow | FileFlags.CloseOnExec, 0);
        if (fd < 0)
            return FileTreeErrno.Last("openat");
        using var handle = new SafeFileHandle(fd, ownsHandle: true);
        return new InodeAttributes(handle, type).Set(attributes, out lost);
    }

    private static uint ModeAtFirst(EntryAttributes attributes, uint other)
    {
        var bits = attributes.Permissions.Bits;
        return (bits & SpecialBits) == 0 ? (uint)bits : other;
    }

    private MissingAttributes Missing(TreePath parent, EntryAttributes attributes, uint mode)
    {
        if (attributes.Xattrs.Count > 0)
            return MissingAttributes.All;
        var missing = directories.HandsDown(parent, creator);
        if (attributes.Owner != creator)
            missing |= MissingAttributes.Owner;
        // A change of owner clears set-uid, so these bits are never set on creation.
        if ((mode & (uint)~umask) != attributes.Permissions.Bits)
            missing |= MissingAttributes.Permissions;
        return missing;
    }

    /// <summary>The process's umask. umask(2) could read it only by changing it for a moment.</summary>
    private static int ReadUmask()
    {
        const string Name = "Umask:";
        foreach (var line in File.ReadLines("/proc/self/status"))
            if (line.StartsWith(Name, StringComparison.Ordinal))
                return Convert.ToInt32(line[Name.Length..].Trim(), 8);
        throw new InvalidOperationException("/proc/self/status has no Umask: the kernel is older than 4.7");
    }

    /// <summary>makedev(3): the 64-bit form that glibc takes on every architecture.</summary>
    private static ulong Encode(DeviceNumber device) =>
        ((ulong)(device.Major & 0xFFFFF000) << 32) | ((ulong)(device.Major & 0xFFF) << 8)
        | ((ulong)(device.Minor & 0xFFFFFF00) << 12) | (device.Minor & 0xFF);
}

/// <summary>What a new entry lacks. All: inherited attributes must be removed, too.</summary>
[Flags]
internal enum MissingAttributes
{
    None = 0,
    Owner = 1,
    Permissions = 2,
    All = 7,
}

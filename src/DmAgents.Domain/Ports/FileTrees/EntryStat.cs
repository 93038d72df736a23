namespace DmAgents.Domain.Ports.FileTrees;

/// <summary>What an entry of a file tree is.</summary>
public enum EntryType
{
    File,
    Directory,
    Symlink,
    Fifo,
    CharacterDevice,
    BlockDevice,
    Socket,
}

/// <summary>Numeric owner and group: names differ between hosts.</summary>
public readonly record struct Owner(uint Uid, uint Gid)
{
    public static readonly Owner Root = new(0, 0);

    public override string ToString() => $"{Uid}:{Gid}";
}

/// <summary>The permission bits of an entry with set-uid, set-gid and sticky: the low 12 bits of st_mode.</summary>
public readonly record struct Permissions
{
    private const int Mask = 0xFFF;

    public Permissions(int bits)
    {
        if ((bits & ~Mask) != 0)
            throw new ArgumentOutOfRangeException(nameof(bits), bits, "Only the low 12 bits are permissions");
        Bits = bits;
    }

    public int Bits { get; }

    public override string ToString() => Convert.ToString(Bits, 8).PadLeft(4, '0');
}

/// <summary>The device of a device node.</summary>
public readonly record struct DeviceNumber(uint Major, uint Minor)
{
    public override string ToString() => $"{Major}:{Minor}";
}

/// <summary>
/// A time in an inode: seconds since 1970, negative before, and nanoseconds after that second (0 to 999,999,999).
/// DateTimeOffset resolves only 100 nanoseconds and would change an image's times.
/// </summary>
public readonly record struct InodeTime(long Seconds, int Nanoseconds)
{
    public override string ToString() => $"{Seconds}.{Nanoseconds:D9}";
}

/// <summary>Identifies an inode within its tree: entries with the same one are hard links of each other.</summary>
public readonly record struct InodeNumber(ulong Value);

/// <summary>
/// The lstat(2) result of an entry. <paramref name="Size"/> is in bytes, for a symlink the length of its target;
/// <paramref name="Links"/> counts hard links; <paramref name="Device"/> is valid for device nodes only.
/// </summary>
public sealed record EntryStat(
    EntryType Type, Permissions Permissions, Owner Owner, long Size, InodeTime ModificationTime,
    uint Links, InodeNumber Inode, DeviceNumber Device);

/// <summary>
/// An extended attribute with the name-space in its name (<c>security.capability</c>); the value is bytes.
/// </summary>
public sealed record Xattr(string Name, ReadOnlyMemory<byte> Value)
{
    /// <summary>A file's capabilities: a program that needs them fails without them.</summary>
    public const string Capability = "security.capability";

    /// <summary>SELinux's policy label, which the host sets.</summary>
    public const string SecurityLabel = "security.selinux";

    /// <summary>POSIX ACLs in the kernel's own form (linux/posix_acl_xattr.h).</summary>
    public const string AccessAcl = "system.posix_acl_access";
    public const string DefaultAcl = "system.posix_acl_default";

    /// <summary>Whether the entry is useless without the attribute. Others are left out if they cannot be
    /// set.</summary>
    public bool IsRequired => Name == Capability;
}

/// <summary>Why an extended attribute of an entry was left out.</summary>
public enum XattrLoss
{
    /// <summary>EOPNOTSUPP: the file system has no such name-space (<c>com.apple.*</c>), or none at all.</summary>
    NotSupported,

    /// <summary>EPERM, EACCES: not for entries of this type (<c>user.*</c> of a symlink), or by policy.</summary>
    NotPermitted,

    /// <summary>EINVAL: the kernel considers the value malformed.</summary>
    Invalid,

    /// <summary>E2BIG, ERANGE, ENOSPC of a file system with room: name or value is longer than it can hold.</summary>
    TooLong,

    /// <summary><see cref="Xattr.SecurityLabel"/>.</summary>
    HostsOwn,

    /// <summary>An ACL with user or group names but without numbers: a name can be another user on each host.</summary>
    NamesWithoutNumbers,
}

/// <summary>An extended attribute that was left out, and why.</summary>
public readonly record struct LostXattr(string Name, XattrLoss Why);

/// <summary>
/// All attributes of an entry besides its content. If <paramref name="ModificationTime"/> is null, the time is
/// unchanged. <paramref name="Xattrs"/> is exact: other attributes of the entry are removed.
/// </summary>
public sealed record EntryAttributes(
    Owner Owner, Permissions Permissions, InodeTime? ModificationTime, IReadOnlyList<Xattr> Xattrs);

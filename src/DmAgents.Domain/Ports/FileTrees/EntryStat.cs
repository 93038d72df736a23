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

/// <summary>Numeric owner and group: names mean something else on every host.</summary>
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

/// <summary>The device that a node stands for.</summary>
public readonly record struct DeviceNumber(uint Major, uint Minor)
{
    public override string ToString() => $"{Major}:{Minor}";
}

/// <summary>
/// A time in an inode: seconds since 1970, negative before, and nanoseconds after that second (0 to 999,999,999).
/// DateTimeOffset holds 100 nanoseconds at best and would change what an image says.
/// </summary>
public readonly record struct InodeTime(long Seconds, int Nanoseconds)
{
    public override string ToString() => $"{Seconds}.{Nanoseconds:D9}";
}

/// <summary>Identifies an inode within its tree: entries with the same one are hard links of each other.</summary>
public readonly record struct InodeNumber(ulong Value);

/// <summary>
/// What lstat(2) says of an entry. <paramref name="Size"/> is in bytes, for a symlink the length of its target;
/// <paramref name="Links"/> counts hard links; <paramref name="Device"/> means something for device nodes only.
/// </summary>
public sealed record EntryStat(
    EntryType Type, Permissions Permissions, Owner Owner, long Size, InodeTime ModificationTime,
    uint Links, InodeNumber Inode, DeviceNumber Device);

/// <summary>
/// An extended attribute with the name-space in its name (<c>security.capability</c>); the value is bytes.
/// </summary>
public sealed record Xattr(string Name, ReadOnlyMemory<byte> Value)
{
    /// <summary>A file's capabilities: without them the program that needs them fails.</summary>
    public const string Capability = "security.capability";

    /// <summary>The policy label of SELinux, which is the host's to give.</summary>
    public const string SecurityLabel = "security.selinux";

    /// <summary>POSIX ACLs in the kernel's own form (linux/posix_acl_xattr.h).</summary>
    public const string AccessAcl = "system.posix_acl_access";
    public const string DefaultAcl = "system.posix_acl_default";

    /// <summary>Whether the entry is worth nothing without it. Others are left out if they cannot be had.</summary>
    public bool IsRequired => Name == Capability;
}

/// <summary>Why an entry is without an extended attribute that it was to have.</summary>
public enum XattrLoss
{
    /// <summary>EOPNOTSUPP: the file system has no such name-space (<c>com.apple.*</c>), or none at all.</summary>
    NotSupported,

    /// <summary>EPERM, EACCES: not for entries of this type (<c>user.*</c> of a symlink), or by policy.</summary>
    NotPermitted,

    /// <summary>EINVAL: the kernel takes the value for malformed.</summary>
    Invalid,

    /// <summary>E2BIG, ERANGE, ENOSPC of a file system with room: name or value is longer than it can hold.</summary>
    TooLong,

    /// <summary><see cref="Xattr.SecurityLabel"/>.</summary>
    HostsOwn,

    /// <summary>An ACL that names users or groups without their numbers: a name is another user on each host.</summary>
    NamesWithoutNumbers,
}

/// <summary>An extended attribute that was left out, and why.</summary>
public readonly record struct LostXattr(string Name, XattrLoss Why);

/// <summary>
/// All that an entry carries besides its content. <paramref name="ModificationTime"/> null leaves the time alone.
/// <paramref name="Xattrs"/> is exact: what the entry has beyond it is taken away.
/// </summary>
public sealed record EntryAttributes(
    Owner Owner, Permissions Permissions, InodeTime? ModificationTime, IReadOnlyList<Xattr> Xattrs);

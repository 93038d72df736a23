using DmAgents.Domain.Ports.FileTrees;

namespace DmAgents.Images.Tar;

internal enum TarEntryType
{
    File,
    HardLink,
    Symlink,
    CharacterDevice,
    BlockDevice,
    Directory,
    Fifo,
}

/// <summary>A run of a sparse file's bytes in the archive; the rest of the file is holes.</summary>
internal readonly record struct SparseExtent(long Offset, long Length);

/// <summary>
/// An entry as in the archive, with all extensions resolved. Names are unchanged and unchecked. <paramref name="Size"/>
/// is the file's size in bytes with holes; <paramref name="Extents"/> is null for a file without holes.
/// <paramref name="Lost"/> are attributes that no file system can hold in their written form.
/// </summary>
internal sealed record TarEntry(
    byte[] Name, byte[] LinkName, TarEntryType Type, Permissions Permissions, Owner Owner, InodeTime ModificationTime,
    DeviceNumber Device, long Size, IReadOnlyList<Xattr> Xattrs, IReadOnlyList<SparseExtent>? Extents,
    IReadOnlyList<LostXattr> Lost)
{
    /// <summary>The group's rights if the entry has a textual access ACL and that ACL is not kept.</summary>
    public int? GroupWithoutAcl { get; init; }

    /// <summary>The entry's permissions if its access ACL is not kept.</summary>
    public Permissions PermissionsWithoutAcl =>
        GroupWithoutAcl is { } group ? new Permissions((Permissions.Bits & ~0x38) | (group << 3)) : Permissions;

    public string DisplayName => TreePath.Display(Name);
}

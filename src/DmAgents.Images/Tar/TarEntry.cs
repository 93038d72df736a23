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

/// <summary>A run of bytes that the archive holds of a sparse file; the rest of the file is holes.</summary>
internal readonly record struct SparseExtent(long Offset, long Length);

/// <summary>
/// An entry as the archive says it, with all extensions resolved. Names are as they stand in the archive, unchecked.
/// <paramref name="Size"/> is the file's size in bytes with holes; <paramref name="Extents"/> is null for a file
/// without holes.
/// </summary>
internal sealed record TarEntry(
    byte[] Name, byte[] LinkName, TarEntryType Type, Permissions Permissions, Owner Owner, InodeTime ModificationTime,
    DeviceNumber Device, long Size, IReadOnlyList<Xattr> Xattrs, IReadOnlyList<SparseExtent>? Extents)
{
    public string DisplayName => TreePath.Display(Name);
}

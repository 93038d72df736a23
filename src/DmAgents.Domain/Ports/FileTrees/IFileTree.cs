namespace DmAgents.Domain.Ports.FileTrees;

/// <summary>
/// A directory tree below a root, usually the mounted file system of a layer. No call follows a symlink: neither in the
/// last component (calls apply to the link itself) nor on the way (<see cref="FileTreeOutcome.NotResolved"/>). The
/// caller resolves symlinks first. Not thread-safe. No other process may remove directories of the tree meanwhile,
/// because the tree keeps them open.
/// </summary>
public interface IFileTree : IDisposable
{
    FileTreeStatus Stat(TreePath path, out EntryStat? stat);

    /// <summary>The names in a directory without <c>.</c> and <c>..</c>, in no particular order.</summary>
    FileTreeStatus List(TreePath path, out IReadOnlyList<byte[]> names);

    FileTreeStatus ReadLink(TreePath path, out byte[] target);

    /// <summary>The extended attributes of an entry that the process may see, in no particular order.</summary>
    FileTreeStatus ReadXattrs(TreePath path, out IReadOnlyList<Xattr> xattrs);

    /// <summary>Opens a regular file for reading; anything else is <see cref="FileTreeOutcome.WrongType"/>.</summary>
    FileTreeStatus OpenFile(TreePath path, out ITreeFile? file);

    /// <summary>
    /// Creates a regular file, which must not exist, and opens it for writing. It gets its attributes on completion
    /// (<see cref="ITreeFile.Complete"/>).
    /// </summary>
    FileTreeStatus CreateFile(TreePath path, EntryAttributes attributes, out ITreeFile? file);

    /// <summary>
    /// Creates a directory, which must not exist, with exactly these attributes, as <see cref="SetAttributes"/> would
    /// set them.
    /// </summary>
    FileTreeStatus MakeDirectory(
        TreePath path, EntryAttributes attributes, out IReadOnlyList<LostXattr> lost);

    FileTreeStatus MakeSymlink(
        TreePath path, ReadOnlySpan<byte> target, EntryAttributes attributes, out IReadOnlyList<LostXattr> lost);

    /// <summary>
    /// Adds another name for the entry <paramref name="target"/>; for a symlink, to the symlink itself.
    /// </summary>
    FileTreeStatus MakeHardLink(TreePath path, TreePath target);

    /// <summary>Creates a fifo or a device node.</summary>
    FileTreeStatus MakeNode(
        TreePath path, EntryType type, DeviceNumber device, EntryAttributes attributes,
        out IReadOnlyList<LostXattr> lost);

    /// <summary>Removes an entry that is not a directory.</summary>
    FileTreeStatus RemoveFile(TreePath path);

    /// <summary>Removes an empty directory.</summary>
    FileTreeStatus RemoveDirectory(TreePath path);

    /// <summary>
    /// Sets all attributes in the only order that keeps them. Owner first, because chown drops set-uid and
    /// <c>security.capability</c>; then it removes surplus xattrs; then permissions (a symlink has none); then xattrs;
    /// time last. It does not touch <c>security.selinux</c>, which belongs to the host. An attribute that cannot be set
    /// is left out and returned in <paramref name="lost"/>. If it is required (<see cref="Xattr.IsRequired"/>) or the
    /// file system is full, the call fails.
    /// </summary>
    FileTreeStatus SetAttributes(TreePath path, EntryAttributes attributes, out IReadOnlyList<LostXattr> lost);

    FileTreeStatus SetTime(TreePath path, InodeTime modificationTime);

    /// <summary>
    /// Waits until all writes to the file system are on its disk. Fails if any write failed since the tree was opened,
    /// which an unmount does not report.
    /// </summary>
    FileTreeStatus Flush();
}

/// <summary>An open regular file of a tree.</summary>
public interface ITreeFile : IDisposable
{
    /// <summary>Reads at an offset in bytes; <paramref name="count"/> is 0 only at the end of the file.</summary>
    FileTreeStatus Read(Span<byte> buffer, long offset, out int count);

    /// <summary>
    /// The places of the content on the file system's device, ascending; ranges without an extent are holes, which read
    /// as zeros. Null unless they are certain: the file system does not report them, has not allocated them yet, or
    /// stores the content packed or inline.
    /// </summary>
    IReadOnlyList<FileExtent>? Extents();

    /// <summary>Writes all of the buffer at an offset in bytes. Ranges skipped between writes stay holes.</summary>
    FileTreeStatus Write(ReadOnlySpan<byte> buffer, long offset);

    /// <summary>Sets the size in bytes; the range beyond the last write reads as zeros and uses no space.</summary>
    FileTreeStatus SetLength(long length);

    /// <summary>
    /// Sets the attributes of a file in creation, as <see cref="IFileTree.SetAttributes"/> would. Write the content
    /// first: a write changes the time and drops capabilities.
    /// </summary>
    FileTreeStatus Complete(out IReadOnlyList<LostXattr> lost);
}

/// <summary>A range of a file's bytes, and its place on the file system's device.</summary>
/// <param name="Offset">In the file, in bytes.</param>
/// <param name="Length">In bytes; the last range may end beyond the end of the file.</param>
/// <param name="Place">On the device, in bytes.</param>
/// <param name="IsUnwritten">Allocated but unwritten: it reads as zeros.</param>
public readonly record struct FileExtent(long Offset, long Length, ulong Place, bool IsUnwritten);

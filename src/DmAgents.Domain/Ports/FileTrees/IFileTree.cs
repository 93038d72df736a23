namespace DmAgents.Domain.Ports.FileTrees;

/// <summary>
/// A directory tree below a root, most often the mounted file system of a layer. No call follows a symlink: neither
/// in the last component (calls are about the link itself) nor on the way (<see cref="FileTreeOutcome.NotResolved"/>).
/// The caller resolves symlinks first. Not for concurrent use, and nobody else may remove
/// directories of the tree meanwhile: open ones are remembered.
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
    /// Makes a regular file, which must not exist, and opens it for writing. It has its attributes once it is complete
    /// (<see cref="ITreeFile.Complete"/>).
    /// </summary>
    FileTreeStatus CreateFile(TreePath path, EntryAttributes attributes, out ITreeFile? file);

    /// <summary>
    /// Makes a directory, which must not exist, with these attributes and no others, as <see cref="SetAttributes"/>
    /// would.
    /// </summary>
    FileTreeStatus MakeDirectory(
        TreePath path, EntryAttributes attributes, out IReadOnlyList<LostXattr> lost);

    FileTreeStatus MakeSymlink(
        TreePath path, ReadOnlySpan<byte> target, EntryAttributes attributes, out IReadOnlyList<LostXattr> lost);

    /// <summary>
    /// Another name for the entry <paramref name="target"/>; for a symlink it links the symlink itself.
    /// </summary>
    FileTreeStatus MakeHardLink(TreePath path, TreePath target);

    /// <summary>Makes a fifo or a device node.</summary>
    FileTreeStatus MakeNode(
        TreePath path, EntryType type, DeviceNumber device, EntryAttributes attributes,
        out IReadOnlyList<LostXattr> lost);

    /// <summary>Removes an entry that is no directory.</summary>
    FileTreeStatus RemoveFile(TreePath path);

    /// <summary>Removes an empty directory.</summary>
    FileTreeStatus RemoveDirectory(TreePath path);

    /// <summary>
    /// Sets everything in the one order that keeps it: owner first, because chown drops set-uid and
    /// <c>security.capability</c>; surplus xattrs away; then permissions (a symlink has none); then xattrs; time last.
    /// <c>security.selinux</c> is left alone: it belongs to the host. An attribute that cannot be had is left out and
    /// comes back in <paramref name="lost"/>, unless it is required (<see cref="Xattr.IsRequired"/>) or the file system
    /// is full: then the call fails.
    /// </summary>
    FileTreeStatus SetAttributes(TreePath path, EntryAttributes attributes, out IReadOnlyList<LostXattr> lost);

    FileTreeStatus SetTime(TreePath path, InodeTime modificationTime);

    /// <summary>
    /// Waits until all that was written to the file system is on its disk. Fails if any of it could not be written
    /// since the tree was opened: an unmount does not say so.
    /// </summary>
    FileTreeStatus Flush();
}

/// <summary>An open regular file of a tree.</summary>
public interface ITreeFile : IDisposable
{
    /// <summary>Reads at an offset in bytes; <paramref name="count"/> is 0 only at the end of the file.</summary>
    FileTreeStatus Read(Span<byte> buffer, long offset, out int count);

    /// <summary>
    /// Where the content lies on the file system's device, ascending; what no extent covers are holes, which read as
    /// zeros. Null unless that is certain: the file system does not say it, has not chosen a place yet, or keeps the
    /// content packed or beside other things.
    /// </summary>
    IReadOnlyList<FileExtent>? Extents();

    /// <summary>Writes all of the buffer at an offset in bytes. What is skipped between writes stays a hole.</summary>
    FileTreeStatus Write(ReadOnlySpan<byte> buffer, long offset);

    /// <summary>Sets the size in bytes; what lies beyond the last write reads as zeros and takes no space.</summary>
    FileTreeStatus SetLength(long length);

    /// <summary>
    /// Gives a file that is being made its attributes, as <see cref="IFileTree.SetAttributes"/> would. The content must
    /// be there before: a write moves the time and takes a capability away.
    /// </summary>
    FileTreeStatus Complete(out IReadOnlyList<LostXattr> lost);
}

/// <summary>A run of a file's bytes, and where on the file system's device they are.</summary>
/// <param name="Offset">In the file, in bytes.</param>
/// <param name="Length">In bytes; the last one may end beyond the end of the file.</param>
/// <param name="Place">On the device, in bytes.</param>
/// <param name="IsUnwritten">Reserved only: it reads as zeros.</param>
public readonly record struct FileExtent(long Offset, long Length, ulong Place, bool IsUnwritten);

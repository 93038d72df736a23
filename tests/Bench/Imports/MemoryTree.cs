using DmAgents.Domain.Ports.FileTrees;

namespace DmAgents.Bench.Imports;

/// <summary>A tree that keeps names and types only: applying a layer to it costs what the kernel does not.</summary>
internal sealed class MemoryTree : IFileTree
{
    private readonly Dictionary<TreePath, (EntryType Type, byte[] Target)> entries = new()
    {
        [TreePath.Root] = (EntryType.Directory, []),
    };

    public FileTreeStatus Stat(TreePath path, out EntryStat? stat)
    {
        stat = entries.TryGetValue(path, out var entry)
            ? new EntryStat(
                entry.Type, new Permissions(0), Owner.Root, 0, new InodeTime(0, 0), 1,
                new InodeNumber((ulong)path.GetHashCode()), default)
            : null;
        return stat is null ? new FileTreeStatus(FileTreeOutcome.NotFound) : FileTreeStatus.Done;
    }

    public FileTreeStatus List(TreePath path, out IReadOnlyList<byte[]> names)
    {
        names = [.. entries.Keys.Where(entry => !entry.IsRoot && entry.Parent == path)
            .Select(entry => entry.Name.ToArray())];
        return FileTreeStatus.Done;
    }

    public FileTreeStatus ReadLink(TreePath path, out byte[] target)
    {
        target = entries[path].Target;
        return FileTreeStatus.Done;
    }

    public FileTreeStatus ReadXattrs(TreePath path, out IReadOnlyList<Xattr> xattrs)
    {
        xattrs = [];
        return FileTreeStatus.Done;
    }

    public FileTreeStatus OpenFile(TreePath path, out ITreeFile? file)
    {
        file = new MemoryFile();
        return FileTreeStatus.Done;
    }

    public FileTreeStatus CreateFile(TreePath path, EntryAttributes attributes, out ITreeFile? file)
    {
        file = new MemoryFile();
        return Add(path, EntryType.File);
    }

    public FileTreeStatus MakeDirectory(
        TreePath path, EntryAttributes attributes, out IReadOnlyList<LostXattr> lost)
    {
        lost = [];
        return Add(path, EntryType.Directory);
    }

    public FileTreeStatus MakeSymlink(
        TreePath path, ReadOnlySpan<byte> target, EntryAttributes attributes, out IReadOnlyList<LostXattr> lost)
    {
        lost = [];
        return Add(path, EntryType.Symlink, target.ToArray());
    }

    public FileTreeStatus MakeHardLink(TreePath path, TreePath target) => Add(path, entries[target].Type);

    public FileTreeStatus MakeNode(
        TreePath path, EntryType type, DeviceNumber device, EntryAttributes attributes,
        out IReadOnlyList<LostXattr> lost)
    {
        lost = [];
        return Add(path, type);
    }

    public FileTreeStatus RemoveFile(TreePath path)
    {
        entries.Remove(path);
        return FileTreeStatus.Done;
    }

    public FileTreeStatus RemoveDirectory(TreePath path) => RemoveFile(path);

    public FileTreeStatus SetAttributes(
        TreePath path, EntryAttributes attributes, out IReadOnlyList<LostXattr> lost)
    {
        lost = [];
        return FileTreeStatus.Done;
    }

    public FileTreeStatus SetTime(TreePath path, InodeTime modificationTime) => FileTreeStatus.Done;

    public FileTreeStatus Flush() => FileTreeStatus.Done;

    public void Dispose()
    {
    }

    private FileTreeStatus Add(TreePath path, EntryType type, byte[]? target = null) =>
        entries.TryAdd(path, (type, target ?? []))
            ? FileTreeStatus.Done
            : new FileTreeStatus(FileTreeOutcome.Exists);

    private sealed class MemoryFile : ITreeFile
    {
        public FileTreeStatus Read(Span<byte> buffer, long offset, out int count)
        {
            count = 0;
            return FileTreeStatus.Done;
        }

        public IReadOnlyList<FileExtent>? Extents() => null;

        public FileTreeStatus Write(ReadOnlySpan<byte> buffer, long offset) => FileTreeStatus.Done;

        public FileTreeStatus SetLength(long length) => FileTreeStatus.Done;

        public FileTreeStatus Complete(out IReadOnlyList<LostXattr> lost)
        {
            lost = [];
            return FileTreeStatus.Done;
        }

        public void Dispose()
        {
        }
    }
}

using DmAgents.Domain.Ports.FileTrees;

namespace DmAgents.Images.Layers;

/// <summary>
/// Changes a tree on behalf of a layer. Turns failures into refusals that name the entry, and restores directory times
/// that its changes have moved, so that the tree depends only on the archives.
/// </summary>
internal sealed class TreeWriter(IFileTree tree, string origin)
{
    private const string MakeRoom =
        "Grow the pool if it is full; else import into a pool that is made with a larger pool.base-size";

    private static readonly (ImageReason Reason, string Why, string Next) ReadOnly = (
        ImageReason.Failed, "the file system is read-only", "See the kernel's log for what made it so");

    private readonly Dictionary<TreePath, InodeTime> directoryTimes = [];

    /// <summary>The current entry, for messages.</summary>
    public string Entry { get; set; } = "";

    /// <summary>Counts removals after which a resolved path may lead elsewhere.</summary>
    public int Detours { get; private set; }

    public IFileTree Tree => tree;

    public EntryStat? Find(TreePath path)
    {
        var status = tree.Stat(path, out var stat);
        if (status.Outcome == FileTreeOutcome.NotFound)
            return null;
        Require(status, path);
        return stat;
    }

    /// <summary>Callers must call this before they change a directory's entries.</summary>
    public void KeepTime(TreePath directory)
    {
        if (!directoryTimes.ContainsKey(directory) && Find(directory) is { } stat)
            directoryTimes[directory] = stat.ModificationTime;
    }

    /// <summary>Sets the time that a directory gets once all its entries are written.</summary>
    public void SetTimeAtEnd(TreePath directory, InodeTime time) => directoryTimes[directory] = time;

    public void SetTimes()
    {
        foreach (var (directory, time) in directoryTimes)
            Require(tree.SetTime(directory, time), directory);
    }

    /// <summary>Creates a directory that the archive needs but does not describe.</summary>
    public void MakeImpliedDirectory(TreePath path, InodeTime time)
    {
        KeepTime(path.Parent);
        var attributes = new EntryAttributes(Owner.Root, new Permissions(0x1ED), null, []); // 0755
        Require(tree.MakeDirectory(path, attributes, out _), path);
        SetTimeAtEnd(path, time);
    }

    /// <summary>Removes an entry with everything below it.</summary>
    public void Remove(TreePath path, EntryType type)
    {
        KeepTime(path.Parent);
        RemoveBelow(path, type);
    }

    public IReadOnlyList<byte[]> List(TreePath directory)
    {
        Require(tree.List(directory, out var names), directory);
        return names;
    }

    /// <summary>Throws unless the call on the tree succeeded.</summary>
    public void Require(FileTreeStatus status, TreePath path)
    {
        if (status.IsDone)
            return;
        var (reason, why, next) = status.Outcome switch
        {
            _ when status.Call.StartsWith("setxattr", StringComparison.Ordinal) => Attribute(status),
            FileTreeOutcome.NoSpace => (
                ImageReason.NoSpace, "the file system is full", MakeRoom),
            FileTreeOutcome.NameTooLong => (
                ImageReason.Unsupported, "its name is too long for the file system",
                "Build the image with shorter names"),
            FileTreeOutcome.TooManyLinks => (
                ImageReason.Unsupported, "the file system cannot count that many hard links",
                "Import it into a pool whose file system counts more (xfs)"),
            FileTreeOutcome.Unsupported when status.Call == "mknodat" => (
                ImageReason.Corrupt, "the kernel has no device of this number", "Build the image again"),
            FileTreeOutcome.Unsupported => (
                ImageReason.Unsupported, "the file system cannot hold it",
                "Import it into a pool of another file system"),
            FileTreeOutcome.NotPermitted => (
                ImageReason.NotPermitted, "the kernel does not allow it to the agent",
                "Run the agent as root with all its capabilities"),
            FileTreeOutcome.ReadOnly => ReadOnly,
            _ => (ImageReason.Failed, "the kernel refused", "See the kernel's log; if it has nothing, report this"),
        };
        throw Refuse(reason, $"{why}, at {path} ({status.Call}, errno {status.Errno})", next);
    }

    /// <summary>For an attribute that the entry must have, or a failure that is not the attribute's fault.</summary>
    private static (ImageReason Reason, string Why, string Next) Attribute(FileTreeStatus status) => status switch
    {
        { Outcome: FileTreeOutcome.NoSpace } => (
            ImageReason.NoSpace, "the file system has no room for its extended attribute", MakeRoom),
        { Errno: 22 } => (
            ImageReason.Corrupt, "the kernel takes its file capability for malformed", "Build the image again"),
        { Outcome: FileTreeOutcome.Unsupported } => (
            ImageReason.Unsupported, "the file system cannot hold its file capability, without which it does not work",
            "Import it into a pool of another file system"),
        { Outcome: FileTreeOutcome.NotPermitted } => (
            ImageReason.NotPermitted, "the agent may not give it its file capability",
            "Run the agent as root, with the capability SETFCAP"),
        { Outcome: FileTreeOutcome.ReadOnly } => ReadOnly,
        _ => (ImageReason.Failed, "the kernel refused", "See the kernel's log; if it has nothing, report this"),
    };

    public ImageException Refuse(ImageReason reason, string why, string next) =>
        new(reason, $"Entry '{Entry}' of {origin} cannot be applied: {why}", next);

    private void RemoveBelow(TreePath path, EntryType type)
    {
        if (type is EntryType.Directory or EntryType.Symlink)
            Detours++;
        if (type != EntryType.Directory)
        {
            Require(tree.RemoveFile(path), path);
            return;
        }
        foreach (var name in List(path))
        {
            var child = path.Child(name);
            if (Find(child) is { } stat)
                RemoveBelow(child, stat.Type);
        }
        directoryTimes.Remove(path);
        Require(tree.RemoveDirectory(path), path);
    }
}

using DmAgents.Domain.Ports.FileTrees;

namespace DmAgents.Images.Changes;

/// <summary>
/// Finds every entry in which two trees differ: by name, type, permissions, owner, time, extended attributes, target,
/// device number, hard links and content. Exact: reads all content that the blocks do not prove the same. Ignores
/// access and change times, directory sizes and SELinux labels, which belong to the file system or the host.
/// </summary>
public sealed class TreeDifference : IDisposable
{
    private static readonly Comparer<byte[]> Bytewise =
        Comparer<byte[]>.Create((one, other) => one.AsSpan().SequenceCompareTo(other));

    private readonly TreeReader lower;
    private readonly TreeReader upper;
    private readonly ContentComparison content;
    private readonly CancellationToken cancellation;

    // Entries of the same name must belong to the same group of hard links in both trees. These map an inode of one
    // tree to its counterpart in the other, for inodes with several links only.
    private readonly Dictionary<InodeNumber, InodeNumber> below = [];
    private readonly Dictionary<InodeNumber, InodeNumber> above = [];

    /// <param name="lower">Null: there is no tree below, and every entry is added.</param>
    /// <param name="upper">The tree made from the lower one. Neither may change meanwhile.</param>
    /// <param name="blocks">What is known about the trees' devices; null: nothing.</param>
    /// <param name="cancellation">Checked between entries and between parts of a file.</param>
    public TreeDifference(
        IFileTree? lower, IFileTree upper, KnownBlocks? blocks, CancellationToken cancellation = default)
    {
        this.lower = new TreeReader(lower ?? upper);
        this.upper = new TreeReader(upper);
        HasLower = lower is not null;
        this.cancellation = cancellation;
        content = new ContentComparison(this.lower, this.upper, blocks, cancellation);
    }

    private bool HasLower { get; }

    /// <summary>Entries compared so far.</summary>
    public long Entries { get; private set; }

    /// <summary>Bytes of content read so far, because the blocks did not prove them the same.</summary>
    public long BytesRead => content.BytesRead;

    /// <summary>The names of each inode of the upper tree with several links, in the order of the walk. Complete once
    /// the changes are enumerated.</summary>
    public Dictionary<InodeNumber, List<TreePath>> HardLinks { get; } = [];

    /// <summary>The differences, found lazily: a directory precedes its entries, which come in the bytewise order of
    /// names.</summary>
    public IEnumerable<TreeChange> Changes()
    {
        var ahead = new Stack<Place>();
        ahead.Push(new Place(TreePath.Root, InLower: HasLower, InUpper: true));
        while (ahead.TryPop(out var place))
        {
            cancellation.ThrowIfCancellationRequested();
            Entries++;
            var before = place.InLower ? lower.Stat(place.Path) : null;
            if (!place.InUpper)
            {
                yield return new TreeChange(place.Path, ChangeKind.Deleted, before!);
                continue;
            }
            var now = upper.Stat(place.Path);
            NoteLinks(place.Path, now);
            if (before is null)
                yield return new TreeChange(place.Path, ChangeKind.Added, now);
            else if (!IsSame(place.Path, before, now))
                yield return new TreeChange(place.Path, ChangeKind.Changed, now);
            if (now.Type == EntryType.Directory)
                PushEntries(place.Path, before?.Type == EntryType.Directory, ahead);
        }
    }

    public void Dispose() => content.Dispose();

    private void PushEntries(TreePath directory, bool isInLower, Stack<Place> ahead)
    {
        var names = new SortedDictionary<byte[], (bool InLower, bool InUpper)>(Bytewise);
        foreach (var name in upper.List(directory))
            names[name] = (false, true);
        if (isInLower)
        {
            foreach (var name in lower.List(directory))
                names[name] = (true, names.ContainsKey(name));
        }
        foreach (var (name, there) in names.Reverse())
            ahead.Push(new Place(directory.Child(name), there.InLower, there.InUpper));
    }

    private void NoteLinks(TreePath path, EntryStat stat)
    {
        if (stat.Links < 2 || stat.Type == EntryType.Directory)
            return;
        if (!HardLinks.TryGetValue(stat.Inode, out var names))
            HardLinks[stat.Inode] = names = [];
        names.Add(path);
    }

    private bool IsSame(TreePath path, EntryStat before, EntryStat now)
    {
        if (before.Type != now.Type)
            return false;
        var isLinked = now.Type == EntryType.Directory || IsSameLink(before, now);
        return isLinked && before.Permissions == now.Permissions && before.Owner == now.Owner
            && before.ModificationTime == now.ModificationTime && HasSameSubstance(path, before, now)
            && lower.XattrsAreEqual(upper, path);
    }

    private bool HasSameSubstance(TreePath path, EntryStat before, EntryStat now) => now.Type switch
    {
        EntryType.File => before.Size == now.Size && content.IsSame(path, now.Size),
        EntryType.Symlink => lower.Target(path).AsSpan().SequenceEqual(upper.Target(path)),
        EntryType.CharacterDevice or EntryType.BlockDevice => before.Device == now.Device,
        _ => true,
    };

    /// <summary>Also records the pair: of several names, only those that left their group or joined another one
    /// differ.</summary>
    private bool IsSameLink(EntryStat before, EntryStat now)
    {
        if (before.Links < 2 && now.Links < 2)
            return true;
        var known = below.TryGetValue(now.Inode, out var inode);
        var taken = above.TryGetValue(before.Inode, out var other);
        if (known || taken)
            return known && taken && inode == before.Inode && other == now.Inode;
        below[now.Inode] = before.Inode;
        above[before.Inode] = now.Inode;
        return true;
    }

    private readonly record struct Place(TreePath Path, bool InLower, bool InUpper);
}

using System.Buffers;
using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Images.Changes;
using DmAgents.Images.Tar;

namespace DmAgents.Images.Exports;

/// <summary>What a layer's tar omits.</summary>
/// <param name="Sockets">Sockets: no tar can hold them, and no process listens on them.</param>
/// <param name="Overlays">Attributes with which overlayfs marks its own upper directories.</param>
public readonly record struct LeftOutOfTar(long Sockets, long Overlays)
{
    public static LeftOutOfTar operator +(LeftOutOfTar one, LeftOutOfTar other) =>
        new(one.Sockets + other.Sockets, one.Overlays + other.Overlays);

    public static LeftOutOfTar Add(LeftOutOfTar one, LeftOutOfTar other) => one + other;
}

/// <summary>
/// Writes a tree's differences from the one below as a layer (OCI image specification, layer.md). The layer has every
/// entry that differs, with the directories above it: programs that unpack a layer into a separate directory thus set
/// the right owner and mode on those. It has all names of a hard link if one of them differs, and a whiteout for each
/// removed entry. The same two trees give the same bytes.
/// </summary>
public sealed class LayerTar
{
    private const int BufferSize = 256 * 1024;

    /// <summary>A file is written as sparse if its holes have at least this size in total: not all readers support that
    /// form.</summary>
    private const long LeastHoles = 1 << 20;

    private const string OverlayMark = "trusted.overlay.";

    private readonly TreeReader upper;
    private readonly TarWriter tar;
    private readonly CancellationToken cancellation;
    private readonly Dictionary<InodeNumber, TreePath> linked = [];
    private long sockets;
    private long overlays;

    private LayerTar(IFileTree upper, Stream tar, CancellationToken cancellation)
    {
        this.upper = new TreeReader(upper);
        this.tar = new TarWriter(tar);
        this.cancellation = cancellation;
    }

    /// <param name="lower">The tree below; null: there is none, and the root is an entry, too.</param>
    /// <param name="upper">The tree made from it.</param>
    /// <param name="blocks">What is known about the trees' devices; null: nothing.</param>
    /// <param name="output">Receives the tar.</param>
    /// <param name="cancellation">Checked between entries and between parts of files.</param>
    /// <exception cref="ImageException">A tree is unreadable, or has something that no layer can hold.</exception>
    public static LeftOutOfTar Write(
        IFileTree? lower, IFileTree upper, KnownBlocks? blocks, Stream output, CancellationToken cancellation = default)
    {
        using var difference = new TreeDifference(lower, upper, blocks, cancellation);
        var writer = new LayerTar(upper, output, cancellation);
        writer.WriteAll(EntriesOf(difference, lower is null));
        return new LeftOutOfTar(writer.sockets, writer.overlays);
    }

    /// <summary>All entries in the order of the walk; true means removed.</summary>
    private static SortedDictionary<TreePath, bool> EntriesOf(TreeDifference difference, bool isFirst)
    {
        var entries = new SortedDictionary<TreePath, bool>(WalkOrder.Instance);
        foreach (var change in difference.Changes())
            Add(entries, change.Path, change.Kind == ChangeKind.Deleted);
        foreach (var names in difference.HardLinks.Values)
        {
            if (names.Exists(name => entries.TryGetValue(name, out var isGone) && !isGone))
                names.ForEach(name => Add(entries, name, isGone: false));
        }
        if (isFirst)
            entries.TryAdd(TreePath.Root, false);
        return entries;
    }

    private static void Add(SortedDictionary<TreePath, bool> entries, TreePath path, bool isGone)
    {
        entries[path] = isGone;
        for (var above = path.Parent; !above.IsRoot && entries.TryAdd(above, false);)
            above = above.Parent;
    }

    private void WriteAll(SortedDictionary<TreePath, bool> entries)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            foreach (var (path, isGone) in entries)
            {
                cancellation.ThrowIfCancellationRequested();
                if (isGone)
                    WriteWhiteout(path);
                else
                    WriteEntry(path, buffer);
            }
            tar.Finish();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void WriteWhiteout(TreePath path)
    {
        var whiteout = path.Parent.Child([.. ".wh."u8, .. path.Name]);
        tar.Begin(new TarEntry(
            whiteout.Bytes.ToArray(), [], TarEntryType.File, default, Owner.Root, default, default, 0, [], null, []));
        tar.End();
    }

    private void WriteEntry(TreePath path, byte[] buffer)
    {
        if (path.Name.StartsWith(".wh."u8))
        {
            throw new ImageException(
                ImageReason.Unsupported,
                $"{path} cannot be in a layer: a name that begins with .wh. means a removal there",
                "Rename it in a container, and make an image of that: dmagent container commit");
        }
        var stat = upper.Stat(path);
        if (stat.Type == EntryType.Socket)
        {
            sockets++;
            return;
        }
        if (stat.Links > 1 && stat.Type != EntryType.Directory && !linked.TryAdd(stat.Inode, path))
        {
            Begin(path, stat, TarEntryType.HardLink, linked[stat.Inode].Bytes.ToArray());
            return;
        }
        switch (stat.Type)
        {
            case EntryType.File:
                WriteFile(path, stat, buffer);
                break;
            case EntryType.Symlink:
                Begin(path, stat, TarEntryType.Symlink, upper.Target(path));
                break;
            default:
                Begin(path, stat, TypeOf(stat.Type), []);
                break;
        }
    }

    private void Begin(TreePath path, EntryStat stat, TarEntryType type, byte[] target)
    {
        tar.Begin(Entry(path, stat, type, target, null));
        tar.End();
    }

    private TarEntry Entry(
        TreePath path, EntryStat stat, TarEntryType type, byte[] target, IReadOnlyList<SparseExtent>? extents)
    {
        byte[] name = type != TarEntryType.Directory ? path.Bytes.ToArray()
            : path.IsRoot ? "./"u8.ToArray()
            : [.. path.Bytes, (byte)'/'];
        return new TarEntry(
            name, target, type, stat.Permissions, stat.Owner, stat.ModificationTime, stat.Device,
            type == TarEntryType.File ? stat.Size : 0, type == TarEntryType.HardLink ? [] : XattrsOf(path), extents,
            []);
    }

    private List<Xattr> XattrsOf(TreePath path)
    {
        var all = upper.Xattrs(path);
        var kept = all.Where(xattr => !xattr.Name.StartsWith(OverlayMark, StringComparison.Ordinal)).ToList();
        overlays += all.Count - kept.Count;
        return kept;
    }

    private void WriteFile(TreePath path, EntryStat stat, byte[] buffer)
    {
        using var file = upper.Open(path);
        var data = DataOf(file.Extents(), stat.Size);
        var isSparse = stat.Size - data.Sum(extent => extent.Length) >= LeastHoles;
        tar.Begin(Entry(path, stat, TarEntryType.File, [], isSparse ? data : null));
        foreach (var extent in isSparse ? data : [new SparseExtent(0, stat.Size)])
        {
            for (var (offset, left) = extent; left > 0;)
            {
                cancellation.ThrowIfCancellationRequested();
                var part = buffer.AsSpan(0, (int)Math.Min(left, BufferSize));
                if (TreeReader.Fill(file, path, part, offset) < part.Length)
                    throw new ImageException(
                        ImageReason.Failed, $"{path} is shorter than its size",
                        "Check the file system: fsck of a copy");
                tar.Write(part);
                (offset, left) = (offset + part.Length, left - part.Length);
            }
        }
        tar.End();
    }

    /// <summary>The extents of a file that may hold other bytes than zeros; the whole file if they are
    /// unknown.</summary>
    private static List<SparseExtent> DataOf(IReadOnlyList<FileExtent>? extents, long size)
    {
        if (extents is not { Count: > 0 })
            return [new SparseExtent(0, size)];
        var data = new List<SparseExtent>();
        foreach (var extent in extents.Where(extent => !extent.IsUnwritten && extent.Offset < size))
        {
            var length = Math.Min(extent.Length, size - extent.Offset);
            if (data.Count > 0 && data[^1].Offset + data[^1].Length == extent.Offset)
                data[^1] = data[^1] with { Length = data[^1].Length + length };
            else
                data.Add(new SparseExtent(extent.Offset, length));
        }
        // A last run of no bytes marks the file's end for the reader.
        if (data.Count == 0 || data[^1].Offset + data[^1].Length < size)
            data.Add(new SparseExtent(size, 0));
        return data;
    }

    private static TarEntryType TypeOf(EntryType type) => type switch
    {
        EntryType.Directory => TarEntryType.Directory,
        EntryType.Fifo => TarEntryType.Fifo,
        EntryType.CharacterDevice => TarEntryType.CharacterDevice,
        EntryType.BlockDevice => TarEntryType.BlockDevice,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not a type without content"),
    };

    /// <summary>Orders a directory before its entries, and those before its next sibling, as if the slash sorted before
    /// all other bytes.</summary>
    private sealed class WalkOrder : IComparer<TreePath>
    {
        public static readonly WalkOrder Instance = new();

        public int Compare(TreePath? x, TreePath? y)
        {
            var one = x!.Bytes;
            var other = y!.Bytes;
            var common = one.CommonPrefixLength(other);
            if (common == one.Length || common == other.Length)
                return one.Length - other.Length;
            return Rank(one[common]) - Rank(other[common]);
        }

        private static int Rank(byte one) => one == (byte)'/' ? 0 : one;
    }
}

using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Ports.FileTrees;

namespace DmAgents.Images.Trees;

/// <summary>
/// The content of a tree as lines of text, one per entry, and as the digest of these lines. A directory precedes its
/// entries, which come in bytewise order of names. Two trees are equal in names, types, permissions, owners, times,
/// links, xattrs and content exactly if their lines are. Directory sizes and inode numbers belong to the file system
/// and are omitted, as is <c>security.selinux</c>, which belongs to the host.
/// </summary>
public sealed class FileTreeDigest
{
    private const int BufferSize = 256 * 1024;

    private static readonly Comparer<byte[]> Bytewise =
        Comparer<byte[]>.Create((one, other) => one.AsSpan().SequenceCompareTo(other));

    private readonly IFileTree tree;
    private readonly CancellationToken cancellation;

    // Only inodes with several links: the first name stands for all.
    private readonly Dictionary<InodeNumber, TreePath> linked = [];

    private FileTreeDigest(IFileTree tree, CancellationToken cancellation) =>
        (this.tree, this.cancellation) = (tree, cancellation);

    public static Digest Of(IFileTree tree, CancellationToken cancellation = default)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var line in Lines(tree, cancellation))
            hash.AppendData(Encoding.UTF8.GetBytes(line + "\n"));
        return Digest.FromHash(hash.GetCurrentHash());
    }

    /// <summary>
    /// The lines: path, then type, permissions, owner, time and the type's other attributes, separated by spaces; a
    /// space in a name is \x20. Read lazily.
    /// </summary>
    public static IEnumerable<string> Lines(IFileTree tree, CancellationToken cancellation = default) =>
        new FileTreeDigest(tree, cancellation).Walk(TreePath.Root);

    private IEnumerable<string> Walk(TreePath top)
    {
        var ahead = new Stack<TreePath>();
        ahead.Push(top);
        while (ahead.TryPop(out var path))
        {
            cancellation.ThrowIfCancellationRequested();
            Require(tree.Stat(path, out var stat), path);
            yield return Line(path, stat!);
            if (stat!.Type != EntryType.Directory)
                continue;
            Require(tree.List(path, out var names), path);
            foreach (var name in names.OrderDescending(Bytewise))
                ahead.Push(path.Child(name));
        }
    }

    private string Line(TreePath path, EntryStat stat)
    {
        var line = new StringBuilder();
        line.Append(Field(path.ToString())).Append(' ').Append(Word(stat.Type));
        if (stat.Links > 1 && stat.Type != EntryType.Directory && !linked.TryAdd(stat.Inode, path))
            return line.Append(" link=").Append(Field(linked[stat.Inode].ToString())).ToString();
        line.Append(" mode=").Append(stat.Permissions).Append(" owner=").Append(stat.Owner);
        line.Append(" time=").Append(stat.ModificationTime);
        switch (stat.Type)
        {
            case EntryType.File:
                line.Append(System.Globalization.CultureInfo.InvariantCulture, $" size={stat.Size} ").Append(
                    ContentDigest(path));
                break;
            case EntryType.Symlink:
                Require(tree.ReadLink(path, out var target), path);
                line.Append(" target=").Append(Field(TreePath.Display(target)));
                break;
            case EntryType.CharacterDevice or EntryType.BlockDevice:
                line.Append(" device=").Append(stat.Device);
                break;
        }
        Require(tree.ReadXattrs(path, out var xattrs), path);
        foreach (var xattr in xattrs.OrderBy(xattr => xattr.Name, StringComparer.Ordinal))
            if (xattr.Name != "security.selinux")
                line.Append(' ').Append(Field(TreePath.Display(Encoding.UTF8.GetBytes(xattr.Name)))).Append('=').Append(
                    Convert.ToHexStringLower(xattr.Value.Span));
        return line.ToString();
    }

    private Digest ContentDigest(TreePath path)
    {
        Require(tree.OpenFile(path, out var file), path);
        using (file)
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
            try
            {
                for (var offset = 0L; ;)
                {
                    cancellation.ThrowIfCancellationRequested();
                    Require(file!.Read(buffer, offset, out var count), path);
                    if (count == 0)
                        return Digest.FromHash(hash.GetCurrentHash());
                    hash.AppendData(buffer.AsSpan(0, count));
                    offset += count;
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    private static string Field(string text) => text.Replace(" ", "\\x20", StringComparison.Ordinal);

    private static string Word(EntryType type) => type switch
    {
        EntryType.File => "file",
        EntryType.Directory => "dir",
        EntryType.Symlink => "symlink",
        EntryType.Fifo => "fifo",
        EntryType.CharacterDevice => "char",
        EntryType.BlockDevice => "block",
        _ => "socket",
    };

    private static void Require(FileTreeStatus status, TreePath path)
    {
        if (!status.IsDone)
            throw new ImageException(
                ImageReason.Failed, $"{path} of the tree cannot be read: {status}",
                "Leave the tree alone while it is read");
    }
}

using DmAgents.Domain.Ports.FileTrees;

namespace DmAgents.Images.Changes;

/// <summary>Reads a tree that does not change; throws if anything is unreadable.</summary>
internal sealed class TreeReader(IFileTree tree)
{
    public EntryStat Stat(TreePath path)
    {
        Require(tree.Stat(path, out var stat), path);
        return stat!;
    }

    public IReadOnlyList<byte[]> List(TreePath path)
    {
        Require(tree.List(path, out var names), path);
        return names;
    }

    public byte[] Target(TreePath path)
    {
        Require(tree.ReadLink(path, out var target), path);
        return target;
    }

    public ITreeFile Open(TreePath path)
    {
        Require(tree.OpenFile(path, out var file), path);
        return file!;
    }

    /// <summary>Without the SELinux label, which belongs to the host; sorted by name.</summary>
    public IReadOnlyList<Xattr> Xattrs(TreePath path)
    {
        Require(tree.ReadXattrs(path, out var xattrs), path);
        return xattrs.Count == 0
            ? xattrs
            : [.. xattrs.Where(xattr => xattr.Name != Xattr.SecurityLabel)
                .OrderBy(xattr => xattr.Name, StringComparer.Ordinal)];
    }

    public bool XattrsAreEqual(TreeReader other, TreePath path)
    {
        var (ours, theirs) = (Xattrs(path), other.Xattrs(path));
        return ours.Count == theirs.Count && ours.Zip(theirs).All(pair =>
            pair.First.Name == pair.Second.Name && pair.First.Value.Span.SequenceEqual(pair.Second.Value.Span));
    }

    /// <summary>Reads until the buffer is full or the file ends.</summary>
    public static int Fill(ITreeFile file, TreePath path, Span<byte> buffer, long offset)
    {
        var done = 0;
        while (done < buffer.Length)
        {
            Require(file.Read(buffer[done..], offset + done, out var count), path);
            if (count == 0)
                break;
            done += count;
        }
        return done;
    }

    private static void Require(FileTreeStatus status, TreePath path)
    {
        if (!status.IsDone)
        {
            throw new ImageException(
                ImageReason.Failed, $"{path} cannot be read: {status}",
                "See the kernel's log (dmesg); if the file system is damaged, check it: fsck of a copy");
        }
    }
}

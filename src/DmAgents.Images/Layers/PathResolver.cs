using DmAgents.Domain.Ports.FileTrees;

namespace DmAgents.Images.Layers;

/// <summary>
/// Resolves the directory that an entry belongs to. Follows symlinks on the way as a program in the container would,
/// absolute ones from the tree's root. A link that climbs above the root by <c>..</c> stops there, as in the kernel:
/// real images have such links (<c>lib -> ../../usr/lib</c>).
/// </summary>
internal sealed class PathResolver(TreeWriter writer, AppliedPaths applied)
{
    // The kernel's own limit (MAXSYMLINKS).
    private const int MaxSymlinks = 40;

    // Entries come directory by directory; a miss costs only a few lookups.
    private const int Remembered = 4096;

    private readonly Dictionary<TreePath, TreePath> known = [];
    private int detours;

    /// <summary>The directory, or null if there is none.</summary>
    public TreePath? Find(TreePath path) => Resolve(path, null);

    /// <summary>The directory, created with this time if it is missing.</summary>
    public TreePath Make(TreePath path, InodeTime time) => Resolve(path, time)!;

    private TreePath? Resolve(TreePath path, InodeTime? make)
    {
        if (detours != writer.Detours || known.Count > Remembered)
        {
            known.Clear();
            detours = writer.Detours;
        }
        var ahead = new Stack<TreePath>();
        var here = TreePath.Root;
        for (var at = path; !at.IsRoot; at = at.Parent)
        {
            if (known.TryGetValue(at, out var resolved))
            {
                here = resolved;
                break;
            }
            ahead.Push(at);
        }
        while (ahead.TryPop(out var next))
        {
            var symlinks = 0;
            if (Step(here, next.Name, make, ref symlinks) is not { } there)
                return null;
            known[next] = here = there;
        }
        return here;
    }

    private TreePath? Step(TreePath here, ReadOnlySpan<byte> name, InodeTime? make, ref int symlinks)
    {
        var child = here.Child(name);
        var stat = writer.Find(child);
        switch (stat?.Type)
        {
            case EntryType.Directory:
                return child;
            case EntryType.Symlink when ++symlinks > MaxSymlinks:
                throw writer.Refuse(
                    ImageReason.Corrupt, $"the symlink {child} on its way leads in a circle",
                    "Build the image without it");
            case EntryType.Symlink:
                return Follow(child, make, ref symlinks);
        }
        if (make is not { } time)
            return null;
        if (stat is not null)
        {
            // A lower layer's entry is replaced, as in a union of both. In the same layer it is a contradiction.
            if (applied.Contains(child))
                throw writer.Refuse(
                    ImageReason.Corrupt, $"{child} on its way is no directory in the same layer",
                    "Build the image again");
            writer.Remove(child, stat.Type);
        }
        writer.MakeImpliedDirectory(child, time);
        applied.Add(child);
        return child;
    }

    private TreePath? Follow(TreePath symlink, InodeTime? make, ref int symlinks)
    {
        writer.Require(writer.Tree.ReadLink(symlink, out var target), symlink);
        var here = target is [(byte)'/', ..] ? TreePath.Root : symlink.Parent;
        foreach (var range in target.AsSpan().Split((byte)'/'))
        {
            var part = target.AsSpan(range);
            if (part.IsEmpty || part.SequenceEqual("."u8))
                continue;
            if (part.SequenceEqual(".."u8))
                here = here.Parent; // The root is its own parent.
            else if (Step(here, part, make, ref symlinks) is { } there)
                here = there;
            else
                return null;
        }
        return here;
    }
}

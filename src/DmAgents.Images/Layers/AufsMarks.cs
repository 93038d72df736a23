using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Images.Tar;

namespace DmAgents.Images.Layers;

/// <summary>
/// Entries that the file system aufs kept for itself under the names <c>.wh..wh.*</c>. Archives of old Docker versions
/// still hold them; none is visible in a container. Only <c>.wh..wh.plnk/</c> matters while a layer is applied: its
/// files are the targets of other entries' hard links.
/// </summary>
internal sealed class AufsMarks(TreeWriter writer)
{
    private static readonly TreePath Links = TreePath.Of(".wh..wh.plnk");

    private bool hasLinks;

    private static ReadOnlySpan<byte> Prefix => ".wh..wh."u8;

    private static ReadOnlySpan<byte> Opaque => ".wh..wh..opq"u8;

    /// <summary>True if an entry is aufs's own, by its name or that of a directory above it.</summary>
    public static bool Hold(TreePath path)
    {
        foreach (var range in path.Bytes.Split((byte)'/'))
        {
            var name = path.Bytes[range];
            if (name.StartsWith(Prefix) && !name.SequenceEqual(Opaque))
                return true;
        }
        return false;
    }

    /// <summary>Skips the entry, unless others may link to it: then it stays in the tree for now.</summary>
    public void Apply(TarEntry entry, TreePath path, Action<TarEntry, TreePath> apply)
    {
        if (entry.Type != TarEntryType.File || path.Parent != Links)
            return;
        hasLinks = true;
        apply(entry, path);
    }

    /// <summary>Called at the end of the layer: link targets stay under their other names.</summary>
    public void Remove()
    {
        if (hasLinks && writer.Find(Links) is { } stat)
            writer.Remove(Links, stat.Type);
    }
}

using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Images.Tar;

namespace DmAgents.Images.Layers;

/// <summary>
/// What the file system aufs kept for itself below the names <c>.wh..wh.*</c>, and which archives of old Dockers still
/// hold: nothing of it is shown in the container. Only <c>.wh..wh.plnk/</c> matters while the layer is applied: it
/// holds files that other entries are hard links to.
/// </summary>
internal sealed class AufsMarks(TreeWriter writer)
{
    private static readonly TreePath Links = TreePath.Of(".wh..wh.plnk");

    private bool hasLinks;

    private static ReadOnlySpan<byte> Prefix => ".wh..wh."u8;

    private static ReadOnlySpan<byte> Opaque => ".wh..wh..opq"u8;

    /// <summary>Whether an entry is aufs' own: by its name, or because it is in a directory that is.</summary>
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

    /// <summary>Passes the entry over, unless others may link to it: then it is in the tree for now.</summary>
    public void Apply(TarEntry entry, TreePath path, Action<TarEntry, TreePath> apply)
    {
        if (entry.Type != TarEntryType.File || path.Parent != Links)
            return;
        hasLinks = true;
        apply(entry, path);
    }

    /// <summary>At the end of the layer: what was linked to stays under its other names.</summary>
    public void Remove()
    {
        if (hasLinks && writer.Find(Links) is { } stat)
            writer.Remove(Links, stat.Type);
    }
}

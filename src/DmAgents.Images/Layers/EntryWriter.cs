using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Images.Tar;

namespace DmAgents.Images.Layers;

/// <summary>Creates an entry at a resolved path.</summary>
internal sealed class EntryWriter(TreeWriter writer, FileContent content)
{
    /// <summary>Attributes that the file system could not hold.</summary>
    public LostXattrs Lost { get; } = new();

    /// <returns>Done, or Exists: the name is taken, and nothing was done.</returns>
    public FileTreeStatus Make(TarEntry entry, TreePath here)
    {
        var status = Make(entry, here, AttributesOf(entry), out var missing);
        if (status.Outcome == FileTreeOutcome.Exists)
            return status;
        writer.Require(status, here);
        Count(missing, entry, here);
        if (entry.Type == TarEntryType.Directory)
            writer.SetTimeAtEnd(here, entry.ModificationTime);
        return status;
    }

    /// <summary>Gives an existing directory, with its content, the entry's attributes.</summary>
    public void Merge(TarEntry entry, TreePath here)
    {
        writer.Require(writer.Tree.SetAttributes(here, AttributesOf(entry), out var missing), here);
        Count(missing, entry, here);
        writer.SetTimeAtEnd(here, entry.ModificationTime);
    }

    private FileTreeStatus Make(
        TarEntry entry, TreePath here, EntryAttributes attributes, out IReadOnlyList<LostXattr> missing)
    {
        var tree = writer.Tree;
        switch (entry.Type)
        {
            case TarEntryType.File:
                return WriteFile(entry, here, attributes, out missing);
            case TarEntryType.Directory:
                return tree.MakeDirectory(here, attributes, out missing);
            case TarEntryType.Symlink:
                if (entry.LinkName.Length == 0 || entry.LinkName.Contains((byte)0))
                    throw writer.Refuse(ImageReason.Corrupt, "it is a symlink to no name", "Build the image again");
                return tree.MakeSymlink(here, entry.LinkName, attributes, out missing);
            default:
                return tree.MakeNode(here, NodeType(entry.Type), entry.Device, attributes, out missing);
        }
    }

    private FileTreeStatus WriteFile(
        TarEntry entry, TreePath here, EntryAttributes attributes, out IReadOnlyList<LostXattr> missing)
    {
        missing = [];
        var status = writer.Tree.CreateFile(here, attributes, out var file);
        if (!status.IsDone)
            return status;
        using (file)
        {
            content.Write(file!, entry, here);
            return file!.Complete(out missing);
        }
    }

    private void Count(IReadOnlyList<LostXattr> missing, TarEntry entry, TreePath here)
    {
        foreach (var one in missing)
            Lost.Add(one, here);
        foreach (var one in entry.Lost)
            Lost.Add(one, here);
        // In the archive's permissions the ACL's mask replaces the group's rights, and exceeds them.
        if (entry.GroupWithoutAcl is not null && missing.Any(one => one.Name == Xattr.AccessAcl))
            writer.Require(writer.Tree.SetAttributes(here, WithoutAcl(entry), out _), here);
    }

    /// <summary>A directory's time is set once all its entries are written.</summary>
    private static EntryAttributes AttributesOf(TarEntry entry)
    {
        var hasAcl = entry.Lost.All(one => one.Name != Xattr.AccessAcl);
        return new EntryAttributes(
            entry.Owner, hasAcl ? entry.Permissions : entry.PermissionsWithoutAcl,
            entry.Type == TarEntryType.Directory ? null : entry.ModificationTime, entry.Xattrs);
    }

    private static EntryAttributes WithoutAcl(TarEntry entry) => AttributesOf(entry) with
    {
        Permissions = entry.PermissionsWithoutAcl,
        Xattrs = [.. entry.Xattrs.Where(xattr => xattr.Name != Xattr.AccessAcl)],
    };

    private static EntryType NodeType(TarEntryType type) => type switch
    {
        TarEntryType.CharacterDevice => EntryType.CharacterDevice,
        TarEntryType.BlockDevice => EntryType.BlockDevice,
        TarEntryType.Fifo => EntryType.Fifo,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not a node"),
    };
}

using DmAgents.Domain.Layers;
using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Images.Streams;
using DmAgents.Images.Tar;

namespace DmAgents.Images.Layers;

/// <summary>The result of applying a layer.</summary>
/// <param name="DiffId">The layer's verified identity, even if its image did not name it.</param>
/// <param name="Entries">Entries of the archive, including whiteouts.</param>
/// <param name="ContentBytes">Bytes of file content, without the archive's holes.</param>
/// <param name="Lost">Extended attributes that the file system cannot hold.</param>
public sealed record AppliedLayer(Digest DiffId, long Entries, long ContentBytes, LostXattrs Lost);

/// <summary>
/// Applies a layer's tar to the tree of the layers below it, as in the OCI image specification (layer.md): entries
/// replace existing ones, whiteouts remove entries of the layers below, but never those of the same layer. Owners,
/// permissions, times, xattrs and holes become those of the archive. The resulting tree depends only on the archives,
/// not on the time or the host. After a refusal (<see cref="ImageException"/>) the tree must be discarded.
/// </summary>
public sealed class LayerApplier
{
    private readonly TarReader archive;
    private readonly TreeWriter writer;
    private readonly AppliedPaths applied = new();
    private readonly PathResolver resolver;
    private readonly AufsMarks aufs;
    private readonly EntryWriter entries;

    private LayerApplier(TarReader archive, TreeWriter writer, FileContent content)
    {
        (this.archive, this.writer) = (archive, writer);
        entries = new EntryWriter(writer, content);
        resolver = new PathResolver(writer, applied);
        aufs = new AufsMarks(writer);
    }

    /// <param name="layer">Read to its end, and so verified.</param>
    /// <param name="tree">The mounted file system of a writable snapshot of the layer below.</param>
    /// <param name="onEmptyBase">
    /// There is no layer below. If the layer does not describe the root, the root then gets mode 0755, owner root and a
    /// time of 1970, not the time when the base was formatted.
    /// </param>
    /// <param name="cancellation">Checked between entries and between the megabytes of a file.</param>
    public static AppliedLayer Apply(
        LayerStream layer, IFileTree tree, bool onEmptyBase, CancellationToken cancellation = default)
    {
        try
        {
            return Apply(layer, new TreeWriter(tree, layer.Origin), onEmptyBase, cancellation);
        }
        catch (ImageException refusal)
        {
            throw layer.Explain(refusal, cancellation);
        }
    }

    /// <summary>
    /// Waits until an applied layer is on the disk, and fails if any part of it is not. Required before the commit: no
    /// unmount would report a later write error.
    /// </summary>
    public static void MakeDurable(IFileTree tree, string origin) =>
        new TreeWriter(tree, origin) { Entry = "(flush)" }.Require(tree.Flush(), TreePath.Root);

    private static AppliedLayer Apply(
        LayerStream layer, TreeWriter writer, bool onEmptyBase, CancellationToken cancellation)
    {
        // On a single processor a second thread only costs time.
        if (Environment.ProcessorCount == 1)
            return Apply(layer, new BufferedStream(layer, 128 * 1024), writer, onEmptyBase, cancellation);
        using var ahead = new ReadAheadStream(layer);
        return Apply(layer, ahead, writer, onEmptyBase, cancellation);
    }

    private static AppliedLayer Apply(
        LayerStream layer, Stream tar, TreeWriter writer, bool onEmptyBase, CancellationToken cancellation)
    {
        var archive = new TarReader(tar, layer.Origin, endMarkerRequired: layer.Descriptor.DiffId is null);
        using var content = new FileContent(archive, writer, cancellation);
        var applier = new LayerApplier(archive, writer, content);
        var count = applier.ApplyAll(onEmptyBase, cancellation);
        // The bytes after the end marker belong to the layer's identity; the last read verifies the layer.
        Span<byte> rest = stackalloc byte[4096];
        while (tar.Read(rest) > 0)
            cancellation.ThrowIfCancellationRequested();
        return new AppliedLayer(layer.DiffId, count, content.Written, applier.entries.Lost);
    }

    private long ApplyAll(bool onEmptyBase, CancellationToken cancellation)
    {
        if (onEmptyBase)
            SetBareRoot();
        var count = 0L;
        for (; archive.Next() is { } entry; count++)
        {
            cancellation.ThrowIfCancellationRequested();
            writer.Entry = entry.DisplayName;
            var path = EntryNames.Parse(entry.Name, out var fault) ?? throw Unnamed("its name", fault);
            if (path.IsRoot)
                ApplyRoot(entry);
            else if (AufsMarks.Hold(path))
                aufs.Apply(entry, path, ApplyEntry);
            else if (path.Name.StartsWith(Whiteouts.Prefix))
                ApplyWhiteout(path);
            else
                ApplyEntry(entry, path);
        }
        aufs.Remove();
        writer.Entry = "(directory times)";
        writer.SetTimes();
        return count;
    }

    private void ApplyRoot(TarEntry entry)
    {
        if (entry.Type != TarEntryType.Directory)
            throw writer.Refuse(ImageReason.Corrupt, "it would make the root something other than a directory",
                "Build the image again");
        entries.Merge(entry, TreePath.Root);
    }

    private void SetBareRoot()
    {
        var attributes = new EntryAttributes(Owner.Root, new Permissions(0x1ED), null, []); // 0755
        writer.Require(writer.Tree.SetAttributes(TreePath.Root, attributes, out _), TreePath.Root);
        writer.SetTimeAtEnd(TreePath.Root, new InodeTime(0, 0));
    }

    private void ApplyWhiteout(TreePath path)
    {
        if (path.Name.SequenceEqual(Whiteouts.Opaque))
        {
            if (resolver.Find(path.Parent) is { } directory)
                RemoveLower(directory);
            return;
        }
        var name = path.Name[Whiteouts.Prefix.Length..];
        if (!TreePath.IsName(name))
            throw Unsafe($"it is a whiteout of '{TreePath.Display(name)}'");
        if (resolver.Find(path.Parent) is not { } parent)
            return;
        var gone = parent.Child(name);
        if (writer.Find(gone) is not { } stat)
            return;
        if (!applied.Contains(gone))
            writer.Remove(gone, stat.Type);
        else if (stat.Type == EntryType.Directory)
            RemoveLower(gone);
    }

    /// <summary>Removes everything from a directory that this layer has not brought.</summary>
    private void RemoveLower(TreePath directory)
    {
        foreach (var name in writer.List(directory))
        {
            var child = directory.Child(name);
            if (writer.Find(child) is not { } stat)
                continue;
            if (!applied.Contains(child))
                writer.Remove(child, stat.Type);
            else if (stat.Type == EntryType.Directory)
                RemoveLower(child);
        }
    }

    private void ApplyEntry(TarEntry entry, TreePath path)
    {
        var parent = resolver.Make(path.Parent, entry.ModificationTime);
        var here = parent.Child(path.Name);
        if (entry.Type == TarEntryType.HardLink)
            Link(entry, here, writer.Find(here));
        else
            Make(entry, here, parent);
        applied.Add(here);
    }

    /// <summary>Most names are new; the creation shows whether one is not.</summary>
    private void Make(TarEntry entry, TreePath here, TreePath parent)
    {
        writer.KeepTime(parent);
        if (entries.Make(entry, here).IsDone || writer.Find(here) is not { } existing)
            return;
        if (entry.Type == TarEntryType.Directory && existing.Type == EntryType.Directory)
        {
            entries.Merge(entry, here);
            return;
        }
        writer.Remove(here, existing.Type);
        writer.Require(entries.Make(entry, here), here);
    }

    /// <summary>
    /// A hard link has no attributes of its own: owner and everything else are the target's, which may be in a lower
    /// layer.
    /// </summary>
    private void Link(TarEntry entry, TreePath here, EntryStat? existing)
    {
        var named = EntryNames.Parse(entry.LinkName, out var fault)
            ?? throw Unnamed("the name that it is a hard link to", fault);
        var target = named.IsRoot ? null : resolver.Find(named.Parent)?.Child(named.Name);
        var stat = target is null ? null : writer.Find(target);
        if (stat is null || stat.Type == EntryType.Directory)
            throw writer.Refuse(
                ImageReason.Corrupt,
                $"'{TreePath.Display(entry.LinkName)}', which it is a hard link to, "
                + (stat is null ? "does not exist in this image" : "is a directory"),
                "Build the image again, or fetch all of its layers");
        if (existing is not null && existing.Inode == stat.Inode)
            return;
        if (existing is not null)
            writer.Remove(here, existing.Type);
        writer.KeepTime(here.Parent);
        writer.Require(writer.Tree.MakeHardLink(here, target!), here);
    }

    private ImageException Unnamed(string what, EntryNameFault fault) => fault == EntryNameFault.TooLong
        ? writer.Refuse(
            ImageReason.Unsupported, $"{what} is longer than {TreePath.MaxBytes} bytes, the most that the kernel takes",
            "Build the image with shorter names")
        : writer.Refuse(
            ImageReason.Corrupt, fault == EntryNameFault.Empty ? $"{what} is empty" : $"{what} has a NUL in it",
            "Build the image again");

    private ImageException Unsafe(string why) => writer.Refuse(
        ImageReason.UnsafePath, why,
        "Do not use this image unless you know why it does that; build it without such an entry");

    /// <summary>Names that mean removal (layer.md, "Whiteouts").</summary>
    private static class Whiteouts
    {
        public static ReadOnlySpan<byte> Prefix => ".wh."u8;

        public static ReadOnlySpan<byte> Opaque => ".wh..wh..opq"u8;
    }
}

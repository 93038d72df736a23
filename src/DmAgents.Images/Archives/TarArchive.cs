using DmAgents.Images.Streams;
using DmAgents.Images.Tar;

namespace DmAgents.Images.Archives;

/// <summary>
/// A plain tar on disk whose members are read in place: one pass over the headers finds where they lie. Only names
/// that an image layout can have are kept, so that the index of a root file system is empty, not large.
/// </summary>
internal sealed class TarArchive : IArchive
{
    // Docker writes layers that it has already written as symlinks; they never chain.
    private const int MaxLinks = 4;

    // Far more than any image has; the index is held in memory.
    private const int MaxMembers = 100_000;

    private readonly FileStream file;
    private readonly Dictionary<string, Member> members = new(StringComparer.Ordinal);

    private bool hasForeign;

    private TarArchive(FileStream file, string origin) => (this.file, Origin) = (file, origin);

    public string Origin { get; }

    /// <summary>
    /// False as soon as the content shows that the tar is a root file system rather than an image layout.
    /// </summary>
    public bool MayBeLayout { get; private set; }

    /// <summary>Whether nothing in it is foreign to an image layout: then it can be nothing else.</summary>
    public bool IsOnlyLayout => MayBeLayout && !hasForeign;

    /// <summary>Takes over the file.</summary>
    public static TarArchive Open(FileStream file, string origin)
    {
        var archive = new TarArchive(file, origin);
        archive.ReadIndex();
        return archive;
    }

    public bool Contains(string member) => Find(member) is not null;

    public Stream Open(string member, out long size)
    {
        var found = Find(member) ?? throw this.Missing(member);
        size = found.Size;
        return new FileRange(file.SafeFileHandle, found.Offset, found.Size);
    }

    /// <summary>The whole file: for a root file system tar, which is itself the layer.</summary>
    public Stream OpenWhole(out long size)
    {
        size = file.Length;
        return new FileRange(file.SafeFileHandle, 0, size);
    }

    public void Dispose() => file.Dispose();

    private void ReadIndex()
    {
        var reader = new TarReader(new FileRange(file.SafeFileHandle, 0, file.Length), Origin);
        while (reader.Next() is { } entry)
        {
            var name = LayoutNames.Normalize(entry.Name);
            var kind = LayoutNames.KindOf(name, entry.Type);
            MayBeLayout |= kind == LayoutNames.Kind.Layout;
            hasForeign |= kind == LayoutNames.Kind.Foreign;
            if (hasForeign && !MayBeLayout)
                return;
            if (kind != LayoutNames.Kind.Foreign && entry.Extents is null && entry.Type != TarEntryType.Directory)
                members[name] = new Member(reader.ContentOffset, reader.PackedSize, LinkOf(name, entry));
            if (members.Count > MaxMembers)
                throw new ImageException(
                    ImageReason.TooLarge, $"{Origin} looks like an image layout and has more than {MaxMembers} members",
                    "No sound image has as many: check where the archive comes from");
        }
    }

    private Member? Find(string name)
    {
        for (var links = 0; links <= MaxLinks; links++)
        {
            if (!members.TryGetValue(LayoutNames.Normalize(name), out var member))
                return null;
            if (member.Link is null)
                return member;
            name = member.Link;
        }
        return null;
    }

    private static string? LinkOf(string name, TarEntry entry)
    {
        if (entry.Type is not (TarEntryType.Symlink or TarEntryType.HardLink))
            return null;
        var target = TarFields.Utf8(entry.LinkName);
        if (entry.Type == TarEntryType.HardLink || !name.Contains('/'))
            return target;
        // Relative to the symlink's own directory, and never above the archive's root.
        return Path.GetRelativePath("/", Path.GetFullPath(target, "/" + name[..name.LastIndexOf('/')]));
    }

    private sealed record Member(long Offset, long Size, string? Link);
}

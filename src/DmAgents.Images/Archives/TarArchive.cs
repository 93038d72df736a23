using DmAgents.Images.Streams;
using DmAgents.Images.Tar;

namespace DmAgents.Images.Archives;

/// <summary>
/// The layout in one folder of a plain tar on disk. Members are read in place, at the offsets in the index.
/// </summary>
internal sealed class TarArchive(RegularFile file, TarIndex index, string folder) : IArchive
{
    // Docker writes a layer that it has already written as a symlink; such links never chain.
    private const int MaxLinks = 4;

    public string Origin => file.Name;

    public bool Contains(string member) => Find(member) is not null;

    public Stream Open(string member, out long size)
    {
        var found = Find(member) ?? throw this.Missing(member);
        size = found.Size;
        return found.Extents is { } extents
            ? new SparseContent(file.Open(found.Offset, extents.Sum(extent => extent.Length)), extents, size)
            : file.Open(found.Offset, size);
    }

    public void Dispose() => file.Dispose();

    private TarIndex.Member? Find(string name)
    {
        name = LayoutNames.Normalize($"{folder}/{name}");
        for (var links = 0; links <= MaxLinks; links++)
        {
            if (index.Find(name) is not { IsDirectory: false } member)
                return null;
            if (member.Link is null)
                return member;
            name = LayoutNames.Normalize(member.Link);
        }
        return null;
    }
}

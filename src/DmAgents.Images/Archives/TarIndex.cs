using System.Text.Json;
using DmAgents.Images.Sources;
using DmAgents.Images.Tar;

namespace DmAgents.Images.Archives;

/// <summary>
/// All members of a tar by name, and which of its folders are image layouts. The index decides whether the tar is an
/// image archive or a root file system. It must be complete for that, because a tar may hold its parts in any order.
/// </summary>
internal sealed class TarIndex
{
    // Far more than any image has. A root file system may have more, but its names are not needed.
    private const int MaxMembers = 100_000;
    private const int MaxNames = 16 << 20;

    // Limits for documents that look like a layout's: the maximum number and the maximum depth.
    private const int MaxDocuments = 256;
    private const int MaxDepth = 4;

    private readonly Dictionary<string, Member> members = new(StringComparer.Ordinal);
    private readonly Dictionary<string, LayoutParts> folders = new(StringComparer.Ordinal);
    private string? common;
    private int names;
    private int documents;

    /// <summary>False if there were too many members to keep.</summary>
    public bool IsWhole { get; private set; } = true;

    /// <summary>The folder that holds all files; empty for the top.</summary>
    public string CommonFolder => common ?? "";

    /// <summary>A member that only a root file system has: one of its top directories, or a device file.</summary>
    public string? RootMember { get; private set; }

    /// <summary>Folders with a complete image layout, and its format: OCI if it is both.</summary>
    public IEnumerable<(string Folder, LayoutParts Parts)> Layouts => folders
        .Where(folder => folder.Value.IsOci || folder.Value.IsDocker).Select(folder => (folder.Key, folder.Value))
        .OrderBy(folder => folder.Key, StringComparer.Ordinal);

    /// <summary>
    /// True if it has parts of an image layout and nothing else: then it can hardly be anything else.
    /// </summary>
    public bool HasOnlyParts => IsWhole && Files.Any(LayoutNames.IsOfLayout)
        && Files.All(name => LayoutNames.IsOfLayout(name) || !name.Contains('/', StringComparison.Ordinal));

    /// <summary>Reads all headers.</summary>
    /// <param name="untilLayout">Stop as soon as the first files form a layout.</param>
    /// <param name="tar">The uncompressed tar; read by seeking if possible.</param>
    /// <param name="origin">Its name in messages.</param>
    /// <param name="cancellation">Ends the reading.</param>
    public static TarIndex Read(Stream tar, string origin, bool untilLayout, CancellationToken cancellation)
    {
        var index = new TarIndex();
        var reader = new TarReader(tar, origin);
        while (reader.Next() is { } entry)
        {
            cancellation.ThrowIfCancellationRequested();
            index.Add(reader, entry);
            if (untilLayout && index.folders.TryGetValue(index.CommonFolder, out var parts)
                && (parts.IsOci || parts.IsDocker))
                break;
        }
        return index;
    }

    private IEnumerable<string> Files => members.Where(member => !member.Value.IsDirectory)
        .Select(member => Inner(member.Key, CommonFolder));

    public Member? Find(string name) => members.GetValueOrDefault(name);

    /// <summary>An example of a root file system's member at the folder's top; null if there is none.</summary>
    public string? RootMemberIn(string folder) => folder.Length == 0
        ? RootMember
        : members.Keys.FirstOrDefault(name => IsBelow(name, folder) && LayoutNames.IsOfRoot(Inner(name, folder)));

    private void Add(TarReader reader, TarEntry entry)
    {
        var name = LayoutNames.Normalize(entry.Name);
        if (name.Length == 0)
            return;
        var member = new Member(
            reader.ContentOffset, entry.Size, entry.Extents, LinkOf(name, entry), entry.Type == TarEntryType.Directory);
        if (entry.Type is TarEntryType.CharacterDevice or TarEntryType.BlockDevice || LayoutNames.IsOfRoot(name))
            RootMember ??= name;
        if (!member.IsDirectory)
            common = common is null ? LayoutNames.FolderOf(name) : Shared(common, LayoutNames.FolderOf(name));
        Keep(name, member);
        if (entry is { Type: TarEntryType.File, Extents: null })
            LookAt(reader, name, entry.Size);
    }

    private void Keep(string name, Member member)
    {
        if (!IsWhole)
            return;
        names += name.Length + (16 * (member.Extents?.Count ?? 0));
        IsWhole = members.Count < MaxMembers && names <= MaxNames;
        if (IsWhole)
            members[name] = member;
        else
            members.Clear();
    }

    /// <summary>Records a document that makes its folder a layout, if its content matches its name.</summary>
    private void LookAt(TarReader reader, string name, long size)
    {
        var folder = LayoutNames.FolderOf(name);
        var part = folder.Length == 0 ? name : name[(folder.Length + 1)..];
        if (part is not (LayoutNames.OciLayout or LayoutNames.OciIndex or LayoutNames.DockerManifest)
            || name.Count(letter => letter == '/') > MaxDepth)
            return;
        var sound = part == LayoutNames.OciIndex || (size <= ArchiveReading.MaxDocument && documents++ < MaxDocuments
            && IsPromised(part, ReadContent(reader, (int)size)));
        var parts = folders.GetValueOrDefault(folder);
        if (!sound && parts is null && folder.Length > 0)
            return;
        if (folders.Count >= MaxDocuments && parts is null)
            return;
        parts ??= new LayoutParts(false, false, false);
        folders[folder] = part switch
        {
            LayoutNames.OciLayout => parts with { HasOciLayout = sound },
            LayoutNames.OciIndex => parts with { HasOciIndex = true },
            _ => parts with { IsDocker = sound },
        };
    }

    private static byte[] ReadContent(TarReader reader, int size)
    {
        var content = new byte[size];
        for (var done = 0; done < size;)
            done += reader.Read(content.AsSpan(done));
        return content;
    }

    /// <summary>True if a document's content matches its name: a root file system may use the name, too.</summary>
    public static bool IsPromised(string part, byte[] document)
    {
        try
        {
            return JsonReading.Parse(document, part, root => part == LayoutNames.OciLayout
                ? JsonReading.Text(root, "imageLayoutVersion") is not null
                : root.ValueKind == JsonValueKind.Array && root.GetArrayLength() > 0 && root.EnumerateArray().All(
                    item => JsonReading.Text(item, "Config") is not null));
        }
        catch (ImageException refusal) when (refusal.Reason == ImageReason.Corrupt)
        {
            return false;
        }
    }

    private static bool IsBelow(string name, string folder) => folder.Length == 0
        || (name.Length > folder.Length && name[folder.Length] == '/'
            && name.StartsWith(folder, StringComparison.Ordinal));

    private static string Inner(string name, string folder) =>
        folder.Length == 0 || !IsBelow(name, folder) ? name : name[(folder.Length + 1)..];

    private static string Shared(string one, string other)
    {
        while (one.Length > 0 && one != other && !IsBelow(other, one))
            one = LayoutNames.FolderOf(one);
        return one;
    }

    private static string? LinkOf(string name, TarEntry entry)
    {
        if (entry.Type is not (TarEntryType.Symlink or TarEntryType.HardLink))
            return null;
        var target = TarFields.Utf8(entry.LinkName);
        if (entry.Type == TarEntryType.HardLink)
            return target;
        // Relative to the symlink's own directory, and never above the archive's root.
        return Path.GetRelativePath("/", Path.GetFullPath(target, "/" + LayoutNames.FolderOf(name)));
    }

    /// <param name="Offset">The offset of its bytes in the tar.</param>
    /// <param name="Size">The size including holes.</param>
    /// <param name="Extents">Null for a file without holes.</param>
    /// <param name="Link">The member that it links to.</param>
    /// <param name="IsDirectory">It has no bytes.</param>
    internal sealed record Member(
        long Offset, long Size, IReadOnlyList<SparseExtent>? Extents, string? Link, bool IsDirectory);
}

/// <summary>The parts of an image layout in a folder.</summary>
internal sealed record LayoutParts(bool HasOciLayout, bool HasOciIndex, bool IsDocker)
{
    public bool IsOci => HasOciLayout && HasOciIndex;
}

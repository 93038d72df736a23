namespace DmAgents.Images.Archives;

/// <summary>Named members: files of a directory or entries of a tar.</summary>
internal interface IArchive : IDisposable
{
    /// <summary>The archive's name in messages.</summary>
    string Origin { get; }

    bool Contains(string member);

    /// <summary>
    /// Opens a member and returns its size; throws <see cref="ImageException"/> (NotFound) if it is missing.
    /// </summary>
    Stream Open(string member, out long size);
}

internal static class ArchiveReading
{
    /// <summary>The maximum size of a manifest, an index or a config in memory, in bytes.</summary>
    public const int MaxDocument = 8 << 20;

    /// <summary>Reads a small member whole.</summary>
    public static byte[] ReadDocument(this IArchive archive, string member)
    {
        using var stream = archive.Open(member, out var size);
        if (size > MaxDocument)
            throw new ImageException(
                ImageReason.TooLarge, $"'{member}' of {archive.Origin} has {size} bytes, more than {MaxDocument}",
                "No sound image has documents of this size: check where the archive comes from");
        var content = new byte[size];
        try
        {
            return stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false) == content.Length
                ? content
                : throw new ImageException(
                    ImageReason.Truncated, $"'{member}' of {archive.Origin} is cut off",
                    "Fetch or write the archive again");
        }
        catch (IOException cause)
        {
            throw Unreadable($"'{member}' of {archive.Origin}", cause);
        }
    }

    /// <summary>For a disk failure that is not the archive's fault.</summary>
    public static ImageException Unreadable(string what, IOException cause) => new(
        ImageReason.Failed, $"{what} cannot be read ({cause.Message.TrimEnd('.')})",
        "Check the disk that the archive is on, then try again", cause);

    public static ImageException Missing(this IArchive archive, string member) => new(
        ImageReason.NotFound, $"{archive.Origin} lacks '{member}', which its own manifest names",
        "Fetch or write the archive again");
}

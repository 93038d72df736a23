using DmAgents.Images.Streams;

namespace DmAgents.Images.Archives;

/// <summary>An unpacked image layout in a directory.</summary>
internal sealed class DirectoryArchive(string directory) : IArchive
{
    public string Origin => directory;

    public bool Contains(string member) => IsBelow(member) && FileAt(member).Exists;

    public Stream Open(string member, out long size)
    {
        if (!Contains(member))
            throw this.Missing(member);
        try
        {
            // A layer may be empty. A fifo also has length 0, and opening one may block forever: neither is opened.
            var file = FileAt(member);
            if (file.Length == 0)
            {
                size = 0;
                return Stream.Null;
            }
            var stream = new FileStream(
                file.FullName, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            size = stream.Length;
            return stream;
        }
        catch (UnauthorizedAccessException cause)
        {
            throw new ImageException(
                ImageReason.NotPermitted, $"'{member}' of {Origin} cannot be read ({cause.Message.TrimEnd('.')})",
                "Let the agent's user read it", cause);
        }
        catch (IOException cause)
        {
            throw ArchiveReading.Unreadable($"'{member}' of {Origin}", cause);
        }
    }

    public void Dispose()
    {
    }

    private FileInfo FileAt(string member) =>
        RegularFile.At(Path.Combine(directory, LayoutNames.Normalize(member)));

    private static bool IsBelow(string member) => !member.Split('/').Contains("..") && !member.Contains('\0');
}

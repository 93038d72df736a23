namespace DmAgents.Images.Archives;

/// <summary>An image layout that lies unpacked in a directory.</summary>
internal sealed class DirectoryArchive(string directory) : IArchive
{
    public string Origin => directory;

    public bool Contains(string member) =>
        IsBelow(member) && new FileInfo(Path.Combine(directory, member)).Exists;

    public Stream Open(string member, out long size)
    {
        if (!Contains(member))
            throw this.Missing(member);
        try
        {
            // A layer may be empty. So is a fifo, to look at, and opening one may wait for ever: neither is opened.
            if (new FileInfo(Path.Combine(directory, member)).Length == 0)
            {
                size = 0;
                return Stream.Null;
            }
            var stream = new FileStream(
                Path.Combine(directory, member), FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            size = stream.Length;
            return stream;
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new ImageException(
                ImageReason.Failed, $"'{member}' of {Origin} cannot be opened ({cause.Message})",
                "Check that the agent may read it", cause);
        }
    }

    public void Dispose()
    {
    }

    private static bool IsBelow(string member) =>
        !Path.IsPathRooted(member) && !member.Split('/').Any(part => part is "" or "." or "..") && !member.Contains(
            '\0');
}

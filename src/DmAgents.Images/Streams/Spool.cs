namespace DmAgents.Images.Streams;

/// <summary>
/// A file for data that must be read out of order. It has no name and disappears with the process. It keeps a part of
/// its disk free, because the agent's journal may be on the same disk.
/// </summary>
internal sealed class Spool : IDisposable
{
    private const string Prefix = "dmagents-spool-";

    // Often enough that the reserve is not used up in between, rarely enough to cost nothing.
    private const long CheckEvery = 16 << 20;
    private const long LargestReserve = 1L << 30;

    // .NET keeps errno in HResult if it has no exception type for the number.
    private const int NoSpaceErrno = 28;
    private const int QuotaErrno = 122;

    private readonly string directory;
    private readonly string origin;
    private readonly FileStream file;
    private long nextCheck;

    /// <param name="directory">The file's directory.</param>
    /// <param name="origin">The name of its content in messages.</param>
    /// <param name="size">The number of bytes to come; 0 if unknown.</param>
    /// <exception cref="ImageException">There is not enough space (NoSpace).</exception>
    public Spool(string directory, string origin, long size = 0)
    {
        (this.directory, this.origin) = (directory, origin);
        var name = Path.Combine(directory, Prefix + Path.GetRandomFileName());
        try
        {
            Directory.CreateDirectory(directory);
            CheckRoom(size);
            file = new FileStream(name, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            File.Delete(name);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw Unusable(cause);
        }
    }

    public long Size { get; private set; }

    /// <summary>Removes files of an agent that crashed between creating and unlinking one.</summary>
    public static void Sweep(string directory)
    {
        try
        {
            foreach (var left in Directory.EnumerateFiles(directory, Prefix + "*"))
                File.Delete(left);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            // The directory does not exist yet, or is not writable: the import that needs it reports that.
        }
    }

    /// <exception cref="ImageException">There is no space left (NoSpace).</exception>
    public void Write(ReadOnlySpan<byte> content)
    {
        if (Size >= nextCheck)
        {
            CheckRoom(content.Length);
            nextCheck = Size + CheckEvery;
        }
        try
        {
            file.Write(content);
            Size += content.Length;
        }
        catch (IOException cause) when (cause.HResult is NoSpaceErrno or QuotaErrno)
        {
            throw NoRoom(cause);
        }
        catch (IOException cause)
        {
            throw Unusable(cause);
        }
    }

    public void Fill(Stream content, CancellationToken cancellation)
    {
        var buffer = new byte[1 << 20];
        for (int count; (count = content.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)) > 0;)
        {
            cancellation.ThrowIfCancellationRequested();
            Write(buffer.AsSpan(0, count));
        }
    }

    /// <summary>Returns what was written as a file with this name; the spool must not be used afterwards.</summary>
    public RegularFile ToFile(string name) => new(file, name);

    public void Dispose() => file.Dispose();

    private void CheckRoom(long more)
    {
        var disk = new DriveInfo(directory);
        var reserve = Math.Min(LargestReserve, disk.TotalSize / 10);
        if (disk.AvailableFreeSpace - reserve < more)
            throw NoRoom(null);
    }

    private ImageException Unusable(Exception cause) => new(
        ImageReason.Failed, $"{directory} takes no copy of {origin} ({cause.Message.TrimEnd('.')})",
        "Check that directory, or set image.spool-directory to another", cause);

    private ImageException NoRoom(IOException? cause) => new(
        ImageReason.NoSpace,
        $"{directory} has no room for {origin}, of which it has to keep a copy while that is imported",
        "Make room there, or set image.spool-directory to a directory on another disk", cause);
}

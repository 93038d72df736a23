using DmAgents.Images.Streams;

namespace DmAgents.Images.Sources;

/// <summary>
/// An archive that arrives as a stream. It is kept in an unnamed file until it is used, because its parts are read in
/// another order. Only a part of it is in memory at a time.
/// </summary>
public sealed class ReceivedArchive : IDisposable
{
    private readonly string directory;
    private readonly string origin;
    private readonly Spool spool;

    /// <param name="spoolDirectory">The file's directory.</param>
    /// <param name="origin">The archive's name in messages.</param>
    /// <param name="size">The number of bytes to come; 0 if unknown.</param>
    /// <exception cref="ImageException">There is not enough space (NoSpace).</exception>
    public ReceivedArchive(string spoolDirectory, string origin, long size)
    {
        (directory, this.origin) = (spoolDirectory, origin);
        spool = new Spool(spoolDirectory, origin, size);
    }

    /// <summary>Bytes received.</summary>
    public long Size => spool.Size;

    /// <summary>Deletes spool files of an agent that crashed while it created one.</summary>
    public static void Sweep(string spoolDirectory) => Spool.Sweep(spoolDirectory);

    /// <exception cref="ImageException">There is no space left (NoSpace).</exception>
    public void Write(ReadOnlySpan<byte> content) => spool.Write(content);

    /// <summary>Opens its images, which take ownership of the file.</summary>
    public IImageSource Open(ImageFormat? format, CancellationToken cancellation) =>
        ImageSource.Open(spool.ToFile(origin), directory, format, cancellation);

    public void Dispose() => spool.Dispose();
}

using DmAgents.Images.Streams;

namespace DmAgents.Images.Sources;

/// <summary>
/// An archive that comes as a stream: kept in a file without a name until it is used up, for its parts are read in
/// another order. Only a part of it is in memory at a time.
/// </summary>
public sealed class ReceivedArchive : IDisposable
{
    private readonly string directory;
    private readonly string origin;
    private readonly Spool spool;

    /// <param name="spoolDirectory">Where the file is.</param>
    /// <param name="origin">What the archive is called in messages.</param>
    /// <param name="size">How much will come, in bytes; 0 if that is not known.</param>
    /// <exception cref="ImageException">There is no room (NoSpace).</exception>
    public ReceivedArchive(string spoolDirectory, string origin, long size)
    {
        (directory, this.origin) = (spoolDirectory, origin);
        spool = new Spool(spoolDirectory, origin, size);
    }

    /// <summary>Bytes received.</summary>
    public long Size => spool.Size;

    /// <summary>Deletes what a spool left whose agent died while it made the file.</summary>
    public static void Sweep(string spoolDirectory) => Spool.Sweep(spoolDirectory);

    /// <exception cref="ImageException">There is no more room (NoSpace).</exception>
    public void Write(ReadOnlySpan<byte> content) => spool.Write(content);

    /// <summary>The images in it; the file is theirs from here on.</summary>
    public IImageSource Open(ImageFormat? format, CancellationToken cancellation) =>
        ImageSource.Open(spool.ToFile(origin), directory, format, cancellation);

    public void Dispose() => spool.Dispose();
}

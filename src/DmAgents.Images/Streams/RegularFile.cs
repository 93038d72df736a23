namespace DmAgents.Images.Streams;

/// <summary>An open file of which parts are read at the same time, each by a stream of its own.</summary>
/// <param name="file">Is owned.</param>
/// <param name="name">What the file is called in messages.</param>
internal sealed class RegularFile(FileStream file, string name) : IDisposable
{
    public string Name => name;

    public long Size { get; } = file.Length;

    /// <summary>Opens a file that is known to be a regular one: opening a fifo would wait.</summary>
    public static RegularFile Open(string path) =>
        new(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0), path);

    public Stream Open() => Open(0, Size);

    public Stream Open(long start, long length) => new FileRange(file.SafeFileHandle, start, length);

    public void Dispose() => file.Dispose();
}

namespace DmAgents.Images.Streams;

/// <summary>An open file of which parts are read at the same time, each by a stream of its own.</summary>
/// <param name="file">Is owned.</param>
/// <param name="name">What the file is called in messages.</param>
internal sealed class RegularFile(FileStream file, string name) : IDisposable
{
    public string Name => name;

    public long Size { get; } = file.Length;

    /// <summary>Opens a file that is known to be a regular one: opening a fifo would wait.</summary>
    public static RegularFile Open(string path, string name) =>
        new(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0), name);

    /// <summary>
    /// What is at the path, to look at before it is opened. Of a symlink it is what that leads to: a link has a length
    /// of its own, behind which a fifo would look like a file with content.
    /// </summary>
    public static FileInfo At(string path)
    {
        var file = new FileInfo(path);
        return file.LinkTarget is null ? file : (FileInfo)file.ResolveLinkTarget(returnFinalTarget: true)!;
    }

    public Stream Open() => Open(0, Size);

    public Stream Open(long start, long length) => new FileRange(file.SafeFileHandle, start, length);

    public void Dispose() => file.Dispose();
}

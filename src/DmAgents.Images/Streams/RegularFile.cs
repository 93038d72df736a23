namespace DmAgents.Images.Streams;

/// <summary>An open file whose parts are read concurrently, each through its own stream.</summary>
/// <param name="file">Owned.</param>
/// <param name="name">The file's name in messages.</param>
internal sealed class RegularFile(FileStream file, string name) : IDisposable
{
    public string Name => name;

    public long Size { get; } = file.Length;

    /// <summary>Opens a file that is known to be regular: opening a fifo would block.</summary>
    public static RegularFile Open(string path, string name) =>
        new(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0), name);

    /// <summary>
    /// The file at the path, for checks before it is opened. Resolves a symlink: a link has a length of its own, which
    /// would make a fifo behind it look like a file with content.
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

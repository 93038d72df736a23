using System.Runtime.Versioning;
using DmAgents.Domain.Ports;
using DmAgents.Images.Tar;

namespace DmAgents.Images.Exports;

/// <summary>An export's files in one tar, which has a temporary name until it is complete. A header is written once its
/// file's name and size are known.</summary>
[SupportedOSPlatform("linux")]
internal sealed class TarFiles : IExportFiles
{
    private readonly string path;
    private readonly string partial;
    private readonly ExportClaim claim;
    private readonly IDurableFiles durable;
    private readonly FileStream tar;
    private readonly HashSet<string> names = [];
    private long start;
    private bool isComplete;

    public TarFiles(string path, ExportClaim claim, IDurableFiles durable)
    {
        (this.path, partial, this.claim, this.durable) = (path, claim.Partial, claim, durable);
        tar = new FileStream(partial, ExportPlace.NewFile());
    }

    public Stream Begin()
    {
        start = tar.Position;
        tar.Write(new byte[TarHeader.BlockSize]);
        return tar;
    }

    public void End(string name)
    {
        var end = tar.Position;
        if (!names.Add(name))
        {
            tar.SetLength(start);
            tar.Position = start;
            return;
        }
        var size = end - start - TarHeader.BlockSize;
        tar.Position = start;
        tar.Write(TarWriter.PlainHeader(name, size));
        tar.Position = end;
        tar.Write(new byte[TarWriter.PaddingOf(size)]);
    }

    public void Add(string name, ReadOnlySpan<byte> content)
    {
        Begin();
        tar.Write(content);
        End(name);
    }

    public void Complete()
    {
        tar.Write(new byte[2 * TarHeader.BlockSize]);
        tar.Flush(flushToDisk: true);
        ExportPlace.RequireFree(path);
        File.Move(partial, path, overwrite: false);
        isComplete = true;
        ExportPlace.Sync(durable, Path.GetDirectoryName(path)!);
    }

    public void Dispose()
    {
        tar.Dispose();
        if (!isComplete)
            File.Delete(partial);
        claim.Dispose();
    }
}

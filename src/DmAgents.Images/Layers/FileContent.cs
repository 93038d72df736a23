using System.Buffers;
using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Images.Tar;

namespace DmAgents.Images.Layers;

/// <summary>
/// Writes a file's bytes from the archive: few and large writes, with holes for the archive's holes and for long runs
/// of zeros.
/// </summary>
internal sealed class FileContent(TarReader archive, TreeWriter writer, CancellationToken cancellation) : IDisposable
{
    private const int BufferSize = 1 << 20;

    // The smallest block of a thin pool: shorter runs of zeros save no space there, and cost extents.
    private const int ZeroRun = 64 * 1024;

    private readonly byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);

    /// <summary>The bytes of all files written so far, without the archive's holes.</summary>
    public long Written { get; private set; }

    public void Write(ITreeFile file, TarEntry entry, TreePath path)
    {
        var end = 0L;
        if (entry.Extents is null)
            end = WriteRun(file, path, 0, entry.Size, skipZeros: true);
        foreach (var extent in entry.Extents ?? [])
            end = WriteRun(file, path, extent.Offset, extent.Length, skipZeros: false);
        if (end < entry.Size)
            writer.Require(file.SetLength(entry.Size), path);
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(buffer);

    /// <summary>Returns the end of the last byte written.</summary>
    private long WriteRun(ITreeFile file, TreePath path, long offset, long length, bool skipZeros)
    {
        var end = 0L;
        while (length > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            var chunk = buffer.AsSpan(0, (int)Math.Min(BufferSize, length));
            for (var done = 0; done < chunk.Length;)
                done += archive.Read(chunk[done..]);
            end = skipZeros ? WriteData(file, path, chunk, offset, end) : WriteAll(file, path, chunk, offset);
            offset += chunk.Length;
            length -= chunk.Length;
            Written += chunk.Length;
        }
        return end;
    }

    private long WriteData(ITreeFile file, TreePath path, ReadOnlySpan<byte> chunk, long offset, long end)
    {
        var start = 0;
        for (var at = 0; at < chunk.Length; at += ZeroRun)
        {
            var run = chunk.Slice(at, Math.Min(ZeroRun, chunk.Length - at));
            if (run.Length < ZeroRun || run.ContainsAnyExcept((byte)0))
                continue;
            if (at > start)
                end = WriteAll(file, path, chunk[start..at], offset + start);
            start = at + ZeroRun;
        }
        return start < chunk.Length ? WriteAll(file, path, chunk[start..], offset + start) : end;
    }

    private long WriteAll(ITreeFile file, TreePath path, ReadOnlySpan<byte> bytes, long offset)
    {
        writer.Require(file.Write(bytes, offset), path);
        return offset + bytes.Length;
    }
}

using System.Buffers;
using DmAgents.Domain.Ports.FileTrees;

namespace DmAgents.Images.Changes;

/// <summary>Compares files of the same name and size in two trees.</summary>
internal sealed class ContentComparison(
    TreeReader lower, TreeReader upper, KnownBlocks? blocks, CancellationToken cancellation) : IDisposable
{
    private const int BufferSize = 256 * 1024;

    private byte[]? one;
    private byte[]? other;

    /// <summary>Bytes read from both files.</summary>
    public long BytesRead { get; private set; }

    public bool IsSame(TreePath path, long size)
    {
        if (size == 0)
            return true;
        using var before = lower.Open(path);
        using var now = upper.Open(path);
        var parts = blocks?.ToRead(before.Extents(), now.Extents()) ?? [new FilePart(0, size)];
        return parts.All(part => IsSame(path, part, before, now));
    }

    public void Dispose()
    {
        foreach (var buffer in new[] { one, other }.OfType<byte[]>())
            ArrayPool<byte>.Shared.Return(buffer);
        (one, other) = (null, null);
    }

    private bool IsSame(TreePath path, FilePart part, ITreeFile before, ITreeFile now)
    {
        one ??= ArrayPool<byte>.Shared.Rent(BufferSize);
        other ??= ArrayPool<byte>.Shared.Rent(BufferSize);
        for (var (offset, left) = part; left > 0;)
        {
            cancellation.ThrowIfCancellationRequested();
            var size = (int)Math.Min(left, BufferSize);
            var first = TreeReader.Fill(before, path, one.AsSpan(0, size), offset);
            var second = TreeReader.Fill(now, path, other.AsSpan(0, size), offset);
            BytesRead += first + second;
            if (first != second || !one.AsSpan(0, first).SequenceEqual(other.AsSpan(0, second)))
                return false;
            if (first < size)
                return true;
            (offset, left) = (offset + first, left - first);
        }
        return true;
    }
}

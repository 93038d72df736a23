using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Transfer.Content;

/// <summary>Computes a device's content map by reading it: the changed pieces of a child, or everything that is
/// mapped.</summary>
public static class ContentScan
{
    /// <summary>The map of a device without a parent, or without its parent's map.</summary>
    /// <param name="mapped">The mapped ranges; the rest is not read.</param>
    public static KernelResult<ContentMap> Whole(
        IBlockReader device, PieceSize pieceSize, IEnumerable<ByteRange> mapped, CancellationToken cancellation) =>
        Child(ContentMap.OfZeros(device.Size, pieceSize), device, mapped, cancellation);

    /// <summary>The map of a child: its parent's map with the changed pieces replaced.</summary>
    /// <param name="changed">All ranges in which the two may differ, in any order, overlapping or not. They may end
    /// beyond the device, because a pool's last block may.</param>
    public static KernelResult<ContentMap> Child(
        ContentMap parent, IBlockReader device, IEnumerable<ByteRange> changed, CancellationToken cancellation)
    {
        var size = parent.PieceSize;
        var buffer = new byte[size.Bytes];
        var found = new List<ContentPiece>();
        foreach (var index in PieceSet.Of(changed.Select(range => Touched(range, device.Size, size))).Pieces)
        {
            cancellation.ThrowIfCancellationRequested();
            var range = size.RangeOf(index, device.Size);
            var bytes = buffer.AsSpan(0, (int)range.Length.Bytes);
            var read = device.Read(range.Start, bytes);
            if (!read.Succeeded)
                return read.Error;
            found.Add(new ContentPiece(index, PieceHash.Of(bytes, size)));
        }
        return parent.With(found, device.Size);
    }

    /// <summary>The device's pieces that a range touches; the range may extend beyond the device or start behind its
    /// end.</summary>
    private static PieceRange Touched(ByteRange range, ByteSize device, PieceSize size)
    {
        var (start, end) = (range.Start.Bytes, Math.Min(range.End.Bytes, device.Bytes));
        if (start >= end)
            return new PieceRange(0, 0);
        var (first, last) = (start / (ulong)size.Bytes, (end - 1) / (ulong)size.Bytes);
        return new PieceRange(first, last - first + 1);
    }
}

using System.Collections.Immutable;
using DmAgents.Domain.Units;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Sending;

/// <summary>Splits what is to be sent into records.</summary>
internal static class SenderRecords
{
    /// <summary>A map's changes: consecutive hashes together, consecutive zeros as a range.</summary>
    public static IEnumerable<TransferRecord> OfMap(ImmutableArray<ContentPiece> changed)
    {
        for (var i = 0; i < changed.Length;)
        {
            var (first, zeros) = (changed[i], changed[i].Hash.IsZero);
            var count = 1;
            while (i + count < changed.Length && changed[i + count].Index == first.Index + (ulong)count
                && changed[i + count].Hash.IsZero == zeros && (zeros || count < WireLimits.Hashes))
                count++;
            yield return zeros
                ? new TransferRecords.ZeroPieces(new PieceRange(first.Index, (ulong)count))
                : new TransferRecords.Hashes(
                    first.Index, [.. changed.AsSpan(i, count).ToArray().Select(piece => piece.Hash)]);
            i += count;
        }
        yield return new TransferRecords.MapEnd((ulong)changed.Length);
    }

    /// <summary>If the set has more ranges than a record may have, it is rounded up: pieces reported as missing are not
    /// requested.</summary>
    public static TransferRecords.Lacking OfMissing(SourceLayer layer)
    {
        var (ranges, coming) = (layer.Missing.Ranges, layer.Coming.Ranges.Take(WireLimits.Ranges));
        if (ranges.Length <= WireLimits.Ranges)
            return new TransferRecords.Lacking(ranges, [.. coming]);
        var start = ranges[WireLimits.Ranges - 1].Start;
        return new TransferRecords.Lacking(
            [.. ranges.Take(WireLimits.Ranges - 1), new PieceRange(start, ranges[^1].End - start)], [.. coming]);
    }

    /// <summary>The parts of a piece that was read: zeros as ranges, the rest as chunks.</summary>
    /// <param name="range">The piece's range.</param>
    /// <param name="bytes">From the range's start on.</param>
    public static IEnumerable<TransferRecord> OfPiece(
        ByteRange range, ImmutableArray<ByteRange> parts, ReadOnlyMemory<byte> bytes, int unit)
    {
        foreach (var part in parts)
        {
            var (at, end) = ((int)(part.Start - range.Start).Bytes, (int)(part.End - range.Start).Bytes);
            while (at < end)
            {
                var zeros = IsZero(bytes, at, UnitEnd(at, end, unit));
                var to = UnitEnd(at, end, unit);
                while (to < end && IsZero(bytes, to, UnitEnd(to, end, unit)) == zeros)
                    to = UnitEnd(to, end, unit);
                if (!zeros)
                    to = Math.Min(to, at + WireLimits.Chunk);
                var start = range.Start + new ByteSize((ulong)at);
                yield return zeros
                    ? new TransferRecords.Zeros(new ByteRange(start, new ByteSize((ulong)(to - at))))
                    : new TransferRecords.Data(start, bytes[at..to]);
                at = to;
            }
        }
    }

    private static int UnitEnd(int at, int end, int unit) => Math.Min(end, (at / unit + 1) * unit);

    private static bool IsZero(ReadOnlyMemory<byte> bytes, int from, int to) =>
        !bytes.Span[from..to].ContainsAnyExcept((byte)0);
}

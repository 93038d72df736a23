using System.Collections.Immutable;
using DmAgents.Domain.Units;

namespace DmAgents.Transfer.Sending;

/// <summary>The ranges in which a layer may differ from its base, joined and in order, for look-up by piece.</summary>
internal sealed class ChangedExtents
{
    private readonly List<ByteRange> _ranges = [];

    public ChangedExtents(IEnumerable<ByteRange> extents)
    {
        foreach (var extent in extents.Where(extent => extent.Length > ByteSize.Zero).OrderBy(extent => extent.Start))
        {
            if (_ranges.Count > 0 && _ranges[^1].End >= extent.Start)
            {
                var last = _ranges[^1];
                _ranges[^1] = last with { Length = Max(last.End, extent.End) - last.Start };
            }
            else
            {
                _ranges.Add(extent);
            }
        }
    }

    /// <summary>The parts within a range, ascending.</summary>
    public ImmutableArray<ByteRange> Within(ByteRange range)
    {
        var parts = ImmutableArray.CreateBuilder<ByteRange>();
        for (var i = First(range.Start); i < _ranges.Count && _ranges[i].Start < range.End; i++)
        {
            var start = Max(_ranges[i].Start, range.Start);
            var end = _ranges[i].End < range.End ? _ranges[i].End : range.End;
            parts.Add(new ByteRange(start, end - start));
        }
        return parts.ToImmutable();
    }

    /// <summary>The index of the first range that ends after a position.</summary>
    private int First(ByteSize position)
    {
        var (low, high) = (0, _ranges.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_ranges[middle].End <= position)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    private static ByteSize Max(ByteSize left, ByteSize right) => left > right ? left : right;
}

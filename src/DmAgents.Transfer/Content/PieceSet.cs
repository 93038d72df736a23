using System.Collections.Immutable;

namespace DmAgents.Transfer.Content;

/// <summary>A set of pieces as ranges, ascending, with a gap between neighbours.</summary>
public sealed class PieceSet : IEquatable<PieceSet>
{
    private PieceSet(ImmutableArray<PieceRange> ranges, ulong count) => (Ranges, Count) = (ranges, count);

    private PieceSet(ImmutableArray<PieceRange> ranges)
        : this(ranges, 0)
    {
        foreach (var range in ranges)
            Count += range.Count;
    }

    public static PieceSet Empty { get; } = new([]);

    public ImmutableArray<PieceRange> Ranges { get; }

    /// <summary>The number of pieces.</summary>
    public ulong Count { get; }

    public bool IsEmpty => Ranges.IsEmpty;

    /// <summary>Each piece, ascending.</summary>
    public IEnumerable<ulong> Pieces
    {
        get
        {
            foreach (var range in Ranges)
            {
                for (var piece = range.Start; piece < range.End; piece++)
                    yield return piece;
            }
        }
    }

    /// <param name="ranges">In any order, overlapping or not.</param>
    public static PieceSet Of(IEnumerable<PieceRange> ranges)
    {
        var joined = ImmutableArray.CreateBuilder<PieceRange>();
        foreach (var range in ranges.Where(range => range.Count > 0).OrderBy(range => range.Start))
        {
            if (joined.Count > 0 && joined[^1].End >= range.Start)
                joined[^1] = Between(joined[^1].Start, Math.Max(joined[^1].End, range.End));
            else
                joined.Add(range);
        }
        return new PieceSet(joined.ToImmutable());
    }

    public static PieceSet Of(IEnumerable<ulong> pieces) => Of(pieces.Select(piece => new PieceRange(piece, 1)));

    public bool Contains(ulong piece)
    {
        var at = Ranges.BinarySearch(new PieceRange(piece, 0), ByStart);
        return at >= 0 || (~at > 0 && Ranges[~at - 1].End > piece);
    }

    public PieceSet Add(PieceRange range)
    {
        if (range.Count == 0)
            return this;
        // The ranges from first on end at or after the range's start; those from last on start after its end.
        var found = Ranges.BinarySearch(new PieceRange(range.Start, 0), ByStart);
        var first = found >= 0 ? found : ~found;
        if (first > 0 && Ranges[first - 1].End >= range.Start)
            first--;
        var (last, others) = (first, Count);
        for (; last < Ranges.Length && Ranges[last].Start <= range.End; last++)
        {
            others -= Ranges[last].Count;
            range = Between(Math.Min(range.Start, Ranges[last].Start), Math.Max(range.End, Ranges[last].End));
        }
        return new PieceSet(
            [.. Ranges.AsSpan()[..first], range, .. Ranges.AsSpan()[last..]], others + range.Count);
    }

    public PieceSet Add(ulong piece) => Add(new PieceRange(piece, 1));

    /// <summary>The pieces that are in at least one of the sets.</summary>
    public PieceSet Union(PieceSet other) =>
        other.IsEmpty ? this : IsEmpty ? other : Of(Ranges.Concat(other.Ranges));

    /// <summary>The pieces of this set that are not in the other.</summary>
    public PieceSet Without(PieceSet other)
    {
        var left = ImmutableArray.CreateBuilder<PieceRange>();
        var at = 0;
        foreach (var range in Ranges)
        {
            var start = range.Start;
            while (at < other.Ranges.Length && other.Ranges[at].End <= start)
                at++;
            for (var i = at; i < other.Ranges.Length && other.Ranges[i].Start < range.End; i++)
            {
                if (other.Ranges[i].Start > start)
                    left.Add(Between(start, other.Ranges[i].Start));
                start = Math.Max(start, other.Ranges[i].End);
            }
            if (start < range.End)
                left.Add(Between(start, range.End));
        }
        return new PieceSet(left.ToImmutable());
    }

    /// <summary>The pieces that are in both sets.</summary>
    public PieceSet Intersect(PieceSet other) => Without(Without(other));

    public bool Equals(PieceSet? other) => other is not null && Ranges.AsSpan().SequenceEqual(other.Ranges.AsSpan());

    public override bool Equals(object? obj) => Equals(obj as PieceSet);

    public override int GetHashCode() => HashCode.Combine(Ranges.Length, Count);

    public override string ToString() => string.Join(", ", Ranges);

    private static readonly Comparer<PieceRange> ByStart =
        Comparer<PieceRange>.Create((left, right) => left.Start.CompareTo(right.Start));

    private static PieceRange Between(ulong start, ulong end) => new(start, end - start);
}

using CsCheck;
using DmAgents.Transfer.Content;

namespace DmAgents.Transfer.Tests.Content;

/// <summary>Against a set of numbers.</summary>
public sealed class PieceSetProperties
{
    private static readonly Gen<PieceRange[]> Ranges =
        Gen.Select(Gen.ULong[0, 30], Gen.ULong[0, 6], (start, count) => new PieceRange(start, count)).Array[0, 8];

    [Fact]
    public void It_is_a_set_whose_ranges_ascend_with_gaps_between_them() =>
        Gen.Select(Ranges, Ranges).Sample(
            (left, right) =>
            {
                var (one, other) = (PieceSet.Of(left), right.Aggregate(PieceSet.Empty, (set, range) => set.Add(range)));
                Same(Numbers(left), one);
                Same(Numbers(right), other);
                Same(Numbers(left).Except(Numbers(right)), one.Without(other));
                Same(Numbers(left).Intersect(Numbers(right)), one.Intersect(other));
            },
            iter: 5000);

    private static IEnumerable<ulong> Numbers(IEnumerable<PieceRange> ranges) =>
        ranges.SelectMany(range => Enumerable.Range((int)range.Start, (int)range.Count)).Select(piece => (ulong)piece);

    private static void Same(IEnumerable<ulong> expected, PieceSet set)
    {
        var numbers = expected.ToHashSet();
        Assert.Equal(numbers.Order(), Numbers(set.Ranges));
        Assert.Equal(numbers.Order(), set.Pieces);
        Assert.Equal((ulong)numbers.Count, set.Count);
        Assert.Equal(PieceSet.Of(numbers), set);
        for (var piece = 0UL; piece < 40; piece++)
            Assert.Equal(numbers.Contains(piece), set.Contains(piece));
        for (var i = 1; i < set.Ranges.Length; i++)
            Assert.True(set.Ranges[i - 1].End < set.Ranges[i].Start);
    }
}

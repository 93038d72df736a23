using System.Collections.Immutable;
using DmAgents.Domain.Pools.Care;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Tests.Care;

public sealed class DiscardPlanTests
{
    private static readonly TimeSpan Quick = BackgroundPace.PieceTime * 0.1;
    private static readonly TimeSpan Fair = BackgroundPace.PieceTime * 0.7;
    private static readonly TimeSpan Slow = BackgroundPace.PieceTime * 2;

    [Fact]
    public void Nothing_to_discard_is_done_at_once()
    {
        var plan = DiscardPlan.Of([]);

        Assert.True(plan.IsDone);
        Assert.Empty(plan.Next);
    }

    /// <summary>All lists of up to three ranges around the sizes of pieces, at each pace.</summary>
    [Fact]
    public void Every_block_is_discarded_once_and_in_order_whatever_the_ranges_and_the_pace()
    {
        ulong[] sizes = [1, DiscardPlan.LeastPiece, DiscardPlan.FirstPiece - 1, DiscardPlan.FirstPiece, 5000];
        ulong[] gaps = [1, 300];
        foreach (var took in (TimeSpan[])[Quick, Fair, Slow])
        {
            foreach (var ranges in Lists(sizes, gaps))
            {
                var discarded = Run(DiscardPlan.Of(ranges), _ => took).SelectMany(piece => piece).ToList();

                Assert.Equal(ranges.SelectMany(Blocks), discarded.SelectMany(Blocks));
            }
        }
    }

    [Fact]
    public void A_piece_has_no_more_blocks_and_calls_than_allowed()
    {
        ImmutableArray<BlockRange> scattered =
            [.. Enumerable.Range(0, 3000).Select(i => new BlockRange((ulong)i * 2, 1))];
        var plan = DiscardPlan.Of(scattered);
        while (!plan.IsDone)
        {
            Assert.NotEmpty(plan.Next);
            Assert.True(
                plan.Next.Aggregate(0UL, (sum, range) => sum + range.Count + DiscardPlan.CallBlocks)
                <= plan.PieceBlocks);
            plan = plan.After(Quick);
        }
    }

    [Fact]
    public void Pieces_shrink_while_they_are_slow_and_grow_while_they_are_quick()
    {
        var plan = DiscardPlan.Of([new BlockRange(0, 10_000_000)]);

        Assert.Equal(DiscardPlan.FirstPiece / 2, plan.After(Slow).PieceBlocks);
        Assert.Equal(DiscardPlan.FirstPiece, plan.After(Fair).PieceBlocks);
        Assert.Equal(DiscardPlan.FirstPiece * 2, plan.After(Quick).PieceBlocks);
        Assert.Equal(
            DiscardPlan.LeastPiece, Enumerable.Range(0, 20).Aggregate(plan, (p, _) => p.After(Slow)).PieceBlocks);
        Assert.Equal(
            DiscardPlan.MostPiece, Enumerable.Range(0, 20).Aggregate(plan, (p, _) => p.After(Quick)).PieceBlocks);
    }

    [Fact]
    public void What_is_left_is_known_at_every_piece()
    {
        var plan = DiscardPlan.Of([new BlockRange(10, 700), new BlockRange(2000, 1)]);
        var left = 701UL;
        while (!plan.IsDone)
        {
            left -= plan.Next.Aggregate(0UL, (sum, range) => sum + range.Count);
            plan = plan.After(Fair);
            Assert.Equal(left, plan.BlocksLeft);
        }
        Assert.Equal(0UL, left);
    }

    [Theory]
    [InlineData(33, 10, 20.3)]
    [InlineData(50, 10, 10)]
    [InlineData(100, 10, 0)]
    [InlineData(1, 10, 990)]
    public void Background_work_pauses_until_it_has_had_no_more_than_its_share(double share, int took, double pause) =>
        Assert.Equal(
            pause,
            new BackgroundPace(share).PauseAfter(TimeSpan.FromMilliseconds(took)).TotalMilliseconds,
            tolerance: 0.1);

    private static IEnumerable<ImmutableArray<BlockRange>> Run(DiscardPlan plan, Func<int, TimeSpan> took)
    {
        for (var i = 0; !plan.IsDone; i++)
        {
            yield return plan.Next;
            plan = plan.After(took(i));
        }
    }

    private static IEnumerable<ulong> Blocks(BlockRange range)
    {
        for (var block = range.Start; block < range.End; block++)
            yield return block;
    }

    private static IEnumerable<ImmutableArray<BlockRange>> Lists(ulong[] sizes, ulong[] gaps)
    {
        yield return [];
        foreach (var (first, gap, second) in from a in sizes from g in gaps from b in sizes select (a, g, b))
        {
            yield return [new BlockRange(gap, first)];
            yield return [new BlockRange(0, first), new BlockRange(first + gap, second)];
            yield return
            [
                new BlockRange(0, first), new BlockRange(first + gap, second),
                new BlockRange(first + gap + second + gap, first),
            ];
        }
    }
}

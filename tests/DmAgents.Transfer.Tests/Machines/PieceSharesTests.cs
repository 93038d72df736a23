using DmAgents.Domain.Pools;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Receiving;

namespace DmAgents.Transfer.Tests.Machines;

/// <summary>Which receiver requests which piece from the hosts that have everything.</summary>
public sealed class PieceSharesTests
{
    private const ulong Pieces = 960;
    private static readonly PoolUuid[] Pools =
        [.. Enumerable.Range(1, 4).Select(i => new PoolUuid(new Guid(i, 0, 0, new byte[8])))];

    [Fact]
    public void Each_piece_is_in_one_share_and_shares_are_about_equal()
    {
        var shares = Pools.Select(pool => Own(pool, Pools)).ToList();

        Assert.Equal(Enumerable.Range(0, (int)Pieces).Select(i => (ulong)i), shares.SelectMany(own => own).Order());
        Assert.All(shares, own => Assert.InRange(own.Count, 140, 340));
    }

    [Fact]
    public void A_receiver_that_comes_takes_from_each_share_and_moves_nothing_between_the_others()
    {
        var three = Pools[..3];
        Assert.All(three, pool => Assert.Subset(Own(pool, three), Own(pool, Pools)));
    }

    [Fact]
    public void A_receiver_that_knows_no_other_one_owns_everything() =>
        Assert.Equal((int)Pieces, Own(Pools[0], Pools[..1]).Count);

    [Fact]
    public void Shares_are_runs_of_pieces_and_single_pieces_in_a_small_layer()
    {
        var first = Own(Pools[0], Pools);
        Assert.All(first, piece => Assert.Equal(10, first.Count(other => other / 10 == piece / 10)));
        var small = PieceSet.Empty.Add(new PieceRange(100_000, 20));
        Assert.InRange(new PieceShares(Pools[0], pieces: 20).Of(small, Pools[1..2]).Count, 3UL, 17UL);
    }

    private static HashSet<ulong> Own(PoolUuid self, PoolUuid[] all)
    {
        var layer = PieceSet.Empty.Add(new PieceRange(0, Pieces));
        return [.. new PieceShares(self, Pieces).Of(layer, [.. all.Where(pool => pool != self)]).Pieces];
    }
}

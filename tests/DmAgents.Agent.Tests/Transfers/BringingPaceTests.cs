using DmAgents.Agent.Transfers;

namespace DmAgents.Agent.Tests.Transfers;

/// <summary>When a layer that comes too slowly is given up.</summary>
public sealed class BringingPaceTests
{
    private readonly BringingPace _pace = new(within: TimeSpan.FromSeconds(10));

    [Fact]
    public void Nothing_for_the_time_is_too_slow()
    {
        Assert.True(IsKept(0, 10));
        Assert.False(IsKept(0, 10.1));
    }

    [Fact]
    public void Two_pieces_within_the_time_are_enough_however_long_all_takes()
    {
        for (var round = 1UL; round < 100; round++)
            Assert.True(IsKept(2 * round, 9.9 * round));
    }

    [Fact]
    public void One_piece_within_the_time_is_too_slow()
    {
        Assert.True(IsKept(1, 9));
        Assert.False(IsKept(1, 10.1));
    }

    [Fact]
    public void What_is_left_to_this_host_has_no_limit()
    {
        Assert.True(IsKept(1, 9, isAllThere: true));
        Assert.True(IsKept(1, 1000, isAllThere: true));
    }

    private bool IsKept(ulong verified, double seconds, bool isAllThere = false) =>
        _pace.IsKept(verified, isAllThere, TimeSpan.FromSeconds(seconds));
}

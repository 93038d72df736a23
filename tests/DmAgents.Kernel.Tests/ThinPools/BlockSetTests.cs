using DmAgents.Kernel.ThinPools.Metadata;

namespace DmAgents.Kernel.Tests.ThinPools;

public sealed class BlockSetTests
{
    [Fact]
    public void Members_are_found_in_order_and_added_once()
    {
        var set = new BlockSet(200);
        ulong[] members = [0, 1, 63, 64, 127, 128, 199];
        foreach (var member in members)
            Assert.True(set.Add(member));

        Assert.All(members, member => Assert.False(set.Add(member)));
        Assert.Equal(members, All(set));
        Assert.True(set.Has(64));
        Assert.False(set.Has(65));
    }

    [Theory]
    [InlineData(0ul)]
    [InlineData(64ul)]
    [InlineData(65ul)]
    public void An_empty_set_has_no_first(ulong limit) => Assert.Empty(All(new BlockSet(limit)));

    private static List<ulong> All(BlockSet set)
    {
        var all = new List<ulong>();
        for (var next = set.Next(0); next is { } block; next = set.Next(block + 1))
            all.Add(block);
        return all;
    }
}

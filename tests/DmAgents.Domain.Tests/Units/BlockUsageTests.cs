using DmAgents.Domain.Units;

namespace DmAgents.Domain.Tests.Units;

public sealed class BlockUsageTests
{
    [Fact]
    public void Free_and_used_add_up_in_blocks_and_bytes()
    {
        var usage = new BlockUsage(Used: 3, Total: 12, ByteSize.KiB(64));

        Assert.Equal(9ul, usage.Free);
        Assert.Equal(usage.TotalBytes, usage.UsedBytes + usage.FreeBytes);
        Assert.Equal(75.0, usage.FreePercent);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(5, 4)]
    public void A_budget_without_room_has_nothing_free(ulong used, ulong total)
    {
        var usage = new BlockUsage(used, total, ByteSize.KiB(4));

        Assert.Equal((0ul, 0.0), (usage.Free, usage.FreePercent));
    }
}

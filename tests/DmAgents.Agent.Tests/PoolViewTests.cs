using DmAgents.Agent.Tests.Support;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Units;

namespace DmAgents.Agent.Tests;

/// <summary>What is told of a pool is what the kernel has.</summary>
public sealed class PoolViewTests
{
    [Theory]
    [InlineData(5)]
    [InlineData(20)]
    public async Task The_mark_at_which_the_kernel_tells_follows_the_settings(int percent)
    {
        await using var agent = await ServedAgent.Start($"pool.min-free-data-percent = {percent}");

        var details = await new Pools.PoolsClient(agent.AdminChannel).ShowAsync(new ShowPoolRequest());

        var shown = details.DataLowWatermarkBytes * 100d / ByteSize.GiB(1).Bytes;
        Assert.Equal(agent.Settings.Pools.LowWaterPercent, shown, precision: 2);
        Assert.True(details.ZeroesNewBlocks);
    }
}

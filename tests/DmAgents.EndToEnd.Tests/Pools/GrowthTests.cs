using DmAgents.Api.Admin.V1;
using DmAgents.EndToEnd.Tests.Support;

namespace DmAgents.EndToEnd.Tests.Pools;

/// <summary>Pools grow while containers write.</summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class GrowthTests(AgentFixture agent)
{
    private const ulong MiB = 1UL << 20;

    [Fact]
    public async Task A_direct_pool_grows_by_a_disk()
    {
        var container = await agent.Container("on-growing-disks");
        await using var writer = new Writer(container.MountPath);
        await writer.Advance(5);
        var before = agent.DirectMeter.Status.Data.TotalBytes.Bytes;

        var grown = await agent.Client.Pools.GrowAsync(new GrowPoolRequest
        {
            RequestId = AgentClient.NewId(), Pool = AgentFixture.Direct, Force = true,
            AddDevice = Places.SpareDisk.Value,
        });

        await writer.Advance(5);
        // The disk has 1 GiB, of which the agent's label takes a little.
        var after = agent.DirectMeter.Status.Data.TotalBytes.Bytes;
        Assert.InRange(after - before, 1022 * MiB, 1024 * MiB);
        Assert.Equal(after, grown.Data.TotalBytes);
        Assert.Equal(2, grown.Backing.Count(store => store.Role == BackingStore.Types.Role.Data));
        await writer.MustBeUnharmed();
        await agent.Client.Remove(AgentFixture.Direct, "on-growing-disks");
        await agent.Client.MustAgree(AgentFixture.Direct);
    }

    [Fact]
    public async Task A_loop_pool_grows_by_its_file()
    {
        const string Pool = "grow-loop";
        await agent.Client.CreateLoopPool(Pool, 256 * MiB);
        await agent.Client.Import(Pool, await SmallImage.Write("grow"), "small:1");
        var container = await agent.Client.Create(Pool, "writing", "small:1");
        await using var writer = new Writer(container.MountPath);
        await writer.Advance(5);

        var grown = await agent.Client.Pools.GrowAsync(new GrowPoolRequest
        {
            RequestId = AgentClient.NewId(), Pool = Pool, ToSizeBytes = 512 * MiB,
        });

        await writer.Advance(5);
        Assert.Equal(512 * MiB, grown.Data.TotalBytes);
        Assert.Equal(512 * MiB, agent.Meter(Pool).Status.Data.TotalBytes.Bytes);
        Assert.Equal(512 * (long)MiB, new FileInfo($"{agent.Places.Pool(Pool)}/data.img").Length);
        // More than there was before fits.
        await Files.Write($"{container.MountPath}/more", 100 << 20, seed: 7);
        await writer.MustBeUnharmed();
        await agent.Client.RemovePool(Pool);
        Assert.False(File.Exists($"{agent.Places.Pool(Pool)}/data.img"));
    }
}

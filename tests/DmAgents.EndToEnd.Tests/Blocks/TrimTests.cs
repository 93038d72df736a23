using DmAgents.Api.Admin.V1;
using DmAgents.EndToEnd.Tests.Support;

namespace DmAgents.EndToEnd.Tests.Blocks;

/// <summary>Space that a container has given up comes back.</summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class TrimTests(AgentFixture agent)
{
    private const int Length = 64 << 20;
    private const ulong Blocks = Length / PoolMeter.BlockSize;

    /// <summary>File system's own blocks that stay, and blocks that lie only partly in what was freed.</summary>
    private const ulong Remains = 24;

    private const ulong AtLeast = Length - (Remains * PoolMeter.BlockSize);

    [Fact]
    public async Task Written_deleted_and_trimmed_is_given_back_to_a_direct_pool()
    {
        var container = await agent.Container("trimmed");
        var before = await agent.DirectMeter.UsedBlocks();
        var file = $"{container.MountPath}/root/big";
        await Files.Write(file, Length, seed: 4);
        Assert.InRange(await agent.DirectMeter.UsedBlocks() - before, Blocks, Blocks + Remains);
        File.Delete(file);
        Assert.True(await agent.DirectMeter.UsedBlocks() >= before + Blocks, "deleting alone gave blocks back");

        var trim = await agent.Client.Pools.TrimAsync(
            new TrimPoolRequest { RequestId = AgentClient.NewId(), Pool = AgentFixture.Direct });

        Assert.InRange(await agent.DirectMeter.UsedBlocks(), 0UL, before + Remains);
        Assert.True(trim.DataUsedBeforeBytes - trim.DataUsedAfterBytes >= AtLeast, $"{trim}");
        Assert.True(trim.Trimmed.Single(t => t.Container == "trimmed").TrimmedBytes >= Length);
        Assert.False(trim.HasHostAllocatedBeforeBytes);
        await agent.Client.Remove(AgentFixture.Direct, "trimmed");
    }

    [Fact]
    public async Task On_a_loop_pool_the_hosts_file_system_gets_it_back_too()
    {
        const string Pool = "trim-loop";
        await agent.Client.CreateLoopPool(Pool, 512UL << 20);
        var meter = agent.Meter(Pool);
        await agent.Client.Import(Pool, await SmallImage.Write("trim"), "small:1");
        var container = await agent.Client.Create(Pool, "trimmed", "small:1");
        var (blocks, host) = (await meter.UsedBlocks(), meter.HostAllocated.Bytes);
        var file = $"{container.MountPath}/big";
        await Files.Write(file, Length, seed: 5);
        Assert.True(await meter.UsedBlocks() >= blocks + Blocks);
        Assert.True(meter.HostAllocated.Bytes >= host + Length, $"{host} and then {meter.HostAllocated.Bytes}");
        File.Delete(file);
        await meter.UsedBlocks();

        var trim = await agent.Client.Pools.TrimAsync(
            new TrimPoolRequest { RequestId = AgentClient.NewId(), Pool = Pool });

        Assert.InRange(await meter.UsedBlocks(), 0UL, blocks + Remains);
        Assert.InRange(meter.HostAllocated.Bytes, 0UL, host + (Remains * PoolMeter.BlockSize));
        Assert.True(trim.HostAllocatedBeforeBytes - trim.HostAllocatedAfterBytes >= AtLeast, $"{trim}");
        Assert.True(trim.Trimmed.Single().GivenBackBytes >= AtLeast, $"{trim}");
        var shown = await agent.Client.Show(Pool);
        Assert.Equal(trim.Trimmed.Single().GivenBackBytes, shown.LastTrim.GivenBackBytes);
        Assert.Equal(shown.LastTrim.EndedAt.ToDateTimeOffset().AddDays(1), shown.NextTrimAt.ToDateTimeOffset());
        await agent.Client.RemovePool(Pool);
    }

    [Fact]
    public async Task What_a_layer_still_has_is_unmapped_and_not_free()
    {
        const string Pool = "trim-shared";
        await agent.Client.CreateLoopPool(Pool, 512UL << 20);
        await agent.Client.Import(Pool, await SmallImage.Write("trim-shared"), "small:1");
        var first = await agent.Client.Create(Pool, "first", "small:1");
        await Files.Write($"{first.MountPath}/big", Length, seed: 6);
        await agent.Client.Commit(Pool, "first", "big:1");
        var second = await agent.Client.Create(Pool, "second", "big:1");
        File.Delete($"{second.MountPath}/big");
        // Until its journal commits the deletion, ext4 keeps the blocks.
        await Shell.Must("/bin/sync");

        var trim = await agent.Client.Pools.TrimAsync(
            new TrimPoolRequest { RequestId = AgentClient.NewId(), Pool = Pool });

        var trimmed = trim.Trimmed.Single(t => t.Container == "second");
        Assert.True(trimmed.UnmappedBytes >= AtLeast, $"{trim}");
        Assert.InRange(trimmed.GivenBackBytes, 0UL, Remains * PoolMeter.BlockSize);
        await agent.Client.RemovePool(Pool);
    }

    [Fact]
    public async Task What_a_removed_container_wrote_comes_back_to_the_host_of_a_loop_pool()
    {
        const string Pool = "remove-loop";
        await agent.Client.CreateLoopPool(Pool, 512UL << 20);
        var meter = agent.Meter(Pool);
        await agent.Client.Import(Pool, await SmallImage.Write("remove"), "small:1");
        var (content, host) = (await meter.Content(), meter.HostAllocated.Bytes);
        var container = await agent.Client.Create(Pool, "removed", "small:1");
        await Files.Write($"{container.MountPath}/big", Length, seed: 6);
        Assert.True(await meter.UsedBlocks() >= content.Blocks + Blocks);

        await agent.Client.Remove(Pool, "removed");

        Assert.Equal(content, await meter.Content());
        Assert.InRange(meter.HostAllocated.Bytes, 0UL, host + (Remains * PoolMeter.BlockSize));
        await agent.Client.RemovePool(Pool);
    }

    /// <summary>Its layers' blocks are the next layer's, too, until that is gone: the order of deletions decides
    /// whether the host ever sees them again.</summary>
    [Fact]
    public async Task A_removed_image_with_a_container_above_it_comes_back_to_the_host_of_a_loop_pool()
    {
        const string Pool = "image-loop";
        await agent.Client.CreateLoopPool(Pool, 512UL << 20);
        var meter = agent.Meter(Pool);
        var small = await SmallImage.Write("image-loop");
        await agent.Client.Import(Pool, small, "small:1");
        var (content, host) = (await meter.Content(), meter.HostAllocated.Bytes);
        var container = await agent.Client.Create(Pool, "writer", "small:1");
        await Files.Write($"{container.MountPath}/big", Length, seed: 7);
        await meter.UsedBlocks();
        await agent.Client.Commit(Pool, "writer", "large:1");
        Assert.True(meter.HostAllocated.Bytes >= host + Length);

        await agent.Client.Remove(Pool, "writer");
        await agent.Client.RemoveImage(Pool, "large:1");

        Assert.Equal(content, await meter.Content());
        Assert.InRange(meter.HostAllocated.Bytes, 0UL, host + (Remains * PoolMeter.BlockSize));
        await agent.Client.RemovePool(Pool);
    }
}

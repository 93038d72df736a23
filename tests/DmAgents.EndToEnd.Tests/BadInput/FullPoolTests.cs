using DmAgents.Api.Admin.V1;
using DmAgents.EndToEnd.Tests.Support;
using Kind = DmAgents.Api.Admin.V1.Problem.Types.Kind;

namespace DmAgents.EndToEnd.Tests.BadInput;

/// <summary>A pool that gets full says so before it is, loses nothing, and heals when there is room.</summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class FullPoolTests(AgentFixture agent)
{
    private const ulong MiB = 1UL << 20;

    /// <summary>pool.min-free-data-percent of the agent's own configuration.</summary>
    private const double Mark = 10;

    [Fact]
    public async Task Below_its_mark_a_pool_takes_nothing_new_and_goes_on_with_what_it_has_until_there_is_room()
    {
        const string Pool = "filling";
        await agent.Client.CreateLoopPool(Pool, 128 * MiB);
        var meter = agent.Meter(Pool);
        await agent.Client.Import(Pool, await SmallImage.Write("filling"), "small:1");
        // The two of them promise twice what the pool has.
        var hog = await agent.Client.Create(Pool, "hog", "small:1");
        var other = await agent.Client.Create(Pool, "other", "small:1");
        var kept = await Files.Write($"{other.MountPath}/kept", (int)(32 * MiB), seed: 34);
        for (var i = 0; await meter.UsedBlocks() > 0 && meter.Status.Data.FreePercent >= Mark; i++)
            await Files.Write($"{hog.MountPath}/filled-{i}", (int)(4 * MiB), seed: 40 + i);
        var before = await meter.Content();
        Assert.True(meter.Status.Data.Free > 0, "the pool is full already");
        await State(Pool, PoolState.LowData);

        var problem = await AgentClient.Refused(Kind.NoSpace, () => agent.Client.Create(Pool, "more", "small:1"));
        Assert.Contains(Pool, problem.Next, StringComparison.Ordinal);
        await AgentClient.Refused(Kind.NoSpace, () => agent.Client.Commit(Pool, "hog", "hog:1"));
        var archive = await SmallImage.Write("filling-more", dataLength: 1 << 20, seed: 31);
        await AgentClient.Refused(Kind.NoSpace, () => agent.Client.Import(Pool, archive, "more:1"));

        Assert.Equal(before, await meter.Content());
        await File.WriteAllTextAsync($"{hog.MountPath}/small", "goes on");
        await agent.Client.Remove(Pool, "hog");
        await meter.AwaitRemovals();
        await State(Pool, PoolState.Writable);
        Assert.Equal(kept, await Files.Digest($"{other.MountPath}/kept"));
        var after = await agent.Client.Create(Pool, "more", "small:1");
        Assert.Equal(SmallImage.Text, await File.ReadAllTextAsync($"{after.MountPath}/etc/name"));
        await agent.Client.MustAgree(Pool);
        await agent.Client.RemovePool(Pool);
    }

    [Fact]
    public async Task An_image_that_does_not_fit_leaves_nothing()
    {
        const string Pool = "too-small";
        await agent.Client.CreateLoopPool(Pool, 64 * MiB);
        var meter = agent.Meter(Pool);
        await agent.Client.Import(Pool, await SmallImage.Write("fits"), "small:1");
        var before = await meter.Content();
        var archive = await SmallImage.Write("too-large", dataLength: (int)(100 * MiB), seed: 32);

        await AgentClient.Refused(Kind.NoSpace, () => agent.Client.Import(Pool, archive, "large:1"));

        Assert.Equal(before, await meter.Content());
        agent.Places.MustShowNoImport(Pool);
        await State(Pool, PoolState.Writable);
        Assert.NotNull(await agent.Client.Create(Pool, "works", "small:1"));
        await agent.Client.MustAgree(Pool);
        await agent.Client.RemovePool(Pool);
    }

    private async Task State(string pool, PoolState wanted)
    {
        var state = PoolState.Unspecified;
        await Patience.Until(
            async () => (state = (await agent.Client.Show(pool)).State) == wanted,
            () => $"pool {pool} is {wanted}; it is {state}");
    }
}

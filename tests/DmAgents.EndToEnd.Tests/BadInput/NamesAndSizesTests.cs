using DmAgents.Api.Admin.V1;
using DmAgents.EndToEnd.Tests.Support;
using Grpc.Core;
using Kind = DmAgents.Api.Admin.V1.Problem.Types.Kind;

namespace DmAgents.EndToEnd.Tests.BadInput;

/// <summary>Requests that cannot be fulfilled are refused with a reason, and change nothing.</summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class NamesAndSizesTests(AgentFixture agent)
{
    private const string Pool = AgentFixture.Direct;
    private const ulong GiB = 1UL << 30;

    private AgentClient Client => agent.Client;

    [Fact]
    public async Task Names_that_are_taken()
    {
        await agent.Container("taken");
        await Unchanged(async () =>
        {
            var problem = await AgentClient.Refused(
                Kind.Refused, () => Client.Create(Pool, "taken", AgentFixture.Debian, mount: false));
            Assert.Equal("taken", problem.Object);
            await AgentClient.Refused(Kind.Refused, () => Client.CreateLoopPool(Pool, GiB));
        });
        Assert.False(File.Exists($"{agent.Places.Pool(Pool)}/data.img"));
        await Client.Remove(Pool, "taken");
    }

    [Fact]
    public async Task A_pool_that_the_same_request_asks_for_again_is_the_same_pool_also_after_growing()
    {
        var request = new CreatePoolRequest
        {
            RequestId = AgentClient.NewId(), Name = "again", Loop = new LoopBacking { DataSizeBytes = GiB / 4 },
        };
        var first = await Create(request);
        await Client.Pools.GrowAsync(new GrowPoolRequest
        {
            RequestId = AgentClient.NewId(), Pool = "again", ToSizeBytes = GiB / 2,
        });

        var second = await Create(request);

        Assert.Equal(first.Uuid, second.Uuid);
        Assert.Equal(PoolState.Writable, second.State);
        Assert.True(second.Data.TotalBytes > first.Data.TotalBytes);
        await Client.RemovePool("again");

        async Task<PoolDetails> Create(CreatePoolRequest asked)
        {
            PoolDetails? pool = null;
            using var call = Client.Pools.Create(asked);
            await foreach (var reply in call.ResponseStream.ReadAllAsync())
                pool = reply.Pool ?? pool;
            return pool!;
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("../climbs")]
    [InlineData("with space")]
    [InlineData("sha256-reserved")]
    public async Task Names_that_are_none(string name)
    {
        await agent.Image();
        await Unchanged(async () =>
        {
            await AgentClient.Refused(Kind.Usage, () => Client.Create(Pool, name, AgentFixture.Debian));
            if (!name.StartsWith("sha256-", StringComparison.Ordinal))
                await AgentClient.Refused(Kind.Usage, () => Client.CreateLoopPool(name, GiB));
        });
    }

    [Fact]
    public async Task Names_that_nothing_has()
    {
        await agent.Container("knows");
        await Unchanged(async () =>
        {
            await AgentClient.Refused(Kind.NotFound, () => Client.Create("nopool", "x", AgentFixture.Debian));
            await AgentClient.Refused(Kind.NotFound, () => Client.Create(Pool, "x", "absent:1"));
            await AgentClient.Refused(Kind.NotFound, () => Client.Unmount(Pool, "absent"));
            await AgentClient.Refused(Kind.NotFound, () => Client.Remove(Pool, "absent"));
            await AgentClient.Refused(Kind.NotFound, () => Client.ShowContainer(Pool, "absent"));
            await AgentClient.Refused(Kind.NotFound, () => Client.Commit(Pool, "absent", "e2e/x:1"));
            await AgentClient.Refused(Kind.NotFound, () => Client.RemoveImage(Pool, "absent:1"));
            await AgentClient.Refused(Kind.NotFound, () => Client.RemovePool("nopool"));
            var problem = await AgentClient.Refused(Kind.NotFound, () => FromLayer("sha256:" + new string('0', 64)));
            Assert.Contains("layer", problem.Why, StringComparison.Ordinal);
            await AgentClient.Refused(Kind.Usage, () => Client.Commit(Pool, "knows", "Not A Reference"));
        });
        await Client.Remove(Pool, "knows");
    }

    [Fact]
    public async Task What_others_need_is_not_removed()
    {
        var image = await agent.Image();
        await agent.Container("needs");
        await Unchanged(async () =>
        {
            foreach (var layer in image.Layers)
            {
                await AgentClient.Refused(Kind.Refused, async () => await Client.Layers.RemoveAsync(
                    new RemoveLayerRequest { RequestId = AgentClient.NewId(), Pool = Pool, Key = layer.ChainId }));
            }
            await AgentClient.Refused(Kind.Refused, async () => await Client.Containers.RemoveAsync(
                new RemoveContainerRequest { RequestId = AgentClient.NewId(), Pool = Pool, Container = "needs" }));
            await AgentClient.Refused(Kind.Refused, async () => await Client.Pools.RemoveAsync(
                new RemovePoolRequest { RequestId = AgentClient.NewId(), Pool = Pool }));
        });
        await Client.Remove(Pool, "needs");
    }

    [Theory]
    [InlineData(0, Kind.Usage)]
    [InlineData(1000, Kind.Usage)]
    [InlineData(512 * 1024, Kind.Usage)]
    [InlineData(1L << 50, Kind.NoSpace)]
    public async Task Sizes_that_cannot_be(long bytes, Kind kind)
    {
        await agent.Container("sized");
        var size = (ulong)bytes;
        await Unchanged(async () =>
        {
            await AgentClient.Refused(kind, () => Client.Create(Pool, "never", AgentFixture.Debian, size: size));
            await AgentClient.Refused(kind, async () => await Client.Containers.ResizeAsync(new ResizeContainerRequest
            {
                RequestId = AgentClient.NewId(), Pool = Pool, Container = "sized", SizeBytes = size,
            }));
        });
        Assert.Equal(GiB, (await Client.ShowContainer(Pool, "sized")).SizeBytes);
        await Client.Remove(Pool, "sized");
    }

    [Theory]
    [InlineData(0, 64)]
    [InlineData(4096, 64)]
    [InlineData(1L << 30, 0)]
    [InlineData(1L << 30, 100)]
    public async Task Pools_that_cannot_be(long bytes, int blockKiB)
    {
        await AgentClient.Refused(Kind.Usage, () => Client.CreatePool(new CreatePoolRequest
        {
            Name = "impossible", BlockSizeBytes = (ulong)blockKiB * 1024,
            Loop = new LoopBacking { DataSizeBytes = (ulong)bytes },
        }));
        Assert.False(Directory.Exists(agent.Places.Pool("impossible")));
        await AgentClient.Refused(Kind.NotFound, () => Client.Show("impossible"));
    }

    [Fact]
    public async Task A_change_without_a_request_id()
    {
        await agent.Image();
        var request = new CreateContainerRequest { Pool = Pool, Name = "unasked", Image = AgentFixture.Debian };
        await Unchanged(async () => await AgentClient.Refused(
            Kind.Usage, async () => await Client.Containers.CreateAsync(request)));
    }

    private async Task FromLayer(string chainId) => await Client.Containers.CreateAsync(new CreateContainerRequest
    {
        RequestId = AgentClient.NewId(), Pool = Pool, Name = "orphan", LayerChainId = chainId,
    });

    private async Task Unchanged(Func<Task> refused)
    {
        var before = await agent.DirectMeter.Content();
        await refused();
        Assert.Equal(before, await agent.DirectMeter.Content());
        await Client.MustAgree(Pool);
    }
}

using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Tests.Support;

namespace DmAgents.Cli.Tests;

public class LayerTests
{
    [Fact]
    public async Task The_tree_shows_lineages_with_their_blocks()
    {
        await using var agent = (await FakeAgent.StartAsync()).On<LayerTreeRequest>(_ => Samples.Tree());
        var run = await Run.Of(agent, "layer", "tree");
        Assert.Equal(
            """
            pool fast
            ├── base base-ext4  thin id 0  mapped 1 MiB  exclusive 0 B  ext4 of 10 GiB
            │   └── layer aaaaaaaaaaaa  thin id 1  mapped 100 MiB  exclusive 3 MiB
            │       └── layer bbbbbbbbbbbb  thin id 2  mapped 120 MiB  debian:12
            │           ├── container web  thin id 3  mapped 122 MiB  exclusive 2 MiB  mounted at /mnt/web
            │           └── container db[1]  thin id 4  mapped 120 MiB  exclusive 0 B  suspended
            └── view orphan  thin id 5  mapped 1 MiB  lost  its parent gone is not there
            """.Split('\n'),
            run.Lines);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(80)]
    public async Task A_lineage_as_deep_as_images_get_is_a_line_per_layer(int terminal)
    {
        var reply = new LayerTreeReply();
        for (uint i = 0; i < 1000; i++)
        {
            reply.Nodes.Add(new Layer
            {
                Pool = "fast", Key = $"l{i}", Parent = i == 0 ? "" : $"l{i - 1}", ThinId = i, Kind = DeviceKind.Layer,
            });
        }

        await using var agent = (await FakeAgent.StartAsync()).On<LayerTreeRequest>(_ => reply);
        var environment = terminal == 0 ? Run.Plain() : Run.Terminal(terminal);
        var run = await Run.Of(agent, environment, "layer", "tree");
        Assert.Equal(1001, run.Lines.Length);
        Assert.Contains(" l999  thin id 999", run.Lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_pool_has_its_tree()
    {
        await using var agent = (await FakeAgent.StartAsync()).On<LayerTreeRequest>(_ => new LayerTreeReply
        {
            Nodes =
            {
                new Layer { Pool = "slow", Key = "base", Kind = DeviceKind.Base },
                new Layer { Pool = "fast", Key = "base", Kind = DeviceKind.Base },
            },
        });
        var run = await Run.Of(agent, "layer", "tree");
        Assert.Equal(4, run.Lines.Length);
        Assert.Equal(["pool fast", "pool slow"], [run.Lines[0], run.Lines[2]]);
    }

    [Fact]
    public async Task Layers_are_listed_shown_and_removed()
    {
        var layer = Samples.Tree().Nodes[2];
        layer.CreatedAt = Samples.ThreeMinutesAgo;
        await using var agent = (await FakeAgent.WithPoolsAsync("fast"))
            .On<ListLayersRequest>(_ => new ListLayersReply { Layers = { layer } })
            .On<ShowLayerRequest>(_ => layer)
            .On<RemoveLayerRequest>(request => new RemoveLayerReply { Key = request.Key });
        Assert.Equal(
            "bbbbbbbbbbbb  fast  aaaaaaaaaaaa        2  120 MiB          -  idle   3 minutes ago  debian:12",
            (await Run.Of(agent, "layer", "list")).Lines[1]);
        Assert.Contains(
            $"  parent                  {Samples.LowerLayer}", (await Run.Of(agent, "layer", "show", "bbb")).Lines);
        Assert.Equal(
            "removed layer bbbbbbbbbbbb\n", (await Run.Of(agent, "layer", "remove", Samples.UpperLayer)).Out);
    }
}

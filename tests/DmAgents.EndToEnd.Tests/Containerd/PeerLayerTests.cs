using DmAgents.Api.Admin.V1;
using DmAgents.Api.Containerd.Snapshots.V1;
using DmAgents.EndToEnd.Tests.Containerd.Cri;
using DmAgents.EndToEnd.Tests.Support;
using Grpc.Core;
using RemoveImageRequest = DmAgents.EndToEnd.Tests.Containerd.Cri.RemoveImageRequest;

namespace DmAgents.EndToEnd.Tests.Containerd;

/// <summary>Two agents of one fleet, each with a containerd: what one has pulled, the other gets from it.</summary>
[Collection(ContainerdCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class PeerLayerTests(ContainerdFixture host) : IAsyncLifetime
{
    private const string Pool = "second";
    private const string Tree = "tar --one-file-system --sort=name -c -C / etc usr var | sha256sum";

    private readonly AgentPlaces _places = new("containerd-two");
    private AgentClient _client = null!;
    private AgentProcess _agent = null!;

    public async Task InitializeAsync()
    {
        await host.BeginEmpty();
        // The lab's one processor is busy with two of everything.
        _places.WriteConfig(more: """
            fleet {
              address = "127.0.0.1:9491"
              join-patience = 3m
              containerd { answer-within = 60s, stalled-after = 3m }
            }
            """);
        _client = new AgentClient(_places.Socket);
        _agent = await AgentProcess.Start(_places, _client);
        await _client.CreateLoopPool(Pool, 1UL << 30);
        await host.Client.Fleets.InitAsync(
            new InitFleetRequest { Name = "lab", Host = "one", Address = "127.0.0.1:9501" });
        var token = await host.Client.Fleets.MakeTokenAsync(new MakeFleetTokenRequest { LifeSeconds = 3600 });
        using var joining = _client.Fleets.Join(
            new JoinFleetRequest { Address = token.Address, Token = token.Token, Host = "two" });
        await foreach (var _ in joining.ResponseStream.ReadAllAsync())
        {
        }
    }

    public async Task DisposeAsync()
    {
        if (!_agent.HasExited)
        {
            await _client.Fleets.LeaveAsync(new LeaveFleetRequest { Force = true });
            await _client.RemovePool(Pool);
            await _agent.Terminate();
        }
        _agent.Dispose();
        _client.Dispose();
        await host.Client.Fleets.LeaveAsync(new LeaveFleetRequest { Force = true });
    }

    [Fact]
    public async Task An_image_is_pulled_without_its_layers_runs_and_is_removed_without_a_trace()
    {
        using var channel = UnixChannel.To(_places.ContainerdSocket);
        var snapshots = new Snapshots.SnapshotsClient(channel);
        await snapshots.PrepareAsync(new PrepareSnapshotRequest { Snapshotter = "dmagents", Key = "warm-up" });
        await snapshots.RemoveAsync(new RemoveSnapshotRequest { Snapshotter = "dmagents", Key = "warm-up" });
        var meter = new PoolMeter(host.Kernel, _client, _places, Pool);
        var empty = await meter.Content();
        using var second = await ContainerdProcess.Start(_places, $"{Places.Work}/containerd-two");
        using var registry = new OciRegistry(Places.Image);
        var image = new ImageSpec { Image = $"{registry.Address}/{ContainerdFixture.Debian}" };
        await Pull(ContainerdProcess.Address, image);
        Assert.Subset(registry.Fetched.ToHashSet(), registry.Layers.ToHashSet());
        var before = registry.Fetched.Count;

        await Pull(second.Socket, image);

        var fetched = registry.Fetched.Skip(before).ToList();
        Assert.NotEmpty(fetched);
        Assert.Empty(fetched.Intersect(registry.Layers));
        var contents = await Contents(_client, Pool);
        Assert.Equal(ContainerdFixture.DebianLayers, contents.Count);
        Assert.Equal(await Contents(host.Client, ContainerdFixture.Pool), contents);
        string[] run = ["--namespace", "k8s.io", "run", "--rm", "--snapshotter", ContainerdProcess.Snapshotter,
            image.Image, "pod", "sh", "-c", Tree];
        Assert.Equal(await ContainerdProcess.MustCtr(run), await second.MustDo(run));
        await Remove(second.Socket, image, second.MustDo);
        Assert.Equal(empty, await meter.Content());
        await _client.MustAgree(Pool);
        await Remove(ContainerdProcess.Address, image, ContainerdProcess.MustCtr);
        await host.MustBeEmpty();
    }

    private static async Task Pull(string containerd, ImageSpec image)
    {
        using var channel = UnixChannel.To(containerd);
        await new ImageService.ImageServiceClient(channel).PullImageAsync(new Cri.PullImageRequest { Image = image });
    }

    private static async Task Remove(string containerd, ImageSpec image, Func<string[], Task<string>> ctr)
    {
        using var channel = UnixChannel.To(containerd);
        await new ImageService.ImageServiceClient(channel).RemoveImageAsync(new RemoveImageRequest { Image = image });
        await ctr(["--namespace", "k8s.io", "leases", "create", "--id", "collect"]);
        await ctr(["--namespace", "k8s.io", "leases", "rm", "--sync", "collect"]);
    }

    /// <summary>The layers' content digests, which are equal if all of their blocks are.</summary>
    private static async Task<List<string>> Contents(AgentClient client, string pool)
    {
        var layers = await client.Layers.ListAsync(new ListLayersRequest { Pool = pool });
        var contents = layers.Layers.Select(layer => layer.ContentDigest).Where(content => content.Length > 0);
        return [.. contents.Order(StringComparer.Ordinal)];
    }
}

using System.Text;
using DmAgents.Agent.Containerd;
using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.Transfers;
using DmAgents.Api.Admin.V1;
using DmAgents.Api.Containerd.Snapshots.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;
using DmAgents.Testing.Contracts;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using DeviceKind = DmAgents.Domain.Devices.DeviceKind;

namespace DmAgents.Agent.Tests.Containerd;

/// <summary>Layers that containerd gets from another agent instead of a registry, by what the snapshot service answers.
/// </summary>
public sealed class RemoteLayerTests : IAsyncLifetime
{
    private const string Reference = "containerd.io/snapshot.ref";
    private const string Patient = "fleet.containerd { answer-within = 60s, stalled-after = 60s }";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly HostName One = new("one");
    private static readonly HostName Two = new("two");

    private readonly LoopbackFleet _fleet = new();
    private readonly List<ServedAgent> _agents = [];
    private ServedAgent _one = null!;
    private int _numbers;

    public async Task InitializeAsync() => _one = await Start(One);

    public async Task DisposeAsync()
    {
        await _fleet.DisposeAsync();
        foreach (var agent in _agents)
            await agent.DisposeAsync();
    }

    [Fact]
    public async Task A_layer_that_was_unpacked_on_one_host_is_a_committed_snapshot_on_the_next()
    {
        var two = await Start(Two);
        var first = await Unpack(_one, 0, parent: "");
        await Unpack(_one, 1, first);

        await Comes(two, 0, parent: "");
        var below = await Found(two, 0, parent: "");
        var before = _fleet.BlockBytes;
        await Comes(two, 1, below.Name);
        var above = await Found(two, 1, below.Name);

        Assert.Equal(ChainOf(1).Value, above.Labels[Reference]);
        Assert.Equal("ext4", above.Labels["containerd.io/snapshot/devmapper/fstype"]);
        Assert.DoesNotContain(DeviceLabels.Import, above.Labels.Keys);
        Assert.Equal(ContentOf(_one, 0), ContentOf(two, 0));
        Assert.Equal(ContentOf(_one, 1), ContentOf(two, 1));
        // The upper one costs what it changed.
        Assert.InRange(_fleet.BlockBytes - before, 1, (long)ByteSize.MiB(4).Bytes);
        await NothingIsLeft(_one);
        await NothingIsLeft(two);
        foreach (var layer in new[] { above, below })
            await two.Snapshots.RemoveAsync(new RemoveSnapshotRequest { Snapshotter = "dmagents", Key = layer.Name });
        await Eventually(() => two.State.Devices.Values.All(d => d.Kind == DeviceKind.Base), "the layers are gone");
    }

    [Fact]
    public async Task What_has_come_can_be_passed_on_and_what_is_here_is_not_asked_for()
    {
        var two = await Start(Two);
        await Unpack(_one, 0, parent: "");
        await Comes(two, 0, parent: "");
        var asked = _fleet.AskedBy(Two);

        await Comes(two, 0, parent: "");

        Assert.Equal(asked, _fleet.AskedBy(Two));
        Assert.Single(two.State.Devices.Values, device => device.Kind == DeviceKind.Layer);
        var three = await Start(new HostName("three"));
        _fleet.BeforeLayers = host => host == One ? Task.FromException(new IOException("it is away")) : Task.CompletedTask;
        await Comes(three, 0, parent: "");
        Assert.Equal(ContentOf(_one, 0), ContentOf(three, 0));
    }

    [Fact]
    public async Task A_layer_that_was_imported_comes_and_one_whose_tree_is_a_directory_does_not()
    {
        var two = await Start(Two);
        await Unpack(_one, 0, parent: "", DeviceKey.Layer(ChainOf(0).Value));
        var key = WorkUnderWayKey();
        await _one.Do(new PoolCommands.Receive(
            NewRequest(), key, null, null, ByteSize.MiB(64), FileSystemKind.Ext4, DateTimeOffset.UnixEpoch)
        {
            Root = "rootfs",
        });
        await _one.Do(new PoolCommands.Commit(
            NewRequest(), key, DeviceKey.Layer(ChainOf(1).Value), Labels(), DateTimeOffset.UnixEpoch));

        await Comes(two, 0, parent: "");

        await IsOrdinary(two, 1, (await Found(two, 0, parent: "")).Name);
        Assert.Equal(ContentOf(_one, DeviceKey.Layer(ChainOf(0).Value)), ContentOf(two, 0));
    }

    [Theory]
    [InlineData("no host has it")]
    [InlineData("it is switched off")]
    [InlineData("the peer refuses")]
    [InlineData("it has no label")]
    [InlineData("its label is none")]
    public async Task Without_a_peer_that_has_it_the_layer_is_unpacked_as_ever(string why)
    {
        var two = await Start(Two, why == "it is switched off" ? "fleet.containerd.layers = off" : Patient);
        if (why != "no host has it")
            await Unpack(_one, 0, parent: "");
        if (why == "the peer refuses")
            _fleet.BeforeLayers = _ => Task.FromException(new IOException("it is away"));

        await IsOrdinary(two, 0, parent: "", why switch
        {
            "it has no label" => null,
            "its label is none" => "sha256:0",
            _ => ChainOf(0).Value,
        });

        Assert.Equal(why is "no host has it" or "the peer refuses" ? 1 : 0, _fleet.AskedBy(Two));
        await NothingIsLeft(two);
    }

    [Fact]
    public async Task A_peer_that_does_not_answer_is_waited_for_once()
    {
        await Unpack(_one, 0, parent: "");
        var two = await Start(Two, "fleet.containerd.answer-within = 100ms");
        _fleet.BeforeLayers = _ => new TaskCompletionSource().Task;

        await IsOrdinary(two, 0, parent: "");
        await IsOrdinary(two, 1, parent: "");

        Assert.Equal(1, _fleet.AskedBy(Two));
    }

    [Fact]
    public async Task Of_several_peers_the_first_that_has_it_is_taken()
    {
        var two = await Start(Two);
        await Unpack(_one, 0, parent: "");
        await Comes(two, 0, parent: "");
        var three = await Start(new HostName("three"));
        _fleet.BeforeLayers = host => host == One ? new TaskCompletionSource().Task : Task.CompletedTask;

        await Comes(three, 0, parent: "");
    }

    [Theory]
    [InlineData("it hangs")]
    [InlineData("it hangs midway")]
    [InlineData("it breaks")]
    public async Task A_peer_that_does_not_bring_it_is_given_up_and_leaves_nothing(string how)
    {
        await Unpack(_one, 0, parent: "");
        var two = await Start(Two, "fleet.containerd { answer-within = 60s, stalled-after = 1s }");
        if (how == "it hangs")
            _fleet.BeforeBlocks = () => new TaskCompletionSource().Task;
        else if (how == "it hangs midway")
            _fleet.WaitsAfter = (long)ByteSize.MiB(1).Bytes;
        else
            _fleet.BreaksAfter = 10_000;

        await IsOrdinary(two, 0, parent: "");

        await NothingIsLeft(two);
        Assert.DoesNotContain(two.State.Devices.Values, device => device.Kind == DeviceKind.Layer);
    }

    [Fact]
    public async Task Of_many_callers_for_one_layer_each_finds_it_and_it_comes_once()
    {
        var two = await Start(Two);
        await Unpack(_one, 0, parent: "");

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Comes(two, 0, parent: "")));

        Assert.Single(two.State.Devices.Values, device => device.Kind == DeviceKind.Layer);
        Assert.Equal(1, _fleet.AskedBy(Two));
    }

    [Fact]
    public async Task A_cancelled_call_leaves_nothing_and_the_next_gets_the_layer()
    {
        var two = await Start(Two);
        await Unpack(_one, 0, parent: "");
        _fleet.WaitsAfter = (long)ByteSize.MiB(1).Bytes;
        using var cancel = new CancellationTokenSource();
        var call = Prepare(two, 0, parent: "", ChainOf(0).Value, cancel.Token);
        await Eventually(() => two.State.Devices.Values.Any(device => device.Key.IsReception), "it is on its way");

        await cancel.CancelAsync();

        Assert.Equal(StatusCode.Cancelled, (await Assert.ThrowsAsync<RpcException>(() => call)).StatusCode);
        await NothingIsLeft(two);
        _fleet.WaitsAfter = null;
        await Comes(two, 0, parent: "");
        Assert.Equal(2, _fleet.AskedBy(Two));
    }

    [Fact]
    public async Task A_layer_is_brought_as_long_as_one_of_its_callers_waits()
    {
        var two = await Start(Two);
        await Unpack(_one, 0, parent: "");
        var reached = HoldBlocks(out var go);
        using var cancel = new CancellationTokenSource();
        var cancelled = Prepare(two, 0, parent: "", ChainOf(0).Value, cancel.Token);
        await reached.WaitAsync(Patience);
        var waiting = Comes(two, 0, parent: "");
        await Eventually(() => two.Get<RemoteLayers>().Waiting == 2, "both wait");

        await cancel.CancelAsync();
        await Assert.ThrowsAsync<RpcException>(() => cancelled);
        go.SetResult();

        await waiting;
        Assert.Equal(1, _fleet.AskedBy(Two));
    }

    [Fact]
    public async Task A_stop_on_the_way_leaves_nothing()
    {
        var two = await Start(Two);
        await Unpack(_one, 0, parent: "");
        _fleet.WaitsAfter = (long)ByteSize.MiB(1).Bytes;
        var call = Prepare(two, 0, parent: "", ChainOf(0).Value);
        await Eventually(() => two.State.Devices.Values.Any(device => device.Key.IsReception), "it is on its way");

        _agents.Remove(two);
        await two.Stop();
        // The call broke, or containerd was still given the snapshot that it unpacks the layer into.
        await Record.ExceptionAsync(() => call);

        var next = await two.Next(services => services.AddSingleton(_fleet.PeersOf(Two)));
        _agents.Add(next);
        await NothingIsLeft(next);
        Assert.DoesNotContain(next.State.Devices.Values, device => device.Kind == DeviceKind.Layer);
    }

    private async Task<ServedAgent> Start(HostName host, string more = Patient)
    {
        var agent = await ServedAgent.Start(more, services => services.AddSingleton(_fleet.PeersOf(host)));
        _agents.Add(agent);
        _fleet.Serve(host, agent);
        return agent;
    }

    private Task HoldBlocks(out TaskCompletionSource go)
    {
        var (reached, held) = (new TaskCompletionSource(), new TaskCompletionSource());
        _fleet.BeforeBlocks = () =>
        {
            reached.TrySetResult();
            return held.Task;
        };
        go = held;
        return reached.Task;
    }

    /// <summary>As containerd does it: prepare, write, commit, all with the layer's chain id as a label.</summary>
    private async Task<string> Unpack(ServedAgent agent, int layer, string parent, DeviceKey? imported = null)
    {
        var key = imported is null ? NextKey(layer) : WorkUnderWayKey().Name;
        if (imported is null)
            Assert.Single((await Prepare(agent, layer, parent, ChainOf(layer).Value)).Mounts);
        else
        {
            await agent.Do(new PoolCommands.CreateSnapshot(
                NewRequest(), DeviceKey.Container(key), null, null, null, DeviceUse.Active, Labels(),
                DateTimeOffset.UnixEpoch));
        }
        var device = agent.State.Devices.Values.Single(device => device.Kind == DeviceKind.Container);
        using (var open = agent.Simulated.OpenForReceiving(
            DeviceNames.Thin(ServedAgent.Pool, device.Id), PoolBlockSize.Default).Must())
        {
            var bytes = new byte[ByteSize.MiB(2).Bytes];
            new Random(layer).NextBytes(bytes);
            open.Write(ByteSize.MiB((ulong)(4 + layer * 4)), bytes).Must();
        }
        var name = $"k8s.io/{++_numbers}/{ChainOf(layer)}";
        if (imported is { } own)
        {
            await agent.Do(new PoolCommands.Commit(
                NewRequest(), device.Key, own, Labels(), DateTimeOffset.UnixEpoch));
        }
        else
        {
            await agent.Snapshots.CommitAsync(new CommitSnapshotRequest
            {
                Snapshotter = "dmagents", Key = device.Key.Name, Name = name,
                Labels = { [Reference] = ChainOf(layer).Value },
            });
        }
        return name;
    }

    private async Task<PrepareSnapshotResponse> Prepare(
        ServedAgent agent, int layer, string parent, string? reference, CancellationToken cancellation = default)
    {
        var request = new PrepareSnapshotRequest { Snapshotter = "dmagents", Key = NextKey(layer), Parent = parent };
        if (reference is not null)
            request.Labels[Reference] = reference;
        return await agent.Snapshots.PrepareAsync(
            request, new Metadata { { "containerd-namespace", "k8s.io" } }, cancellationToken: cancellation)
            .ResponseAsync.WaitAsync(Patience, CancellationToken.None);
    }

    private async Task Comes(ServedAgent agent, int layer, string parent)
    {
        var answer = await Assert.ThrowsAsync<RpcException>(
            () => Prepare(agent, layer, parent, ChainOf(layer).Value));
        Assert.Equal(StatusCode.AlreadyExists, answer.StatusCode);
        await Found(agent, layer, parent);
    }

    private async Task IsOrdinary(ServedAgent agent, int layer, string parent) =>
        await IsOrdinary(agent, layer, parent, ChainOf(layer).Value);

    private async Task IsOrdinary(ServedAgent agent, int layer, string parent, string? reference) =>
        Assert.Single((await Prepare(agent, layer, parent, reference)).Mounts);

    /// <summary>With the filter of containerd's metadata store.</summary>
    private static async Task<Info> Found(ServedAgent agent, int layer, string parent)
    {
        using var call = agent.Snapshots.List(
            new ListSnapshotsRequest
            {
                Snapshotter = "dmagents",
                Filters = { $"""labels."{Reference}"=={ChainOf(layer)},parent=="{parent}" """.TrimEnd() },
            },
            new Metadata { { "containerd-namespace", "k8s.io" } });
        var found = new List<Info>();
        while (await call.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(Patience))
            found.AddRange(call.ResponseStream.Current.Info);
        return Assert.Single(found, info => info.Kind == Kind.Committed);
    }

    private string NextKey(int layer) => $"k8s.io/{Interlocked.Increment(ref _numbers)}/extract-1 {ChainOf(layer)}";

    private static DeviceKey WorkUnderWayKey() =>
        DmAgents.Domain.Pools.Recovery.WorkUnderWay.ReceptionOf(NewRequest(), 0);

    private static System.Collections.Immutable.ImmutableSortedDictionary<string, string> Labels() =>
        System.Collections.Immutable.ImmutableSortedDictionary<string, string>.Empty;

    private static RequestId NewRequest() => new(Guid.NewGuid());

    private static ChainId ChainOf(int layer) => new(Digest.Of(Encoding.ASCII.GetBytes($"layer {layer}")));

    private static ContentDigest? ContentOf(ServedAgent agent, int layer) => agent.State.ContentOf(
        agent.State.Devices.Values.Single(d => d.Labels.GetValueOrDefault(Reference) == ChainOf(layer).Value).Id);

    private static ContentDigest? ContentOf(ServedAgent agent, DeviceKey key) =>
        agent.State.ContentOf(agent.State.Find(key)!.Id);

    /// <summary>No reception, no view, no plan, and pool and journal agree.</summary>
    private static async Task NothingIsLeft(ServedAgent agent)
    {
        await Eventually(
            () => agent.State.Views.IsEmpty && !agent.State.Devices.Values.Any(device => device.Key.IsReception),
            "nothing of a transfer is left");
        await Eventually(() => !Directory.Exists(agent.Picture.Paths.TransferDirectory)
            || Directory.GetFiles(agent.Picture.Paths.TransferDirectory).Length == 0, "no plan is left");
        await Eventually(
            () => agent.State.Devices.Values.All(device => device.Phase == DevicePhase.Ready), "all is settled");
        var check = await new Pools.PoolsClient(agent.AdminChannel).CheckAsync(
            new CheckPoolRequest { Pool = ServedAgent.Pool.Value });
        Assert.True(check.Agrees, check.ToString());
    }

    private static async Task Eventually(Func<bool> holds, string what)
    {
        for (var waited = 0; !holds(); waited++)
        {
            Assert.True(waited < 1000, $"it does not come to be so: {what}");
            await Task.Delay(50);
        }
    }
}

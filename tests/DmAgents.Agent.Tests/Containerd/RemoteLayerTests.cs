using DmAgents.Agent.Containerd;
using DmAgents.Agent.Tests.Support;
using DmAgents.Api.Containerd.Snapshots.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using DeviceKind = DmAgents.Domain.Devices.DeviceKind;

namespace DmAgents.Agent.Tests.Containerd;

/// <summary>Layers that containerd gets from another agent instead of a registry, by what the snapshot service answers.
/// </summary>
public sealed class RemoteLayerTests : ContainerdHosts
{
    [Fact]
    public async Task A_layer_that_was_unpacked_onFirst_host_is_a_committed_snapshot_on_the_next()
    {
        var two = await Start(Two);
        var first = await Unpack(First, 0, parent: "");
        await Unpack(First, 1, first);

        await Comes(two, 0, parent: "");
        var below = await Found(two, 0, parent: "");
        var before = Fleet.BlockBytes;
        await Comes(two, 1, below.Name);
        var above = await Found(two, 1, below.Name);

        Assert.Equal(ChainOf(1).Value, above.Labels[Reference]);
        Assert.Equal("ext4", above.Labels["containerd.io/snapshot/devmapper/fstype"]);
        Assert.DoesNotContain(DeviceLabels.Import, above.Labels.Keys);
        Assert.Equal(ContentOf(First, 0), ContentOf(two, 0));
        Assert.Equal(ContentOf(First, 1), ContentOf(two, 1));
        // The upper one costs what it changed.
        Assert.InRange(Fleet.BlockBytes - before, 1, (long)ByteSize.MiB(4).Bytes);
        await NothingIsLeft(First);
        await NothingIsLeft(two);
        foreach (var layer in new[] { above, below })
            await two.Snapshots.RemoveAsync(new RemoveSnapshotRequest { Snapshotter = "dmagents", Key = layer.Name });
        await Eventually(() => two.State.Devices.Values.All(d => d.Kind == DeviceKind.Base), "the layers are gone");
    }

    [Fact]
    public async Task What_has_come_can_be_passed_on_and_what_is_here_is_not_asked_for()
    {
        var two = await Start(Two);
        await Unpack(First, 0, parent: "");
        await Comes(two, 0, parent: "");
        var asked = Fleet.AskedBy(Two);

        await Comes(two, 0, parent: "");

        Assert.Equal(asked, Fleet.AskedBy(Two));
        Assert.Single(two.State.Devices.Values, device => device.Kind == DeviceKind.Layer);
        var three = await Start(new HostName("three"));
        Fleet.BeforeLayers = host => host == One ? Task.FromException(new IOException("it is away")) : Task.CompletedTask;
        await Comes(three, 0, parent: "");
        Assert.Equal(ContentOf(First, 0), ContentOf(three, 0));
    }

    [Fact]
    public async Task A_layer_that_was_imported_comes_andFirst_whose_tree_is_a_directory_does_not()
    {
        var two = await Start(Two);
        await Unpack(First, 0, parent: "", DeviceKey.Layer(ChainOf(0).Value));
        var key = WorkUnderWayKey();
        await First.Do(new PoolCommands.Receive(
            NewRequest(), key, null, null, ByteSize.MiB(64), FileSystemKind.Ext4, DateTimeOffset.UnixEpoch)
        {
            Root = "rootfs",
        });
        await First.Do(new PoolCommands.Commit(
            NewRequest(), key, DeviceKey.Layer(ChainOf(1).Value), Labels(), DateTimeOffset.UnixEpoch));

        await Comes(two, 0, parent: "");

        await IsOrdinary(two, 1, (await Found(two, 0, parent: "")).Name);
        Assert.Equal(ContentOf(First, DeviceKey.Layer(ChainOf(0).Value)), ContentOf(two, 0));
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
            await Unpack(First, 0, parent: "");
        if (why == "the peer refuses")
            Fleet.BeforeLayers = _ => Task.FromException(new IOException("it is away"));

        await IsOrdinary(two, 0, parent: "", why switch
        {
            "it has no label" => null,
            "its label is none" => "sha256:0",
            _ => ChainOf(0).Value,
        });

        Assert.Equal(why is "no host has it" or "the peer refuses" ? 1 : 0, Fleet.AskedBy(Two));
        await NothingIsLeft(two);
    }

    [Fact]
    public async Task A_peer_that_does_not_answer_is_waited_for_once()
    {
        await Unpack(First, 0, parent: "");
        var two = await Start(Two, "fleet.containerd.answer-within = 100ms");
        Fleet.BeforeLayers = _ => new TaskCompletionSource().Task;

        await IsOrdinary(two, 0, parent: "");
        await IsOrdinary(two, 1, parent: "");

        Assert.Equal(1, Fleet.AskedBy(Two));
    }

    [Fact]
    public async Task Of_several_peers_the_first_that_has_it_is_taken()
    {
        var two = await Start(Two);
        await Unpack(First, 0, parent: "");
        await Comes(two, 0, parent: "");
        var three = await Start(new HostName("three"));
        Fleet.BeforeLayers = host => host == One ? new TaskCompletionSource().Task : Task.CompletedTask;

        await Comes(three, 0, parent: "");
    }

    [Theory]
    [InlineData("it hangs")]
    [InlineData("it hangs midway")]
    [InlineData("it breaks")]
    public async Task A_peer_that_does_not_bring_it_is_given_up_and_leaves_nothing(string how)
    {
        await Unpack(First, 0, parent: "");
        var two = await Start(Two, "fleet.containerd { answer-within = 60s, stalled-after = 1s }");
        if (how == "it hangs")
            Fleet.BeforeBlocks = () => new TaskCompletionSource().Task;
        else if (how == "it hangs midway")
            Fleet.WaitsAfter = (long)ByteSize.MiB(1).Bytes;
        else
            Fleet.BreaksAfter = 10_000;

        await IsOrdinary(two, 0, parent: "");

        await NothingIsLeft(two);
        Assert.DoesNotContain(two.State.Devices.Values, device => device.Kind == DeviceKind.Layer);
    }

    [Fact]
    public async Task Of_many_callers_forFirst_layer_each_finds_it_and_it_comes_once()
    {
        var two = await Start(Two);
        await Unpack(First, 0, parent: "");

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Comes(two, 0, parent: "")));

        Assert.Single(two.State.Devices.Values, device => device.Kind == DeviceKind.Layer);
        Assert.Equal(1, Fleet.AskedBy(Two));
    }

    [Fact]
    public async Task A_cancelled_call_leaves_nothing_and_the_next_gets_the_layer()
    {
        var two = await Start(Two);
        await Unpack(First, 0, parent: "");
        Fleet.WaitsAfter = (long)ByteSize.MiB(1).Bytes;
        using var cancel = new CancellationTokenSource();
        var call = Prepare(two, 0, parent: "", ChainOf(0).Value, cancel.Token);
        await Eventually(() => two.State.Devices.Values.Any(device => device.Key.IsReception), "it is on its way");

        await cancel.CancelAsync();

        Assert.Equal(StatusCode.Cancelled, (await Assert.ThrowsAsync<RpcException>(() => call)).StatusCode);
        await NothingIsLeft(two);
        Fleet.WaitsAfter = null;
        await Comes(two, 0, parent: "");
        Assert.Equal(2, Fleet.AskedBy(Two));
    }

    [Fact]
    public async Task A_layer_is_brought_as_long_asFirst_of_its_callers_waits()
    {
        var two = await Start(Two);
        await Unpack(First, 0, parent: "");
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
        Assert.Equal(1, Fleet.AskedBy(Two));
    }

    [Fact]
    public async Task A_stop_on_the_way_leaves_nothing()
    {
        var two = await Start(Two);
        await Unpack(First, 0, parent: "");
        Fleet.WaitsAfter = (long)ByteSize.MiB(1).Bytes;
        var call = Prepare(two, 0, parent: "", ChainOf(0).Value);
        await Eventually(() => two.State.Devices.Values.Any(device => device.Key.IsReception), "it is on its way");

        Agents.Remove(two);
        await two.Stop();
        // The call broke, or containerd was still given the snapshot that it unpacks the layer into.
        await Record.ExceptionAsync(() => call);

        var next = await two.Next(services => services.AddSingleton(Fleet.PeersOf(Two)));
        Agents.Add(next);
        await NothingIsLeft(next);
        Assert.DoesNotContain(next.State.Devices.Values, device => device.Kind == DeviceKind.Layer);
    }
}

using System.Text;
using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.Tests.Transfers;
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

/// <summary>Agents of one fleet, and what containerd asks of their snapshot services.</summary>
public abstract class ContainerdHosts : IAsyncLifetime
{
    private protected const string Reference = "containerd.io/snapshot.ref";
    private protected const string Patient = "fleet.containerd { answer-within = 60s, stalled-after = 60s }";

    private protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private protected static readonly HostName One = new("one");
    private protected static readonly HostName Two = new("two");
    private protected static readonly HostName Three = new("three");

    private int _numbers;

    private protected LoopbackFleet Fleet { get; } = new();

    private protected List<ServedAgent> Agents { get; } = [];

    /// <summary>The agent of the first host.</summary>
    private protected ServedAgent First { get; private set; } = null!;

    public async Task InitializeAsync() => First = await Start(One);

    public async Task DisposeAsync()
    {
        await Fleet.DisposeAsync();
        foreach (var agent in Agents)
            await agent.DisposeAsync();
    }

    private protected async Task<ServedAgent> Start(
        HostName host, string more = Patient, ILayerLocations? locations = null)
    {
        var agent = await ServedAgent.Start(more, services =>
        {
            services.AddSingleton(Fleet.PeersOf(host));
            if (locations is not null)
                services.AddSingleton(locations);
        });
        Agents.Add(agent);
        Fleet.Serve(host, agent);
        return agent;
    }

    private protected Task HoldBlocks(out TaskCompletionSource go)
    {
        var (reached, held) = (new TaskCompletionSource(), new TaskCompletionSource());
        Fleet.BeforeBlocks = () =>
        {
            reached.TrySetResult();
            return held.Task;
        };
        go = held;
        return reached.Task;
    }

    /// <summary>As containerd does it: prepare, write, commit, all with the layer's chain id as a label.</summary>
    private protected async Task<string> Unpack(
        ServedAgent agent, int layer, string parent, DeviceKey? imported = null, uint mib = 2)
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
            var bytes = new byte[ByteSize.MiB(mib).Bytes];
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

    private protected async Task<PrepareSnapshotResponse> Prepare(
        ServedAgent agent, int layer, string parent, string? reference, CancellationToken cancellation = default)
    {
        var request = new PrepareSnapshotRequest { Snapshotter = "dmagents", Key = NextKey(layer), Parent = parent };
        if (reference is not null)
            request.Labels[Reference] = reference;
        return await agent.Snapshots.PrepareAsync(
            request, new Metadata { { "containerd-namespace", "k8s.io" } }, cancellationToken: cancellation)
            .ResponseAsync.WaitAsync(Patience, CancellationToken.None);
    }

    private protected async Task Comes(ServedAgent agent, int layer, string parent)
    {
        var answer = await Assert.ThrowsAsync<RpcException>(
            () => Prepare(agent, layer, parent, ChainOf(layer).Value));
        Assert.Equal(StatusCode.AlreadyExists, answer.StatusCode);
        await Found(agent, layer, parent);
    }

    private protected async Task IsOrdinary(ServedAgent agent, int layer, string parent) =>
        await IsOrdinary(agent, layer, parent, ChainOf(layer).Value);

    private protected async Task IsOrdinary(ServedAgent agent, int layer, string parent, string? reference) =>
        Assert.Single((await Prepare(agent, layer, parent, reference)).Mounts);

    /// <summary>With the filter of containerd's metadata store.</summary>
    private protected static async Task<Info> Found(ServedAgent agent, int layer, string parent)
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

    private protected string NextKey(int layer) =>
        $"k8s.io/{Interlocked.Increment(ref _numbers)}/extract-1 {ChainOf(layer)}";

    private protected static DeviceKey WorkUnderWayKey() =>
        DmAgents.Domain.Pools.Recovery.WorkUnderWay.ReceptionOf(NewRequest(), 0);

    private protected static System.Collections.Immutable.ImmutableSortedDictionary<string, string> Labels() =>
        System.Collections.Immutable.ImmutableSortedDictionary<string, string>.Empty;

    private protected static RequestId NewRequest() => new(Guid.NewGuid());

    private protected static ChainId ChainOf(int layer) => new(Digest.Of(Encoding.ASCII.GetBytes($"layer {layer}")));

    private protected static ContentDigest? ContentOf(ServedAgent agent, int layer) =>
        agent.State.ContentOf(LayerOf(agent, layer).Id);

    private protected static DeviceRecord LayerOf(ServedAgent agent, int layer) => agent.State.Devices.Values.Single(
        device => device.Labels.GetValueOrDefault(Reference) == ChainOf(layer).Value);

    private protected static ContentDigest? ContentOf(ServedAgent agent, DeviceKey key) =>
        agent.State.ContentOf(agent.State.Find(key)!.Id);

    /// <summary>No reception, no view, no plan, and pool and journal agree.</summary>
    private protected static async Task NothingIsLeft(ServedAgent agent)
    {
        await Eventually(
            () => agent.State.Views.IsEmpty && !agent.State.Devices.Values.Any(device => device.Key.IsReception),
            "nothing of a transfer is left");
        await Eventually(() => !Directory.Exists(agent.Picture.Paths.TransferDirectory)
            || Directory.GetFiles(agent.Picture.Paths.TransferDirectory).Length == 0, "no plan is left");
        await Eventually(
            () => agent.State.Devices.Values.All(device => device.Phase == DevicePhase.Ready), "all is settled");
        await TwoAgents.Agrees(agent);
    }

    private protected static async Task Eventually(Func<bool> holds, string what)
    {
        for (var waited = 0; !holds(); waited++)
        {
            Assert.True(waited < 2400, $"it does not come to be so: {what}");
            await Task.Delay(50);
        }
    }
}

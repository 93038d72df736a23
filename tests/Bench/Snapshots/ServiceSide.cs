using System.Diagnostics;
using DmAgents.Api.Containerd.Snapshots.V1;
using DmAgents.Bench.Containerd.Diff.V1;
using DmAgents.Bench.Containerd.Leases.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;

namespace DmAgents.Bench.Snapshots;

/// <summary>A snapshotter behind containerd's snapshot service: the agent's own socket, or containerd's.</summary>
internal class ServiceSide : SnapshotSide
{
    /// <summary>A client's mark of what containerd is to keep; the same on every side.</summary>
    private static readonly KeyValuePair<string, string> Keep = new("containerd.io/gc.root", "bench");

    private readonly string _snapshotter;
    private readonly DmAgents.Api.Containerd.Snapshots.V1.Snapshots.SnapshotsClient _snapshots;

    public ServiceSide(string name, IKernel kernel, MappedName pool, CallInvoker calls, string snapshotter)
        : base(name, kernel, pool)
    {
        _snapshotter = snapshotter;
        _snapshots = new DmAgents.Api.Containerd.Snapshots.V1.Snapshots.SnapshotsClient(calls);
    }

    public override Task Open() => Layer(Image, parent: "", size: 1 << 20);

    public override async Task Nothing()
    {
        if (await Has("no-such-snapshot").ConfigureAwait(false))
            throw new InvalidOperationException($"{Name}: there is a snapshot that nobody made");
    }

    /// <summary>Whether there is such a snapshot.</summary>
    public async Task<bool> Has(string key)
    {
        try
        {
            await _snapshots.StatAsync(new StatSnapshotRequest { Snapshotter = _snapshotter, Key = key });
            return true;
        }
        catch (RpcException refused) when (refused.StatusCode == StatusCode.NotFound)
        {
            return false;
        }
    }

    public override async Task<DevicePath?> Prepare(string key, string parent)
    {
        var mounts = await Mounts(key, parent).ConfigureAwait(false);
        return new DevicePath(mounts.Mounts[0].Source);
    }

    public override async Task Commit(string name, string key)
    {
        var request = new CommitSnapshotRequest { Snapshotter = _snapshotter, Name = name, Key = key };
        request.Labels.Add(Keep.Key, Keep.Value);
        await _snapshots.CommitAsync(request);
    }

    public override async Task Remove(string key) =>
        await _snapshots.RemoveAsync(new RemoveSnapshotRequest { Snapshotter = _snapshotter, Key = key });

    public override async Task Write(string key)
    {
        var mounts = await _snapshots.MountsAsync(new MountsRequest { Snapshotter = _snapshotter, Key = key });
        Must(Blocks.Write(Kernel, new DevicePath(mounts.Mounts[0].Source)));
    }

    public override Task Settle() => Task.CompletedTask;

    /// <summary>A prepare under a key that is taken: all the way to who decides, and back.</summary>
    /// <returns>Ticks of <see cref="Stopwatch"/>.</returns>
    public async Task<long> Refused()
    {
        var begun = Stopwatch.GetTimestamp();
        try
        {
            await Mounts(Image, Image).ConfigureAwait(false);
        }
        catch (RpcException refused) when (refused.StatusCode == StatusCode.AlreadyExists)
        {
            return Stopwatch.GetTimestamp() - begun;
        }
        throw new InvalidOperationException($"{Name}: a key was given twice");
    }

    /// <summary>How many snapshots there are, by reading them all.</summary>
    public async Task<int> Count()
    {
        using var list = _snapshots.List(new ListSnapshotsRequest { Snapshotter = _snapshotter });
        var count = 0;
        await foreach (var page in list.ResponseStream.ReadAllAsync().ConfigureAwait(false))
            count += page.Info.Count;
        return count;
    }

    protected static CallInvoker InNamespace(GrpcChannel channel) => channel.Intercept(headers =>
    {
        headers.Add("containerd-namespace", "bench");
        return headers;
    });

    protected async Task<PrepareSnapshotResponse> Mounts(string key, string parent)
    {
        var request = new PrepareSnapshotRequest { Snapshotter = _snapshotter, Key = key, Parent = parent };
        request.Labels.Add(Keep.Key, Keep.Value);
        return await _snapshots.PrepareAsync(request);
    }
}

/// <summary>The agent, by its own socket.</summary>
internal sealed class AgentSide(string name, IKernel kernel, MappedName pool, GrpcChannel channel, AgentPool agent)
    : ServiceSide(name, kernel, pool, InNamespace(channel), "dmagents")
{
    public override Task Settle() => agent.Settle();
}

/// <summary>A snapshotter of containerd's, by containerd's socket. What is removed there leaves the pool when
/// containerd collects its garbage.</summary>
internal sealed class ContainerdSide : ServiceSide
{
    private readonly Leases.LeasesClient _leases;
    private readonly Diff.DiffClient _differ;
    private readonly Func<Task> _settle;
    private int _lease;

    /// <param name="settle">What else there is to wait for, when the garbage is collected.</param>
    public ContainerdSide(
        string name, IKernel kernel, MappedName pool, GrpcChannel channel, string snapshotter, Func<Task> settle)
        : this(name, kernel, pool, InNamespace(channel), snapshotter, settle)
    {
    }

    private ContainerdSide(
        string name, IKernel kernel, MappedName pool, CallInvoker calls, string snapshotter, Func<Task> settle)
        : base(name, kernel, pool, calls, snapshotter)
    {
        _leases = new Leases.LeasesClient(calls);
        _differ = new Diff.DiffClient(calls);
        _settle = settle;
    }

    public override async Task Settle()
    {
        await Collect().ConfigureAwait(false);
        await _settle().ConfigureAwait(false);
    }

    public override async Task RemoveAll(IReadOnlyList<string> keys)
    {
        await base.RemoveAll(keys).ConfigureAwait(false);
        await Collect().ConfigureAwait(false);
    }

    /// <summary>Returns when containerd has made its snapshotters remove what was removed.</summary>
    public async Task Collect()
    {
        var id = $"bench-{Name}-{_lease++}".Replace(' ', '-');
        await _leases.CreateAsync(new CreateRequest { Id = id });
        await _leases.DeleteAsync(new DeleteRequest { Id = id, Sync = true });
    }

    /// <summary>What a client does to unpack an image whose blobs are in the content store.</summary>
    public async Task Unpack(string name, IReadOnlyList<Blob> layers)
    {
        var parent = "";
        for (var i = 0; i < layers.Count; i++)
        {
            var (key, layer) = ($"{name}-{i}-open", $"{name}-{i}");
            var prepared = await Mounts(key, parent).ConfigureAwait(false);
            await _differ.ApplyAsync(new ApplyRequest { Diff = layers[i], Mounts = { prepared.Mounts } });
            await Commit(layer, key).ConfigureAwait(false);
            parent = layer;
        }
    }
}

using DmAgents.Agent.Tests.Support;
using DmAgents.Api.Admin.V1;
using DmAgents.Api.Containerd.Snapshots.V1;
using DmAgents.Api.Containerd.Types;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using Google.Protobuf.WellKnownTypes;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;

namespace DmAgents.Agent.Tests.Containerd;

/// <summary>The snapshot service by its wire: what containerd's own suite demands is tested by that suite; here is what
/// it does not look at.</summary>
public sealed class SnapshotServiceTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private ServedAgent _agent = null!;

    private Snapshots.SnapshotsClient Client => _agent.Snapshots;

    private readonly CancelledCalls _cancelled = new();

    public async Task InitializeAsync() => _agent = await ServedAgent.Start(services: services =>
        services.Configure<GrpcServiceOptions>(grpc => grpc.Interceptors.Add<CancelledCalls.Watch>(_cancelled)));

    public async Task DisposeAsync() => await _agent.DisposeAsync();

    [Fact]
    public async Task A_snapshot_goes_from_prepare_to_commit_to_remove()
    {
        var mount = Assert.Single((await Prepare("a")).Mounts);
        Assert.Equal("ext4", mount.Type);
        Assert.StartsWith("/dev/mapper/dmagents-test-pool-", mount.Source, StringComparison.Ordinal);
        Assert.Empty(mount.Options);
        Assert.Equal(mount, Assert.Single((await Mounts("a")).Mounts));

        await Commit("a", "layer");

        Assert.Equal(Kind.Committed, (await Stat("layer")).Kind);
        Assert.Equal(StatusCode.NotFound, (await Refused(Stat("a"))).StatusCode);
        await Remove("layer");
        Assert.Equal(StatusCode.NotFound, (await Refused(Stat("layer"))).StatusCode);
    }

    [Fact]
    public async Task The_file_system_is_a_label_that_children_inherit_and_commits_keep()
    {
        await Prepare("a");
        await Client.CommitAsync(new CommitSnapshotRequest
        {
            Snapshotter = "dmagents", Key = "a", Name = "layer", Labels = { ["mine"] = "1" },
        });
        await Prepare("b", "layer");

        var layer = await Stat("layer");
        Assert.Equal("ext4", layer.Labels["containerd.io/snapshot/devmapper/fstype"]);
        Assert.Equal("1", layer.Labels["mine"]);
        Assert.Equal("ext4", (await Stat("b")).Labels["containerd.io/snapshot/devmapper/fstype"]);
        Assert.Equal("layer", (await Stat("b")).Parent);
    }

    [Fact]
    public async Task Keys_belong_to_the_namespace_in_them_or_else_in_the_header()
    {
        await Prepare("k8s.io/7/web");
        await Prepare("web", headers: In("moby"));
        await Prepare("web");

        Assert.Equal(
            ["containerd.default/web", "containerd.k8s.io/k8s.io/7/web", "containerd.moby/web"],
            _agent.State.Keys.Keys.Where(k => k.ContainerdNamespace is not null).Select(k => k.ToString())
                .Order(StringComparer.Ordinal));
        // The garbage collection of containerd names no namespace, and means those that it can name without one.
        Assert.Equal(["k8s.io/7/web", "web"], (await List(null)).Select(i => i.Name));
        Assert.Equal(["web"], (await List(In("moby"))).Select(i => i.Name));
        Assert.Equal(["k8s.io/7/web"], (await List(In("k8s.io"))).Select(i => i.Name));
        await Client.RemoveAsync(new RemoveSnapshotRequest { Snapshotter = "dmagents", Key = "k8s.io/7/web" });
        Assert.Equal(["web"], (await List(null)).Select(i => i.Name));
    }

    [Theory]
    [InlineData("")]
    [InlineData("over")]
    [InlineData("\uFFFD")]
    public async Task Keys_that_cannot_be_are_refused(string key) => Assert.Equal(
        StatusCode.InvalidArgument,
        (await Refused(Prepare(key == "over" ? new string('k', 4097) : key))).StatusCode);

    [Theory]
    [InlineData("a b\nc\t\"'/../..")]
    [InlineData("ключ/键/\u0001\u007f")]
    public async Task Keys_may_hold_anything_else(string key)
    {
        await Prepare(key);

        Assert.Equal(key, (await Stat(key)).Name);
        Assert.Equal(key, Assert.Single(await List(null)).Name);
        await Remove(key);
    }

    [Fact]
    public async Task Only_the_snapshotters_own_names_are_known()
    {
        foreach (var known in new[] { "dmagents", "dmagents-test-pool" })
            await Client.CleanupAsync(new CleanupRequest { Snapshotter = known });
        foreach (var unknown in new[] { "", "overlayfs", "dmagents-", "dmagents-missing", "dmagents-A" })
        {
            Assert.Equal(StatusCode.InvalidArgument, (await Refused(
                Client.CleanupAsync(new CleanupRequest { Snapshotter = unknown }).ResponseAsync)).StatusCode);
        }
    }

    [Fact]
    public async Task Of_a_thousand_callers_for_one_key_one_gets_it()
    {
        await Layer("layer");
        var calls = Enumerable.Range(0, 1000).Select(_ => Prepare("a", "layer")).ToList();

        var statuses = new List<StatusCode>();
        foreach (var call in calls)
            statuses.Add(await StatusOf(call));

        Assert.Equal(1, statuses.Count(s => s == StatusCode.OK));
        Assert.Equal(999, statuses.Count(s => s == StatusCode.AlreadyExists));
        Assert.Single(_agent.State.Devices.Values, d => d.Key.Name == "a");
    }

    [Fact]
    public async Task A_caller_that_has_gone_leaves_no_snapshot_behind()
    {
        await Layer("layer");
        var held = _agent.Kernel.HoldNext(nameof(IKernel.ActivateThin));
        using var gone = new CancellationTokenSource();
        var call = Client.PrepareAsync(
            new PrepareSnapshotRequest { Snapshotter = "dmagents", Key = "a", Parent = "layer" },
            cancellationToken: gone.Token);
        await held.Reached;

        await gone.CancelAsync();
        Assert.Equal(StatusCode.Cancelled, await StatusOf(call.ResponseAsync));
        await _cancelled.One.WaitAsync(Patience);
        held.Open();

        await Eventually(() => _agent.State.Devices.Values.All(d => d.Key.Name != "a"));
        await Prepare("a", "layer");
    }

    [Fact]
    public async Task A_deadline_ends_the_wait_and_nothing_is_half_done()
    {
        await Layer("layer");
        var held = _agent.Kernel.HoldNext(nameof(IKernel.ActivateThin));
        var call = Client.PrepareAsync(
            new PrepareSnapshotRequest { Snapshotter = "dmagents", Key = "a", Parent = "layer" },
            deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(2));

        Assert.Equal(StatusCode.DeadlineExceeded, await StatusOf(call.ResponseAsync));
        // Otherwise the call has not come so far.
        if (held.Reached.IsCompleted)
            await _cancelled.One.WaitAsync(Patience);
        held.Open();

        await Eventually(() => _agent.State.Devices.Values.All(d => d.Key.Name != "a"));
    }

    [Fact]
    public async Task Reads_are_answered_while_the_kernel_hangs()
    {
        await Layer("layer");
        await Prepare("b", "layer");
        var held = _agent.Kernel.HoldNext(nameof(IKernel.ActivateThin));
        var hanging = Prepare("a", "layer");
        await held.Reached;

        Assert.Equal(Kind.Active, (await Stat("b")).Kind);
        Assert.Equal(3, (await List(null)).Count);
        Assert.Single((await Mounts("b")).Mounts);
        Assert.Equal(StatusCode.Unavailable, await StatusOf(Mounts("a")));
        await Prepare("c", "layer");
        held.Open();
        await hanging;
    }

    [Fact]
    public async Task Mounts_names_a_live_device_also_after_a_removal_by_hand()
    {
        var device = DeviceOf((await Prepare("a")).Mounts);
        Assert.True(_agent.Simulated.Remove(device, deferred: false).Succeeded);
        Assert.False(_agent.Simulated.Find(device).Succeeded);

        Assert.Equal(device, DeviceOf((await Mounts("a")).Mounts));

        Assert.False(_agent.Simulated.Find(device).Value.Suspended);
    }

    [Fact]
    public async Task Mounts_names_a_device_that_runs_also_after_a_suspension_by_hand()
    {
        var device = DeviceOf((await Prepare("a")).Mounts);
        Assert.True(_agent.Simulated.Suspend(device, freeze: false).Succeeded);
        Assert.True(_agent.Simulated.Find(device).Value.Suspended);

        Assert.Equal(device, DeviceOf((await Mounts("a")).Mounts));

        Assert.False(_agent.Simulated.Find(device).Value.Suspended);
    }

    [Fact]
    public async Task Mounts_of_a_view_names_a_live_device_also_after_a_removal_by_hand()
    {
        await Layer("layer");
        var device = DeviceOf((await View("v", "layer")).Mounts);
        Assert.True(_agent.Simulated.Remove(device, deferred: false).Succeeded);

        Assert.Equal(device, DeviceOf((await Mounts("v")).Mounts));

        Assert.False(_agent.Simulated.Find(device).Value.Suspended);
    }

    [Fact]
    public async Task What_cannot_be_removed_yet_stops_no_garbage_collection()
    {
        await Layer("layer");
        await Prepare("child", "layer");
        var parent = await Refused(Remove("layer"));
        Assert.Equal(StatusCode.FailedPrecondition, parent.StatusCode);
        Assert.Contains("remove", parent.Status.Detail, StringComparison.Ordinal);

        var held = _agent.Kernel.HoldNext(nameof(IKernel.ActivateThin));
        var making = Prepare("a", "layer");
        await held.Reached;
        Assert.Equal(StatusCode.FailedPrecondition, (await Refused(Remove("a"))).StatusCode);
        held.Open();
        await making;
    }

    [Fact]
    public async Task Views_of_a_layer_share_a_device_and_use_nothing()
    {
        await Layer("layer");
        var first = await View("v", "layer");
        var second = await View("w", "layer");

        Assert.Equal(first.Mounts, second.Mounts);
        Assert.Equal(["ro"], Assert.Single(first.Mounts).Options);
        var usage = await Client.UsageAsync(new UsageRequest { Snapshotter = "dmagents", Key = "v" });
        Assert.Equal((0, 0), (usage.Size, usage.Inodes));
        Assert.Equal(StatusCode.FailedPrecondition, (await Refused(Commit("v", "x"))).StatusCode);
    }

    [Fact]
    public async Task A_snapshot_without_a_parent_has_all_that_it_maps_and_a_child_what_it_wrote()
    {
        await Layer("layer");
        await Prepare("child", "layer");

        var layer = await Client.UsageAsync(new UsageRequest { Snapshotter = "dmagents", Key = "layer" });
        var child = await Client.UsageAsync(new UsageRequest { Snapshotter = "dmagents", Key = "child" });

        Assert.True(layer.Size > 0 && layer.Inodes > 0);
        Assert.Equal((0, 0), (child.Size, child.Inodes));
    }

    [Theory]
    [InlineData("20MiB", StatusCode.InvalidArgument)]
    [InlineData("much", StatusCode.InvalidArgument)]
    [InlineData("9GiB", StatusCode.ResourceExhausted)]
    [InlineData("128MiB", StatusCode.OK)]
    [InlineData("134217728", StatusCode.OK)]
    public async Task A_size_is_a_label(string size, StatusCode status)
    {
        await Layer("layer");
        var request = new PrepareSnapshotRequest
        {
            Snapshotter = "dmagents", Key = "a", Parent = "layer",
            Labels = { ["containerd.io/snapshot/max-size"] = size },
        };

        Assert.Equal(status, await StatusOf(Client.PrepareAsync(request).ResponseAsync));
        if (status == StatusCode.OK)
            Assert.Equal(128ul << 20, _agent.State.Find(DeviceKey.Containerd("default", "a"))!.Size.Bytes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("0GiB")]
    [InlineData("-1")]
    [InlineData("-9223372036854775808")]
    public async Task A_size_that_is_no_limit_is_no_label(string size)
    {
        await Layer("layer");
        await Prepare("usual", "layer");
        await Client.PrepareAsync(new PrepareSnapshotRequest
        {
            Snapshotter = "dmagents", Key = "a", Parent = "layer",
            Labels = { ["containerd.io/snapshot/max-size"] = size },
        });

        Assert.Equal(SizeOf("usual"), SizeOf("a"));

        ulong SizeOf(string key) => _agent.State.Find(DeviceKey.Containerd("default", key))!.Size.Bytes;
    }

    [Fact]
    public async Task Labels_have_a_limit()
    {
        var request = new PrepareSnapshotRequest { Snapshotter = "dmagents", Key = "a" };
        request.Labels["l"] = new string('v', 4096);
        Assert.Equal(StatusCode.InvalidArgument, await StatusOf(Client.PrepareAsync(request).ResponseAsync));
        request.Labels["l"] = new string('v', 4095);
        Assert.Equal(StatusCode.OK, await StatusOf(Client.PrepareAsync(request).ResponseAsync));
    }

    [Fact]
    public async Task Only_labels_are_updated()
    {
        await Prepare("a");
        var before = await Stat("a");

        var one = await Update("a", ["labels.x"], ("x", "1"), ("y", "2"));
        Assert.Equal("1", one.Labels["x"]);
        Assert.False(one.Labels.ContainsKey("y"));
        Assert.True(one.UpdatedAt.ToDateTime() >= before.UpdatedAt.ToDateTime());
        Assert.Equal(before.CreatedAt, one.CreatedAt);
        Assert.False((await Update("a", ["labels.x"])).Labels.ContainsKey("x"));
        Assert.Equal(["y"], (await Update("a", ["labels"], ("y", "2"))).Labels.Keys);
        Assert.Equal(["z"], (await Update("a", [], ("z", "3"))).Labels.Keys);
        foreach (var path in new[] { "parent", "kind", "labels.", "name" })
            Assert.Equal(StatusCode.InvalidArgument, (await Refused(Update("a", [path]))).StatusCode);
        Assert.Equal(StatusCode.NotFound, (await Refused(Update("missing", []))).StatusCode);
    }

    [Fact]
    public async Task A_filter_that_cannot_be_read_is_refused()
    {
        var refused = await Refused(List(null, "name=="));

        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
    }

    [Fact]
    public async Task A_rebase_is_refused_and_naming_the_present_parent_is_none()
    {
        await Layer("layer");
        await Prepare("a", "layer");

        Assert.Equal(StatusCode.InvalidArgument, (await Refused(Commit("a", "b", parent: "other"))).StatusCode);
        await Commit("a", "b", parent: "layer");
    }

    [Fact]
    public async Task Each_socket_has_its_own_services()
    {
        var pools = new Pools.PoolsClient(_agent.Invoker);
        var snapshots = new Snapshots.SnapshotsClient(_agent.AdminChannel);

        Assert.Equal(StatusCode.Unimplemented, await StatusOf(pools.ListAsync(new ListPoolsRequest()).ResponseAsync));
        Assert.Equal(StatusCode.Unimplemented, await StatusOf(
            snapshots.CleanupAsync(new CleanupRequest { Snapshotter = "dmagents" }).ResponseAsync));
    }

    [Fact]
    public async Task What_is_containerds_is_not_removed_from_under_it_without_force()
    {
        await Layer("layer");
        await Prepare("a", "layer");
        await View("v", "layer");
        var containers = new Api.Admin.V1.Containers.ContainersClient(_agent.AdminChannel);
        var layers = new Layers.LayersClient(_agent.AdminChannel);

        var shown = (await containers.ListAsync(new ListContainersRequest())).Containers;
        Assert.Equal(
            [("containerd.default/a", "Container", "default"), ("containerd.default/v", "View", "default")],
            shown.Select(c => (c.Name, c.Kind.ToString(), c.ContainerdNamespace)));
        var tree = (await layers.TreeAsync(new LayerTreeRequest())).Nodes;
        Assert.Equal(["Base", "Layer", "View", "Container"], tree.Select(n => n.Kind.ToString()));
        var remove =
            new RemoveContainerRequest { RequestId = Guid.NewGuid().ToString(), Container = "containerd.default/a" };
        Assert.Equal(StatusCode.FailedPrecondition, await StatusOf(containers.RemoveAsync(remove).ResponseAsync));

        remove.Force = true;
        await containers.RemoveAsync(remove);
        remove = new RemoveContainerRequest
        {
            RequestId = Guid.NewGuid().ToString(), Container = "containerd.default/v", Force = true,
        };
        await containers.RemoveAsync(remove);
        var layer = new RemoveLayerRequest { RequestId = Guid.NewGuid().ToString(), Key = "containerd.default/layer" };
        Assert.Equal(StatusCode.FailedPrecondition, await StatusOf(layers.RemoveAsync(layer).ResponseAsync));
        layer.Force = true;
        await layers.RemoveAsync(layer);
        Assert.Empty(await List(null));
    }

    [Fact]
    public async Task A_message_that_is_too_large_is_refused()
    {
        var request = new PrepareSnapshotRequest { Snapshotter = "dmagents", Key = "a" };
        for (var i = 0; i < 1500; i++)
            request.Labels[$"l{i}"] = new string('v', 4000);

        Assert.Equal(StatusCode.ResourceExhausted, await StatusOf(Client.PrepareAsync(request).ResponseAsync));
        Assert.Empty(await List(null));
    }

    private static Metadata In(string containerdNamespace) => new() { { "containerd-namespace", containerdNamespace } };

    private Task<PrepareSnapshotResponse> Prepare(string key, string parent = "", Metadata? headers = null) =>
        Client.PrepareAsync(
            new PrepareSnapshotRequest { Snapshotter = "dmagents", Key = key, Parent = parent }, headers).ResponseAsync;

    private Task<MountsResponse> Mounts(string key) =>
        Client.MountsAsync(new MountsRequest { Snapshotter = "dmagents", Key = key }).ResponseAsync;

    private static MappedName DeviceOf(IEnumerable<Mount> mounts) =>
        new(Path.GetFileName(Assert.Single(mounts).Source));

    private Task<ViewSnapshotResponse> View(string key, string parent) => Client.ViewAsync(
        new ViewSnapshotRequest { Snapshotter = "dmagents", Key = key, Parent = parent }).ResponseAsync;

    private Task<Empty> Commit(string key, string name, string parent = "") => Client.CommitAsync(
        new CommitSnapshotRequest { Snapshotter = "dmagents", Key = key, Name = name, Parent = parent }).ResponseAsync;

    private Task<Empty> Remove(string key) =>
        Client.RemoveAsync(new RemoveSnapshotRequest { Snapshotter = "dmagents", Key = key }).ResponseAsync;

    private async Task Layer(string name)
    {
        await Prepare($"making-{name}");
        await Commit($"making-{name}", name);
    }

    private async Task<Info> Stat(string key) =>
        (await Client.StatAsync(new StatSnapshotRequest { Snapshotter = "dmagents", Key = key })).Info;

    private async Task<Info> Update(string key, string[] mask, params (string Name, string Value)[] labels)
    {
        var info = new Info { Name = key };
        foreach (var (name, value) in labels)
            info.Labels[name] = value;
        return (await Client.UpdateAsync(new UpdateSnapshotRequest
        {
            Snapshotter = "dmagents", Info = info, UpdateMask = new FieldMask { Paths = { mask } },
        })).Info;
    }

    private async Task<List<Info>> List(Metadata? headers, params string[] filters)
    {
        using var call = Client.List(
            new ListSnapshotsRequest { Snapshotter = "dmagents", Filters = { filters } }, headers);
        var found = new List<Info>();
        await foreach (var block in call.ResponseStream.ReadAllAsync())
            found.AddRange(block.Info);
        return found;
    }

    private static async Task<StatusCode> StatusOf(Task call)
    {
        try
        {
            await call;
            return StatusCode.OK;
        }
        catch (RpcException refused)
        {
            return refused.StatusCode;
        }
    }

    private static Task<RpcException> Refused(Task call) => Assert.ThrowsAsync<RpcException>(() => call);

    private static async Task Eventually(Func<bool> condition)
    {
        for (var i = 0; i < 6000 && !condition(); i++)
            await Task.Delay(10);
        Assert.True(condition());
    }
}

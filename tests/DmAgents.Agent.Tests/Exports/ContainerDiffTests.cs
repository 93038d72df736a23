using System.Collections.Immutable;
using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.Tests.Transfers;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Recovery;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Domain.Units;
using Grpc.Core;

namespace DmAgents.Agent.Tests.Exports;

/// <summary>What differs between a container and its layer, by the agent as it is composed.</summary>
public sealed class ContainerDiffTests : IAsyncLifetime
{
    private static readonly DeviceKey Web = DeviceKey.Container("web");

    private readonly string _home = Directory.CreateTempSubdirectory("dmagents-diff-").FullName;
    private ServedAgent _agent = null!;
    private DeviceKey _layer;

    private FoldersAsMounts Trees => (FoldersAsMounts)_agent.Get<IFileTrees>();

    private Containers.ContainersClient Client => new(_agent.AdminChannel);

    private string Lower => Path.Combine(_home, "lower");

    private string Upper => Path.Combine(_home, "upper");

    public async Task InitializeAsync()
    {
        _agent = await ServedAgent.Start();
        _layer = await TwoAgents.AddLayer(_agent, null, 1, ByteSize.MiB(1));
        await _agent.Do(new PoolCommands.CreateSnapshot(
            TwoAgents.NewRequest(), Web, _layer, Size: null, FileSystem: null, DeviceUse.Mounted,
            ImmutableSortedDictionary<string, string>.Empty, DateTimeOffset.UnixEpoch));
        foreach (var folder in new[] { Lower, Upper })
        {
            Directory.CreateDirectory($"{folder}/etc");
            foreach (var name in new[] { "kept", "changed", "deleted" })
                Write($"{folder}/etc/{name}", name);
            Directory.SetLastWriteTimeUtc($"{folder}/etc", DateTime.UnixEpoch);
            Directory.SetLastWriteTimeUtc(folder, DateTime.UnixEpoch);
        }
        Put();
    }

    public async Task DisposeAsync()
    {
        await _agent.DisposeAsync();
        Directory.Delete(_home, recursive: true);
    }

    [Fact]
    public async Task Paths_that_a_mounted_container_added_changed_and_deleted_are_named_and_nothing_is_left()
    {
        ChangeThree();

        var replies = await Diff();

        Assert.Equal(
            ["Changed /etc", "Added /etc/added", "Changed /etc/changed", "Deleted /etc/deleted"],
            Changes(replies).Select(change => $"{change.Kind} {change.Path}"));
        var summary = replies[^1].Summary;
        Assert.Equal((ServedAgent.Pool.Value, "web", _layer.Name), (summary.Pool, summary.Container, summary.Parent));
        Assert.Equal(6ul, summary.Entries);
        Assert.True(summary.ByBlocks);
        await NothingIsLeft();
    }

    [Fact]
    public async Task Content_is_read_when_the_pool_s_metadata_cannot_be()
    {
        Write($"{Upper}/etc/changed", "CHANGED");
        _agent.Kernel.FailNext(nameof(IThinPools.ChangedRanges), KernelFault.Busy);

        var replies = await Diff();

        Assert.Equal(["/etc/changed"], Changes(replies).Select(change => change.Path));
        Assert.False(replies[^1].Summary.ByBlocks);
        Assert.InRange(replies[^1].Summary.BytesRead, 1ul, 1000ul);
    }

    [Fact]
    public async Task Thousands_of_changes_come_in_parts()
    {
        for (var i = 0; i < 1000; i++)
            Write($"{Upper}/etc/n{i:D4}", "");

        var replies = await Diff();

        Assert.Equal(1000, Changes(replies).Count());
        Assert.All(replies, reply => Assert.InRange(reply.CalculateSize(), 0, 100_000));
    }

    [Fact]
    public async Task A_caller_that_goes_leaves_nothing()
    {
        for (var i = 0; i < 5000; i++)
            Write($"{Upper}/etc/n{i:D4}", "");
        using (var call = Client.Diff(new DiffContainerRequest { Container = "web" }))
            Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(TwoAgents.Patience));

        await NothingIsLeft();
    }

    [Fact]
    public async Task An_agent_that_stops_ends_a_comparison_and_leaves_nothing()
    {
        Trees.NeedsReplay = _ =>
        {
            _agent.BeginStop();
            return false;
        };

        var refused = await Assert.ThrowsAsync<RpcException>(Diff);

        Assert.Contains("the agent is stopping", refused.Status.Detail, StringComparison.Ordinal);
        await _agent.Stop();
        _agent = await _agent.Next();
        await NothingIsLeft();
    }

    [Fact]
    public async Task A_tree_that_cannot_be_opened_is_a_refusal_and_leaves_nothing()
    {
        Trees.Otherwise = null;

        var refused = await Assert.ThrowsAsync<RpcException>(Diff);

        Assert.Equal(StatusCode.NotFound, refused.StatusCode);
        Assert.StartsWith("cannot compare container: ", refused.Status.Detail, StringComparison.Ordinal);
        await NothingIsLeft();
    }

    [Fact]
    public async Task A_file_system_that_was_not_unmounted_is_read_after_its_log_was_replayed_in_a_snapshot()
    {
        ChangeThree();
        Trees.NeedsReplay = device => IsReadOnly(device) && !Trees.OnDevices.ContainsKey(device.Value);

        var replies = await Diff();

        Assert.Equal(
            ["/etc", "/etc/added", "/etc/changed", "/etc/deleted"], Changes(replies).Select(change => change.Path));
        Assert.True(replies[^1].Summary.ByBlocks);
        await NothingIsLeft();
    }

    [Fact]
    public async Task A_log_that_cannot_be_replayed_is_a_refusal_and_leaves_nothing()
    {
        Trees.NeedsReplay = _ =>
        {
            _agent.Kernel.FailNext(nameof(IThinPools.CreateSnapshot), KernelFault.Invalid);
            return true;
        };

        var refused = await Assert.ThrowsAsync<RpcException>(Diff);

        Assert.StartsWith("cannot compare container: ", refused.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("was not unmounted", refused.Status.Detail, StringComparison.Ordinal);
        await NothingIsLeft();
    }

    [Theory]
    [InlineData("none", StatusCode.NotFound, "has no container of this name")]
    [InlineData("containerd.ns/none", StatusCode.NotFound, "has no containerd.ns of this name")]
    [InlineData("a/b", StatusCode.InvalidArgument, "it is not a container's name")]
    public async Task What_is_no_container_is_refused(string name, StatusCode status, string why)
    {
        var refused = await Assert.ThrowsAsync<RpcException>(() => Diff(name));

        Assert.Equal(status, refused.StatusCode);
        Assert.Contains(why, refused.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_crash_leaves_of_a_comparison_is_undone_by_the_next_start()
    {
        var request = TwoAgents.NewRequest();
        var moment = WorkUnderWay.KeyOf(request, 0);
        using (_agent.Gateway.Board.Work.Begin(ServedAgent.Pool, request))
        {
            await _agent.Do(new PoolCommands.CommitLive(
                TwoAgents.NewRequest(), Web, moment, ImmutableSortedDictionary<string, string>.Empty,
                DateTimeOffset.UnixEpoch));
            foreach (var (shown, i) in new[] { moment, _layer }.Select((shown, i) => (shown, i)))
            {
                await _agent.Do(new PoolCommands.CreateView(
                    TwoAgents.NewRequest(), DeviceKey.Transfer($"{request.Value:N}-{i}"), shown, FileSystem: null,
                    ImmutableSortedDictionary<string, string>.Empty, DateTimeOffset.UnixEpoch));
            }
            await _agent.Stop();
        }

        _agent = await _agent.Next();

        await NothingIsLeft();
        Assert.Null(_agent.State.Find(moment));
        Put();
        Assert.Empty(Changes(await Diff()));
    }

    /// <summary>The base, the layer and the container are all that there is, and pool and journal agree.</summary>
    private async Task NothingIsLeft()
    {
        await TwoAgents.Eventually(() => _agent.State.Views.IsEmpty && _agent.State.Devices.Count == 3, "nothing is left");
        await TwoAgents.Agrees(_agent);
    }

    private bool IsReadOnly(DevicePath device) =>
        _agent.Simulated.Find(new MappedName(Path.GetFileName(device.Value))).Value.ReadOnly;

    private void ChangeThree()
    {
        Write($"{Upper}/etc/added", "");
        File.WriteAllText($"{Upper}/etc/changed", "CHANGED");
        File.SetLastWriteTimeUtc($"{Upper}/etc/changed", DateTime.UnixEpoch);
        File.Delete($"{Upper}/etc/deleted");
        Directory.SetLastWriteTimeUtc($"{Upper}/etc", DateTime.UnixEpoch.AddDays(1));
    }

    private static void Write(string path, string text)
    {
        File.WriteAllText(path, text);
        File.SetLastWriteTimeUtc(path, DateTime.UnixEpoch);
        Directory.SetLastWriteTimeUtc(Path.GetDirectoryName(path)!, DateTime.UnixEpoch);
    }

    private void Put()
    {
        Trees.OnDevices[DeviceNames.Thin(ServedAgent.Pool, _agent.State.Find(_layer)!.Id).Path.Value] = Lower;
        Trees.Otherwise = Upper;
    }

    private Task<List<DiffContainerReply>> Diff() => Diff("web");

    private async Task<List<DiffContainerReply>> Diff(string container)
    {
        using var call = Client.Diff(new DiffContainerRequest { Container = container });
        var replies = new List<DiffContainerReply>();
        while (await call.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(TwoAgents.Patience))
            replies.Add(call.ResponseStream.Current);
        return replies;
    }

    private static IEnumerable<ContainerChange> Changes(List<DiffContainerReply> replies) =>
        replies.SelectMany(reply => reply.Changes?.Changes ?? []);
}

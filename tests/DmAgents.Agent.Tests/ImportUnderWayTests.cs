using System.Collections.Immutable;
using System.Formats.Tar;
using DmAgents.Agent.Imports;
using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.Tests.Transfers;
using DmAgents.Agent.UseCases;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using Grpc.Core;

namespace DmAgents.Agent.Tests;

/// <summary>An import is work under way like any other operation; and it leaves nothing when it ends early.</summary>
public sealed class ImportUnderWayTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _archive = Path.GetTempFileName();
    private ServedAgent _agent = null!;

    private Pools.PoolsClient Admin => new(_agent.AdminChannel);

    private IEnumerable<DeviceRecord> Filling =>
        _agent.State.Devices.Values.Where(device => device.Key.Space == DeviceKey.ImportSpace);

    public async Task InitializeAsync()
    {
        await using (var tar = new TarWriter(File.Create(_archive), TarEntryFormat.Pax))
        {
            await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.Directory, "etc/"));
        }
        await Start("");
    }

    public async Task DisposeAsync()
    {
        await _agent.DisposeAsync();
        File.Delete(_archive);
    }

    [Fact]
    public async Task A_check_lists_nothing_of_it_and_a_repair_leaves_it_alone()
    {
        var (import, goOn) = await HeldMidway();
        var filling = Assert.Single(Filling);

        var check = await Check();
        Assert.True(check.Agrees, check.ToString());
        Assert.Empty(check.Repairs);
        await Repair();

        Assert.Equal(DevicePhase.Ready, _agent.State.Devices[filling.Id].Phase);
        Assert.True(_agent.Simulated.MountAt(_agent.Picture.Paths.MountOf(filling.Key)).Succeeded);
        goOn.Set();
        var reference = await import.WaitAsync(Patience);
        Assert.Contains(reference, _agent.State.Images.Keys);
        Assert.True((await Check()).Agrees);
    }

    [Fact]
    public async Task A_pool_is_not_removed_from_under_it()
    {
        var (import, goOn) = await HeldMidway();

        var refused = await Assert.ThrowsAsync<RpcException>(async () => await Admin.RemoveAsync(
            new RemovePoolRequest { RequestId = $"{Guid.NewGuid()}", Pool = ServedAgent.Pool.Value, Force = true }));

        Assert.Equal(StatusCode.Aborted, refused.StatusCode);
        Assert.Contains("import", refused.Status.Detail, StringComparison.Ordinal);
        goOn.Set();
        await import.WaitAsync(Patience);
    }

    [Fact]
    public async Task One_that_is_cancelled_while_its_snapshot_is_made_leaves_nothing()
    {
        using var cancellation = new CancellationTokenSource();
        var held = _agent.Kernel.HoldNext(nameof(IKernel.Mount));
        var import = Import(_ => { }, cancellation.Token);
        await held.Reached.WaitAsync(Patience);

        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => import.WaitAsync(Patience));
        Assert.True((await Check()).Agrees);
        held.Open();

        await NothingIsLeft();
    }

    [Fact]
    public async Task One_that_is_timed_out_while_its_snapshot_is_made_leaves_nothing()
    {
        await _agent.DisposeAsync();
        await Start("request-timeout = 1s");
        var held = _agent.Kernel.HoldNext(nameof(IKernel.Mount));

        var refused = await Assert.ThrowsAsync<RefusedException>(() => Import(_ => { }).WaitAsync(Patience));
        Assert.Equal(RefusalKind.TimedOut, refused.Refusal.Kind);
        held.Open();

        await NothingIsLeft();
    }

    [Fact]
    public async Task What_is_left_over_of_one_is_reported_and_undone_by_a_repair()
    {
        var key = DeviceKey.Import($"{Guid.NewGuid():N}-0");
        await _agent.Do(new PoolCommands.CreateSnapshot(
            new RequestId(Guid.NewGuid()), key, Parent: null, Size: null, FileSystem: null, DeviceUse.Mounted,
            ImmutableSortedDictionary<string, string>.Empty, DateTimeOffset.UnixEpoch));

        var check = await Check();

        Assert.False(check.Agrees);
        Assert.Contains(check.Findings, finding => finding.What == "it is left over");
        Assert.Contains(check.Repairs, step => step.What == "undo");
        await Repair();
        await NothingIsLeft();
    }

    /// <summary>The client is gone; the commit is brought to its end, and its layer is not undone between its making
    /// and its name.</summary>
    [Fact]
    public async Task A_commit_of_a_container_outlives_its_caller_and_a_repair()
    {
        await _agent.Do(new PoolCommands.CreateSnapshot(
            new RequestId(Guid.NewGuid()), DeviceKey.Container("web"), Parent: null, Size: null, FileSystem: null,
            DeviceUse.Active, ImmutableSortedDictionary<string, string>.Empty, DateTimeOffset.UnixEpoch));
        var held = _agent.Kernel.HoldNext(nameof(IKernel.CreateSnapshot));
        using var cancellation = new CancellationTokenSource();
        var containers = new Api.Admin.V1.Containers.ContainersClient(_agent.AdminChannel);
        var commit = containers.CommitAsync(
            new CommitContainerRequest { RequestId = $"{Guid.NewGuid()}", Container = "web", Reference = "live:1" },
            cancellationToken: cancellation.Token);
        await held.Reached.WaitAsync(Patience);
        await cancellation.CancelAsync();
        await Assert.ThrowsAsync<RpcException>(async () => await commit);
        held.Open();

        await Eventually(() => _agent.State.Images.ContainsKey(new ImageReference("live:1")));
        await Repair();
        Assert.True((await Check()).Agrees);
        Assert.Contains(new ImageReference("live:1"), _agent.State.Images.Keys);
    }

    private async Task Start(string settings)
    {
        _agent = await ServedAgent.Start(settings);
    }

    private async Task<(Task<ImageReference> Import, ManualResetEventSlim GoOn)> HeldMidway()
    {
        var goOn = new ManualResetEventSlim();
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var import = Import(progress =>
        {
            if (progress is not ImportReport.Layer { Phase: LayerPhase.Unpacking } || !reached.TrySetResult())
                return;
            Assert.True(goOn.Wait(Patience));
        });
        await Task.WhenAny(reached.Task, import).WaitAsync(Patience);
        Assert.False(import.IsCompleted, $"the import has ended: {import.Exception}");
        return (import, goOn);
    }

    private async Task<ImageReference> Import(
        Action<ImportReport> report, CancellationToken cancellation = default)
    {
        var imported = await _agent.Get<ImageImporter>().Import(
            _agent.Picture,
            new ImportAsked(
                new RequestId(Guid.NewGuid()), _archive,
                new ImportChoice(new ImageReference("small:1"), Select: null, Platform: null, Format: null)),
            report, cancellation);
        return imported.Reference;
    }

    private async Task<CheckPoolReply> Check() =>
        await Admin.CheckAsync(new CheckPoolRequest { Pool = ServedAgent.Pool.Value });

    private async Task Repair() => await Admin.RepairAsync(
        new RepairPoolRequest { RequestId = $"{Guid.NewGuid()}", Pool = ServedAgent.Pool.Value });

    private async Task NothingIsLeft()
    {
        await Eventually(() => !Filling.Any() && _agent.Simulated.Mounts().Value.Count == 0);
        await TwoAgents.Agrees(_agent);
    }

    private static async Task Eventually(Func<bool> holds)
    {
        for (var waited = 0; !holds(); waited++)
        {
            Assert.True(waited < 2400, "it does not come to be so");
            await Task.Delay(50);
        }
    }
}

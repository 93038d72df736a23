using System.Collections.Immutable;
using DmAgents.Agent.Services;
using DmAgents.Agent.Tests.Support;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Agent.Tests;

/// <summary>What the host's status says is so.</summary>
public sealed class HostStatusTests : IAsyncLifetime
{
    private ServedAgent _agent = null!;

    public async Task InitializeAsync() => _agent = await ServedAgent.Start();

    public async Task DisposeAsync() => await _agent.DisposeAsync();

    [Fact]
    public void The_agent_is_up_since_its_process_started_whoever_asks_first()
    {
        var process = System.Diagnostics.Process.GetCurrentProcess().StartTime.ToUniversalTime();

        var clock = AgentClock.OfProcess(TimeProvider.System);

        Assert.Equal(process, clock.StartedAt.UtcDateTime, TimeSpan.FromSeconds(1));
        var (before, uptime, after) = (Age(), clock.Uptime, Age());
        Assert.InRange(uptime, before - TimeSpan.FromSeconds(1), after + TimeSpan.FromSeconds(1));
        Assert.Same(_agent.Get<AgentClock>(), _agent.Get<AgentClock>());

        TimeSpan Age() => TimeProvider.System.GetUtcNow() - clock.StartedAt;
    }

    [Fact]
    public async Task A_pool_that_is_well_has_no_problem_and_one_with_something_in_doubt_has()
    {
        Assert.DoesNotContain((await Status()).Problems, problem => problem.Object == ServedAgent.Pool.Value);
        Assert.True(_agent.Simulated.CreateThin(DeviceNames.Pool(ServedAgent.Pool), new ThinId(77)).Succeeded);
        await new Pools.PoolsClient(_agent.AdminChannel).RepairAsync(new RepairPoolRequest
        {
            RequestId = $"{Guid.NewGuid()}", Pool = ServedAgent.Pool.Value,
        });

        Assert.Contains((await Status()).Problems, problem =>
            problem.Object == ServedAgent.Pool.Value && problem.What.Contains("quarantine", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_pool_whose_table_was_changed_by_hand_is_reported_by_a_check()
    {
        var name = DeviceNames.Data(ServedAgent.Pool);
        var identity = _agent.State.Identity!;
        Assert.True(_agent.Simulated.ReloadLinear(new Domain.Ports.LinearTable(name, DeviceNames.DataId(identity.Uuid),
            [new Domain.Ports.LinearSegment(
                new DevicePath("/dev/sda"), ByteSize.MiB(2).Sectors, ByteSize.GiB(1).Sectors)])).Succeeded);

        var check = await new Pools.PoolsClient(_agent.AdminChannel).CheckAsync(
            new CheckPoolRequest { Pool = ServedAgent.Pool.Value });

        Assert.Contains(check.Findings, finding =>
            finding.Object == name.Value && finding.Why.Contains("linear", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_pool_of_loop_files_that_another_program_changed_is_reported_by_a_check()
    {
        var pools = new Pools.PoolsClient(_agent.AdminChannel);
        var data = new LoopFile("/loops/data.img");
        await _agent.Gateway.Ask(new PoolName("loops"), new PoolCommands.Initialize(
            new RequestId(Guid.NewGuid()), new PoolUuid(Guid.NewGuid()), new PoolName("loops"),
            new PoolBacking.LoopFiles(
                new LoopFilePart(data, ByteSize.MiB(64)),
                new LoopFilePart(new LoopFile("/loops/metadata.img"), ByteSize.MiB(4))),
            PoolBlockSize.Default, FileSystemKind.Ext4, ByteSize.MiB(64), DateTimeOffset.UnixEpoch),
            CancellationToken.None);
        Assert.True((await pools.CheckAsync(new CheckPoolRequest { Pool = "loops" })).Agrees);

        _agent.Simulated.ReplaceFile(data, ByteSize.MiB(64));

        var check = await pools.CheckAsync(new CheckPoolRequest { Pool = "loops" });
        Assert.False(check.Agrees);
        var finding = Assert.Single(check.Findings);
        Assert.Equal((data.Value, "the live pool does not use this file"), (finding.Object, finding.What));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_journal_whose_disk_takes_no_writes_is_named_while_the_agent_lives(bool isReadOnly)
    {
        var disk = new DevicePath("/dev/sdc");
        Assert.True(_agent.Simulated.Format(disk, FileSystemKind.Ext4).Succeeded);
        // What is mounted above it says nothing of it, and what is beside it does not either.
        var (above, own) = (new MountPath("/tmp"), new MountPath(_agent.Settings.StateDirectory));
        Assert.True(_agent.Simulated.Mount(disk, isReadOnly ? own : above, FileSystemKind.Ext4, readOnly: true)
            .Succeeded);
        if (!isReadOnly)
        {
            var other = _agent.Simulated.AddDisk("/dev/sdd", ByteSize.GiB(1));
            Assert.True(_agent.Simulated.Format(other, FileSystemKind.Ext4).Succeeded);
            Assert.True(_agent.Simulated.Mount(other, own, FileSystemKind.Ext4, readOnly: false).Succeeded);
            Assert.True(_agent.Simulated.AddDisk("/dev/sde", ByteSize.GiB(1)) is var third
                && _agent.Simulated.Format(third, FileSystemKind.Ext4).Succeeded
                && _agent.Simulated.Mount(third, new MountPath(own.Value + "/journal-of-another"),
                    FileSystemKind.Ext4, readOnly: true).Succeeded);
        }

        var found = (await Status()).Problems.Where(problem => problem.What == "the journal's disk is read-only");

        Assert.Equal(isReadOnly ? [_agent.Settings.JournalDirectory] : [], found.Select(problem => problem.Object));
        Assert.False(File.Exists($"{_agent.Settings.JournalDirectory}/.writable"));
    }

    [Fact]
    public async Task A_journal_that_cannot_be_written_to_is_named_while_the_agent_lives()
    {
        // Of a directory that is gone nothing can be told but that.
        var moved = $"{_agent.Settings.JournalDirectory}-moved";
        Directory.Move(_agent.Settings.JournalDirectory, moved);
        try
        {
            var found = Assert.Single(
                (await Status()).Problems, problem => problem.What == "the journal's disk takes no writes");
            Assert.Equal((_agent.Settings.JournalDirectory, Severity.Error), (found.Object, found.Severity));
        }
        finally
        {
            Directory.Move(moved, _agent.Settings.JournalDirectory);
        }
    }

    /// <summary>The kernel does not answer which file systems are mounted, as it does while a disk hangs.</summary>
    [Fact]
    public async Task A_journal_whose_disk_hangs_is_named_and_one_look_at_it_hangs_however_often_the_status_is_asked()
    {
        _agent.Kernel.ClearCallLog();
        var held = _agent.Kernel.HoldNext(nameof(IFileSystems.Mounts));
        try
        {
            var both = await Task.WhenAll(Status(), Status());

            Assert.All(both, status =>
            {
                var found = Assert.Single(
                    status.Problems, problem => problem.What == "the journal's disk does not answer");
                Assert.Equal((_agent.Settings.JournalDirectory, Severity.Error), (found.Object, found.Severity));
            });
            Assert.Single(_agent.Kernel.CallLog, call => call.Operation == nameof(IFileSystems.Mounts));
        }
        finally
        {
            held.Open();
        }
        // A request may still share the look that was held; the next one does not.
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while ((await Status()).Problems.Any(problem => problem.What == "the journal's disk does not answer"))
            Assert.False(patience.IsCancellationRequested, "a disk that answers again is still reported");
    }

    private async Task<HostStatus> Status() =>
        await new Api.Admin.V1.Hosts.HostsClient(_agent.AdminChannel).GetStatusAsync(new GetHostStatusRequest());
}

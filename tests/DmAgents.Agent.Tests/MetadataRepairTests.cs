using System.Collections.Immutable;
using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.UseCases;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using Grpc.Core;
using Kind = DmAgents.Api.Admin.V1.Problem.Types.Kind;

namespace DmAgents.Agent.Tests;

/// <summary>Why a pool cannot be given other metadata, in words and as a kind.</summary>
public sealed class MetadataRepairTests : IAsyncLifetime
{
    private ServedAgent _agent = null!;
    private string _backup = "";

    public async Task InitializeAsync()
    {
        _agent = await ServedAgent.Start();
        _backup = (await Pools.BackUpAsync(new BackUpRequest())).Backup.Name;
    }

    public async Task DisposeAsync() => await _agent.DisposeAsync();

    [Theory]
    [InlineData(null, Kind.NoSpace)]
    [InlineData("/dev/nope", Kind.NotFound)]
    [InlineData("/dev/sda", Kind.Refused)]
    public async Task Without_a_place_it_is_refused_as_what_it_is(string? into, Kind kind)
    {
        var plan = await Repair(into: into);

        Assert.Equal(kind, plan.ObstacleKind);
        Assert.Contains(into ?? "no spare disk", plan.Obstacle, StringComparison.Ordinal);
        var problem = await Refused(Repair(into: into, execute: true));
        Assert.Equal((kind, plan.Obstacle, plan.ObstacleNext), (problem.Kind, problem.Why, problem.Next));
    }

    [Fact]
    public async Task A_backup_that_is_not_there_is_told_apart_from_anything_else_that_is_not()
    {
        Assert.Contains("no such backup", (await Refused(Repair("20250102T030405Z"))).Why, StringComparison.Ordinal);

        _agent.Kernel.FailNext(nameof(IKernel.AttachLoop), KernelFault.NotFound);
        Assert.DoesNotContain("no such backup", (await Refused(Repair())).Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_is_to_be_installed_only_where_it_is_missing()
    {
        _agent.Kernel.FailNext(nameof(IKernel.AttachLoop), KernelFault.NotSupported);
        Assert.DoesNotContain("install", (await Refused(Repair())).Next, StringComparison.Ordinal);

        _agent.Simulated.Uninstall("thin_restore");
        Assert.Contains("thin-provisioning-tools", (await Refused(Repair())).Next, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Copies_that_find_no_room_are_refused_as_such()
    {
        _agent.Simulated.HostCapacity = ByteSize.MiB(100);

        Assert.Equal(Kind.NoSpace, (await Refused(Repair())).Kind);
    }

    [Fact]
    public void Trying_a_backup_of_now_out_loses_nothing_and_says_in_order_what_would_be_done()
    {
        _agent.Simulated.AddDisk("/dev/sdd", ByteSize.MiB(64));
        Assert.True(BackupName.TryParse(_backup, out var name));

        var trial = _agent.Get<MetadataRepairTrials>().Try(new MetadataRepairAsked(
            _agent.Picture, new MetadataSource.Backup(name), new DevicePath("/dev/sdd"), Force: false));

        Assert.Null(trial.Obstacle);
        Assert.Equal(RepairAction.Replace, trial.Action);
        Assert.Equal(("/dev/sdb", "/dev/sdd"), (trial.Present.Text, trial.Place!.Text));
        Assert.Equal((_agent.State.Devices.Count, 0), (trial.Whole, trial.Devices.Length));
        Assert.Equal(
            ["test-pool", "/dev/sdd", "/dev/sdd", "/dev/sdb", "test-pool"],
            trial.Steps.Select(step => step.Subject));
        Assert.IsType<PoolBacking.Disks>(trial.Next);
    }

    [Fact]
    public async Task Devices_that_are_younger_than_the_backup_are_listed_as_lost_with_their_keys()
    {
        _agent.Simulated.AddDisk("/dev/sdd", ByteSize.MiB(64));
        await _agent.Do(new PoolCommands.CreateSnapshot(
            new RequestId(Guid.NewGuid()), DeviceKey.Container("web"), Parent: null, Size: null, FileSystem: null,
            DeviceUse.Idle, ImmutableSortedDictionary<string, string>.Empty, DateTimeOffset.UnixEpoch));

        var plan = await Repair(into: "/dev/sdd");

        var lost = Assert.Single(plan.Devices, device => device.Key == "web");
        Assert.Equal(MendedDevice.Types.Fate.Lost, lost.Fate);
        Assert.Contains(plan.Warnings, warning => warning.Contains("1 containers", StringComparison.Ordinal));
    }

    private Pools.PoolsClient Pools => new(_agent.AdminChannel);

    private async Task<MendPlan> Repair(string? backup = null, string? into = null, bool execute = false)
    {
        var request = new MendMetadataRequest
        {
            RequestId = $"{Guid.NewGuid()}", Pool = "test-pool", Backup = backup ?? _backup, Execute = execute,
        };
        if (into is not null)
            request.Into = into;
        using var call = Pools.MendMetadata(request);
        MendPlan? plan = null;
        while (await call.ResponseStream.MoveNext(CancellationToken.None))
            plan = call.ResponseStream.Current.Plan ?? plan;
        return plan!;
    }

    private static async Task<Problem> Refused(Task call)
    {
        var refused = await Assert.ThrowsAsync<RpcException>(() => call);
        return Problem.Parser.ParseFrom(refused.Trailers.GetValueBytes("dmagents-problem-bin"));
    }
}

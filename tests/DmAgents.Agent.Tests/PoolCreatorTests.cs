using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.UseCases;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Planning;
using DmAgents.Domain.Units;

namespace DmAgents.Agent.Tests;

/// <summary>A pool is planned of what an operator gives, and made.</summary>
public sealed class PoolCreatorTests : IAsyncLifetime
{
    private static readonly PoolName Name = new("second");
    private static readonly DevicePath Disk = new("/dev/sdc");

    private readonly List<CreationStep> _steps = [];
    private ServedAgent _agent = null!;

    public async Task InitializeAsync() => _agent = await ServedAgent.Start();

    public async Task DisposeAsync() => await _agent.DisposeAsync();

    [Fact]
    public async Task Its_steps_are_reported_in_order_and_then_it_is_open()
    {
        await Create(Asked());

        Assert.Equal([1, 2, PoolCreator.Steps], _steps.Select(step => step.Index));
        Assert.NotNull(_agent.Gateway.Board.Find(Name)!.Health);
    }

    [Fact]
    public async Task What_is_not_asked_for_is_as_the_settings_say()
    {
        await Create(Asked());

        Assert.Equal((_agent.Settings.BlockSize, _agent.Settings.FileSystem), (Made.BlockSize, Made.FileSystem));
        Assert.Equal(_agent.Settings.BaseSize, Made.BaseSize);
    }

    [Fact]
    public async Task What_is_asked_for_is_so()
    {
        var blocks = new PoolBlockSize(ByteSize.KiB(256));

        await Create(Asked() with
        {
            Backing = new BackingRequest.SingleDisk(Disk, ByteSize.MiB(64)), BlockSize = blocks,
        });

        Assert.Equal(blocks, Made.BlockSize);
        var disks = Assert.IsType<PoolBacking.Disks>(Made.Backing);
        Assert.Equal(ByteSize.MiB(64), Assert.Single(disks.Metadata).Length.Bytes);
    }

    [Fact]
    public async Task A_retry_meets_the_pool_of_the_first_try_and_plans_nothing()
    {
        var asked = Asked();
        await Create(asked);
        var first = Made;
        _steps.Clear();

        await Create(asked);

        Assert.Equal(first, Made);
        Assert.Equal([2, 3], _steps.Select(step => step.Index));
    }

    [Fact]
    public async Task Another_request_for_its_disk_is_refused_and_makes_no_pool()
    {
        await Create(Asked());

        var refused = await Refused(Asked() with { Name = new PoolName("third") });

        Assert.Equal((RefusalKind.Busy, Disk.Value), (refused.Kind, refused.Subject));
        Assert.Null(_agent.Gateway.Board.Find(new PoolName("third")));
    }

    [Fact]
    public async Task A_name_that_is_taken_is_refused()
    {
        var refused = await Refused(Asked() with { Name = ServedAgent.Pool });

        Assert.Equal(RefusalKind.Exists, refused.Kind);
    }

    [Fact]
    public async Task A_file_system_that_its_bases_cannot_have_is_refused_before_anything_is_written()
    {
        _agent.Kernel.ClearCallLog();

        var refused = await Refused(Asked() with { FileSystem = FileSystemKind.Xfs });

        Assert.Equal(RefusalKind.Invalid, refused.Kind);
        Assert.Contains("xfs needs", refused.Why, StringComparison.Ordinal);
        Assert.DoesNotContain(_agent.Kernel.CallLog, call => call.Operation == "Write");
    }

    [Fact]
    public async Task Warnings_of_the_plan_are_reported_with_its_step()
    {
        var sparing = ByteSize.MiB(16);

        await Create(Asked() with
        {
            Backing = new BackingRequest.Loop(Directory: null, ByteSize.GiB(20), sparing),
        });

        Assert.Equal([1, 1, 2, 3], _steps.Select(step => step.Index));
        Assert.Contains($"{sparing}", _steps[1].What, StringComparison.Ordinal);
    }

    private PoolIdentity Made => _agent.Gateway.Board.Find(Name)!.State.Identity!;

    private Task Create(CreationAsked asked) => _agent.Get<PoolCreator>().Create(
        asked,
        step =>
        {
            _steps.Add(step);
            return Task.CompletedTask;
        },
        CancellationToken.None);

    private async Task<Refusal> Refused(CreationAsked asked) =>
        (await Assert.ThrowsAsync<RefusedException>(() => Create(asked))).Refusal;

    private static CreationAsked Asked() => new(
        new RequestId(Guid.NewGuid()), Name, new BackingRequest.SingleDisk(Disk, MetadataSize: null), BlockSize: null,
        FileSystem: null, Force: false);
}

using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.UseCases;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Planning;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Agent.Tests;

/// <summary>A pool is given more of what it is made of.</summary>
public sealed class PoolGrowerTests : IAsyncLifetime
{
    private static readonly GrowthRequest Disk = new GrowthRequest.AddDisk(PoolBudget.Data, new DevicePath("/dev/sdc"));

    private ServedAgent _agent = null!;

    public async Task InitializeAsync() => _agent = await ServedAgent.Start();

    public async Task DisposeAsync() => await _agent.DisposeAsync();

    [Fact]
    public async Task A_disk_is_appended()
    {
        await Grow(NewRequest(), Disk);

        Assert.Equal("/dev/sdc", Data[^1].Disk.Value);
        Assert.Equal(2, Data.Length);
    }

    [Fact]
    public async Task What_the_operator_should_know_of_the_added_disk_is_in_the_answer()
    {
        _agent.Simulated.AddDisk(
            "/dev/sdd", ByteSize.GiB(1), shape: DiskShape.Plain with { IsRemovable = true, IsMisaligned = true });

        var warnings = await Grow(
            NewRequest(), new GrowthRequest.AddDisk(PoolBudget.Data, new DevicePath("/dev/sdd")));

        Assert.Equal(2, warnings.Length);
        Assert.Contains("the medium of /dev/sdd can be taken out", warnings[0], StringComparison.Ordinal);
        Assert.Contains("/dev/sdd does not begin on a physical block", warnings[1], StringComparison.Ordinal);
        // It is said of a disk when it comes, and not again with the next one.
        Assert.Empty(await Grow(NewRequest(), Disk));
    }

    [Fact]
    public async Task A_retry_appends_it_once_and_another_request_is_refused()
    {
        var request = NewRequest();
        await Grow(request, Disk);

        await Grow(request, Disk);

        Assert.Equal(2, Data.Length);
        Assert.Equal(RefusalKind.Exists, (await Refused(Disk)).Kind);
    }

    [Fact]
    public async Task A_size_is_refused_for_a_pool_of_disks()
    {
        var refused = await Refused(new GrowthRequest.EnlargeBy(PoolBudget.Data, ByteSize.GiB(1)));

        Assert.Equal(PoolGrower.What, refused.What);
        Assert.Single(Data);
    }

    [Fact]
    public async Task A_disk_with_a_signature_is_taken_only_by_force()
    {
        _agent.Simulated.AddDisk("/dev/sdd", ByteSize.GiB(1), signature: "xfs");
        var signed = new GrowthRequest.AddDisk(PoolBudget.Data, new DevicePath("/dev/sdd"));
        Assert.Contains("xfs", (await Refused(signed)).Why, StringComparison.Ordinal);

        await Grow(NewRequest(), signed, force: true);

        Assert.Equal("/dev/sdd", Data[^1].Disk.Value);
    }

    private System.Collections.Immutable.ImmutableArray<DiskPart> Data =>
        Assert.IsType<PoolBacking.Disks>(_agent.State.Identity!.Backing).Data;

    private Task<System.Collections.Immutable.ImmutableArray<string>> Grow(RequestId request, GrowthRequest growth, bool force = false) =>
        _agent.Get<PoolGrower>().Grow(request, _agent.Picture, growth, force, CancellationToken.None);

    private async Task<Refusal> Refused(GrowthRequest growth) =>
        (await Assert.ThrowsAsync<RefusedException>(() => Grow(NewRequest(), growth))).Refusal;

    private static RequestId NewRequest() => new(Guid.NewGuid());
}

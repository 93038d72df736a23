using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.UseCases;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;
using Grpc.Core;

namespace DmAgents.Agent.Tests;

/// <summary>Disks that a pool may be extended by one day.</summary>
public sealed class SpareTests : IAsyncLifetime
{
    private const string Disk = "/dev/sdc";
    private const string Stable = "/dev/disk/by-id/wwn-0x5000";

    private ServedAgent _agent = null!;

    public async Task InitializeAsync()
    {
        _agent = await ServedAgent.Start();
        _agent.Simulated.LinkDisk(Stable, new DevicePath(Disk));
    }

    public async Task DisposeAsync() => await _agent.DisposeAsync();

    [Fact]
    public async Task One_is_taken_back_by_any_of_its_paths()
    {
        await Change(add: Stable);

        await Change(remove: Disk);

        Assert.Empty(_agent.State.Spares);
    }

    [Fact]
    public async Task A_disk_that_is_no_spare_is_not_taken_back()
    {
        await Change(add: Stable);
        var request = Request();
        request.Remove.Add([Stable, "/dev/sda"]);

        var refused = await Assert.ThrowsAsync<RpcException>(async () => await Pools.ChangeSparesAsync(request));

        Assert.Equal(StatusCode.NotFound, refused.StatusCode);
        Assert.Equal<DevicePath>([new DevicePath(Stable)], _agent.State.Spares);
    }

    [Fact]
    public async Task One_that_is_named_again_stays_where_it_is()
    {
        _agent.Simulated.AddDisk("/dev/sdd", ByteSize.GiB(1));
        await Change(add: Stable);
        await Change(add: "/dev/sdd");

        await Change(add: Stable);

        Assert.Equal<DevicePath>([new DevicePath(Stable), new DevicePath("/dev/sdd")], _agent.State.Spares);
    }

    [Fact]
    public async Task One_that_is_taken_back_and_named_in_one_request_comes_last()
    {
        _agent.Simulated.AddDisk("/dev/sdd", ByteSize.GiB(1));
        await Change(add: Stable);
        await Change(add: "/dev/sdd");

        await Change(add: Stable, remove: Disk);

        Assert.Equal<DevicePath>([new DevicePath("/dev/sdd"), new DevicePath(Stable)], _agent.State.Spares);
    }

    [Fact]
    public async Task A_disk_in_use_is_none_and_nothing_of_the_request_is_done()
    {
        var refused = await Assert.ThrowsAsync<RefusedException>(() => _agent.Get<SpareDisks>().Change(
            new RequestId(Guid.NewGuid()), _agent.Picture, remove: [],
            add: [new DevicePath(Stable), new DevicePath("/dev/sda")], CancellationToken.None));

        Assert.Equal(("cannot make it a spare", "/dev/sda"), (refused.Refusal.What, refused.Refusal.Subject));
        Assert.Empty(_agent.State.Spares);
    }

    private Pools.PoolsClient Pools => new(_agent.AdminChannel);

    private async Task Change(string? add = null, string? remove = null)
    {
        var request = Request();
        if (add is not null)
            request.Add.Add(add);
        if (remove is not null)
            request.Remove.Add(remove);
        await Pools.ChangeSparesAsync(request);
    }

    private static ChangeSparesRequest Request() => new() { RequestId = $"{Guid.NewGuid()}" };
}

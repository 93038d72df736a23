using DmAgents.Agent.Tests.Support;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
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

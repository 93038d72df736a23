using System.Collections.Immutable;
using Akka.Actor;
using DmAgents.Agent.Tests.Support;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using Grpc.Core;

namespace DmAgents.Agent.Tests;

/// <summary>What may take long is waited for as long as the caller waits.</summary>
public sealed class PatienceTests : IAsyncLifetime
{
    private ServedAgent _agent = null!;

    public async Task InitializeAsync()
    {
        _agent = await ServedAgent.Start("request-timeout = 3s");
        await _agent.Do(new PoolCommands.CreateSnapshot(
            new RequestId(Guid.NewGuid()), DeviceKey.Container("web"), Parent: null, Size: null, FileSystem: null,
            DeviceUse.Mounted, ImmutableSortedDictionary<string, string>.Empty, DateTimeOffset.UnixEpoch));
    }

    public async Task DisposeAsync() => await _agent.DisposeAsync();

    [Fact]
    public async Task A_trim_ends_after_the_time_in_which_others_have_to_be_answered()
    {
        var gate = _agent.Kernel.HoldNext(nameof(IKernel.Trim));
        var trim = Pools.TrimAsync(new TrimPoolRequest { RequestId = $"{Guid.NewGuid()}" });
        await Task.Delay(_agent.Settings.RequestTimeout + TimeSpan.FromSeconds(1));
        gate.Open();

        Assert.Equal("web", Assert.Single((await trim).Trimmed).Container);
    }

    [Fact]
    public async Task A_caller_who_waits_no_longer_is_let_go()
    {
        var gate = _agent.Kernel.HoldNext(nameof(IKernel.Trim));
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));

        var refused = await Assert.ThrowsAsync<RpcException>(async () => await Pools.TrimAsync(
            new TrimPoolRequest { RequestId = $"{Guid.NewGuid()}" }, cancellationToken: patience.Token));

        Assert.Equal(StatusCode.Cancelled, refused.StatusCode);
        gate.Open();
    }

    [Fact]
    public async Task Nobody_waits_for_a_pool_that_has_stopped()
    {
        var gate = _agent.Kernel.HoldNext(nameof(IKernel.Trim));
        var trim = Pools.TrimAsync(new TrimPoolRequest { RequestId = $"{Guid.NewGuid()}" });
        await gate.Reached;
        _agent.Picture.Actor.Tell(PoisonPill.Instance, ActorRefs.Nobody);
        gate.Open();

        var refused = await Assert.ThrowsAsync<RpcException>(async () => await trim);

        Assert.Equal(StatusCode.DeadlineExceeded, refused.StatusCode);
        Assert.Contains("stopped before it answered", refused.Status.Detail, StringComparison.Ordinal);
    }

    private Pools.PoolsClient Pools => new(_agent.AdminChannel);
}

using DmAgents.Actors.Pools;
using DmAgents.Agent.Tests.Support;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Takeover;
using DmAgents.Testing.Contracts;
using DmAgents.Testing.Docker;
using Grpc.Core;

namespace DmAgents.Agent.Tests;

/// <summary>The journal is gone of a pool that was Docker's, and can be given back to it still.</summary>
public sealed class AdoptionOfDockersPoolTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly PoolName Name = new("dockers");

    private ServedAgent _agent = null!;
    private DockerWorld _docker = null!;
    private PoolContents _before = null!;

    public async Task InitializeAsync()
    {
        _agent = await ServedAgent.Start();
        _docker = new DockerWorld(_agent.Simulated);
        await _agent.Gateway.Ask(
            Name, _docker.Command(new RequestId(Guid.NewGuid()), Name, new PoolUuid(Guid.NewGuid())),
            CancellationToken.None);
        using var patience = new CancellationTokenSource(Patience);
        while (!IsWritten())
            await Task.Delay(20, patience.Token);
        _before = State;
        await _agent.Stop();
        Directory.Delete(_agent.Settings.JournalDirectory, recursive: true);
        _agent.Simulated.PowerCut();
        // The simulation keeps directories in memory only.
        _agent.Simulated.EnsureDirectory(DockerWorld.Request.Directory).Must();
        _agent = await _agent.Next();
    }

    public async Task DisposeAsync() => await _agent.DisposeAsync();

    [Fact]
    public async Task It_can_be_given_back_as_before_and_is_not_removed()
    {
        await Pools.AdoptAsync(Adopt());

        Assert.Equal(TakeoverPhase.Provisional, State.Takeover!.Phase);
        Assert.Equal(_before.Takeover!.Thins.Order(), State.Takeover.Thins.Order());
        Assert.Equal(_before.Takeover with { Thins = [] }, State.Takeover with { Thins = [] });
        Assert.Equal("rootfs", State.Find(DeviceKey.Container("web"))!.Root);
        Assert.Equal(
            DeviceNames.GuardId(State.Identity!.Uuid), _agent.Simulated.Find(_docker.DockerPool).Must().Uuid);
        var refused = await Assert.ThrowsAsync<RpcException>(() => Pools.RemoveAsync(
            new RemovePoolRequest { RequestId = $"{Guid.NewGuid()}", Pool = Name.Value, Force = true }).ResponseAsync);
        Assert.Contains("--undo", Next(refused), StringComparison.Ordinal);
        Assert.True(_agent.Simulated.InspectFile(DockerWorld.Request.Data).Succeeded);
    }

    [Fact]
    public async Task Under_a_Docker_that_has_assembled_it_nothing_is_read()
    {
        _docker.Assemble();

        var refused = await Assert.ThrowsAsync<RpcException>(() => Pools.AdoptAsync(Adopt()).ResponseAsync);

        Assert.Contains("systemctl stop docker", refused.Status.Detail, StringComparison.Ordinal);
        Assert.False(_agent.Simulated.Find(new MappedName($"dmagents-{Name}-pool")).Succeeded);
        _docker.End();
        await Pools.AdoptAsync(Adopt());
    }

    [Fact]
    public async Task Docker_is_kept_off_it_although_nothing_tells_which_device_is_its_base()
    {
        Directory.Delete($"{Root}/metadata", recursive: true);

        await Pools.AdoptAsync(Adopt());

        Assert.Empty(State.Devices);
        Assert.True(_agent.Simulated.Find(_docker.DockerPool).Must().ReadOnly);
        await _agent.Gateway.Ask(
            Name, new PoolCommands.Return(new RequestId(Guid.NewGuid()), DateTimeOffset.UnixEpoch),
            CancellationToken.None);
        Assert.False(_agent.Simulated.Find(_docker.DockerPool).Succeeded);
        _docker.Assemble();
        Assert.Equal(3, _agent.Simulated.ListThins(_docker.DockerPool).Must().Count);
    }

    private PoolContents State => _agent.Gateway.Board.Find(Name)!.State;

    private string Root => $"{_agent.Settings.StateDirectory}/pools/{Name}";

    private Pools.PoolsClient Pools => new(_agent.AdminChannel);

    private bool IsWritten() => File.Exists($"{Root}/metadata/web.json") && Directory.Exists($"{Root}/images")
        && File.Exists($"{Root}/pool.json")
        && File.ReadAllText($"{Root}/pool.json").Contains("Provisional", StringComparison.Ordinal);

    private static AdoptPoolRequest Adopt() => new() { RequestId = $"{Guid.NewGuid()}", Pool = Name.Value };

    private static string Next(RpcException refused) =>
        Problem.Parser.ParseFrom(refused.Trailers.GetValueBytes("dmagents-problem-bin")).Next;
}

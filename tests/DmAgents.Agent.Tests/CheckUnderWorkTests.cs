using System.Collections.Immutable;
using Akka.Actor;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.UseCases;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using Microsoft.Extensions.DependencyInjection;

namespace DmAgents.Agent.Tests;

/// <summary>What a check reports of a pool that is about to change a device.</summary>
public sealed class CheckUnderWorkTests : IAsyncLifetime
{
    private static readonly DeviceKey Web = DeviceKey.Container("web");

    private readonly HeldJournal.Line _journal = new();

    private ServedAgent _agent = null!;

    public async Task InitializeAsync()
    {
        _agent = await ServedAgent.Start(
            services: services => services.AddSingleton(_journal.Configuration));
        await _agent.Do(new PoolCommands.CreateSnapshot(
            NewRequest(), Web, null, null, null, DeviceUse.Active, ImmutableSortedDictionary<string, string>.Empty,
            DateTimeOffset.UnixEpoch));
    }

    public async Task DisposeAsync() => await _agent.DisposeAsync();

    [Fact]
    public async Task A_device_that_is_being_deactivated_is_no_difference()
    {
        var looks = 0;
        var gate = _agent.Kernel.HoldNext(nameof(IKernel.Remove));
        var deactivating = Deactivate();
        await gate.Reached;
        _agent.Kernel.AfterCall = call =>
        {
            if (call.Operation == nameof(IKernel.ListDevices) && Interlocked.Increment(ref looks) == 3)
                gate.Open();
        };

        var check = await Checker(new SteppingClock(TimeSpan.Zero)).CheckAsync(_agent.Picture, CancellationToken.None);

        Assert.True(check.Agrees, string.Join(", ", check.Findings));
        await deactivating;
    }

    [Fact]
    public async Task What_is_decided_and_not_durable_is_no_difference()
    {
        var looks = 0;
        _journal.Hold();
        var deactivating = Deactivate();
        await _journal.Reached;
        // Any other step shows what is decided.
        _agent.Picture.Actor.Tell(PoolMessages.LookAtStatus.Instance, ActorRefs.Nobody);
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await _agent.Gateway.Board.When(
            ServedAgent.Pool, picture => picture!.State.Find(Web) is { Use: DeviceUse.Idle }, patience.Token);
        _agent.Kernel.AfterCall = call =>
        {
            if (call.Operation == nameof(IKernel.ListDevices) && Interlocked.Increment(ref looks) == 3)
                _journal.Release();
        };

        var check = await Checker(new SteppingClock(TimeSpan.Zero)).CheckAsync(_agent.Picture, CancellationToken.None);

        Assert.True(check.Agrees, string.Join(", ", check.Findings));
        await deactivating;
    }

    [Fact]
    public async Task A_difference_that_each_look_finds_is_reported_of_a_pool_that_is_always_at_work()
    {
        var gate = _agent.Kernel.HoldNext(nameof(IKernel.Remove));
        var deactivating = Deactivate();
        await gate.Reached;

        var check = await Checker(new SteppingClock(TimeSpan.FromSeconds(2)))
            .CheckAsync(_agent.Picture, CancellationToken.None);

        Assert.Contains(check.Findings, found => found.What == "it is live, and no record wants that");
        gate.Open();
        await deactivating;
    }

    private static RequestId NewRequest() => new(Guid.NewGuid());

    private Task Deactivate() => _agent.Do(new PoolCommands.SetUse(
        NewRequest(), Web, DeviceUse.Idle, ReadOnly: false, DateTimeOffset.UnixEpoch));

    private PoolChecker Checker(TimeProvider time) => new(
        _agent.Kernel, _agent.Get<PoolBoard>(), _agent.Settings.Pools, time);

    /// <summary>Time moves on whenever it is looked at, and timers run as ever.</summary>
    private sealed class SteppingClock(TimeSpan step) : TimeProvider
    {
        private long _looks;

        public override long GetTimestamp() => Interlocked.Increment(ref _looks) * step.Ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;
    }
}

using DmAgents.Actors.Pools;
using DmAgents.Agent.Fleet;
using DmAgents.Agent.Fleet.Inventory;
using DmAgents.Agent.Spread;
using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.Tests.Transfers;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;

namespace DmAgents.Agent.Tests.Fleet;

/// <summary>What a host says that it has, by the pictures of its pools.</summary>
public sealed class HostInventoryTests : IAsyncLifetime
{
    private static readonly ImageReference App = new("app:1");

    private readonly PoolBoard _board = new();
    private readonly OffsetClock _clock = new();
    private ServedAgent _agent = null!;

    public async Task InitializeAsync()
    {
        _agent = await ServedAgent.Start();
        await TwoAgents.Tag(_agent, App, await TwoAgents.AddLayer(_agent, null, 1, ByteSize.MiB(2)));
        _board.Show(_agent.Picture);
        using var end = new CancellationTokenSource(FleetAgents.Patience);
        // The digest of the layer is computed in the background.
        var digests = _agent.Get<LayerDigests>().RunAsync(end.Token);
        await TwoAgents.Eventually(
            () => _agent.State.ContentOf(_agent.State.Images[App].TopLayer) is not null, "the content is known");
        await end.CancelAsync();
        await ((Task)digests).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _board.Show(_agent.Picture);
    }

    public async Task DisposeAsync() => await _agent.DisposeAsync();

    [Theory]
    [InlineData(PoolCondition.Writable, HoldingKind.Whole)]
    [InlineData(PoolCondition.OutOfData, HoldingKind.Whole)]
    [InlineData(PoolCondition.ReadOnly, HoldingKind.Whole)]
    [InlineData(PoolCondition.Failed, HoldingKind.Incomplete)]
    public void A_copy_in_a_pool_that_cannot_be_read_is_not_whole_nor_verified(
        PoolCondition condition, HoldingKind holding)
    {
        var picture = _agent.Picture;
        Show(picture with { Health = picture.Health! with { Condition = condition } });

        var inventory = Inventories().Now()!;

        Assert.Equal(holding, inventory.Images[App].Holding.Kind);
        Assert.Equal(holding == HoldingKind.Whole, Assert.Single(inventory.Layers).Verified);
    }

    [Theory, InlineData(PoolPhase.Opening), InlineData(PoolPhase.Unavailable)]
    public void Nothing_is_said_of_a_pool_that_may_still_open_and_then_that_it_has_nothing(PoolPhase phase)
    {
        var inventories = Inventories();
        Show(_agent.Picture with { Phase = phase, Since = _clock.GetUtcNow() });

        Assert.Null(inventories.Now());

        _clock.Offset = TimeSpan.FromMinutes(3);
        Assert.Empty(inventories.Now()!.Images);
    }

    [Fact]
    public async Task What_a_layer_takes_is_forgotten_with_the_layer()
    {
        var digests = _agent.Get<LayerDigests>();
        Assert.Equal(1, digests.Kept);
        using var end = new CancellationTokenSource(FleetAgents.Patience);
        var running = digests.RunAsync(end.Token);

        await TwoAgents.Tag(
            _agent, new ImageReference("app:2"), await TwoAgents.AddLayer(_agent, null, 2, ByteSize.MiB(2)));
        await TwoAgents.Eventually(() => digests.Kept == 2, "the other image's layer is known");
        await _agent.Do(new PoolCommands.UntagImage(
            new RequestId(Guid.NewGuid()), new ImageReference("app:2"), DateTimeOffset.UnixEpoch));

        await TwoAgents.Eventually(() => digests.Kept == 1, "it is forgotten");
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task A_loop_that_a_fault_ends_begins_anew_until_its_end()
    {
        using var end = new CancellationTokenSource();
        var begun = 0;

        var loop = _agent.Get<IEnumerable<IFleetPart>>().OfType<HostAnnouncements>().Single().Endless(
            "the test's loop",
            () => ++begun < 3 ? throw new InvalidOperationException("a fault") : Task.Delay(Timeout.Infinite, end.Token),
            end.Token);

        await TwoAgents.Eventually(() => begun == 3, "it begins anew");
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => loop);
    }

    private void Show(PoolPicture picture) => _board.Show(picture);

    private HostInventories Inventories() => new(
        _board, _agent.Get<LayerDigests>(), _agent.Get<FleetStore>(), _agent.Get<FleetMadeImages>(),
        _agent.Get<DropQuestions>(), _clock);
}

using DmAgents.Actors.Tests.Support;

namespace DmAgents.Actors.Tests.Pools;

/// <summary>Snapshots of the actor's state, which bound replay.</summary>
public sealed class SnapshotSpec : ActorSpec
{
    [Fact]
    public async Task A_snapshot_is_what_replay_up_to_it_gives_even_while_commands_come()
    {
        var life = await Opened(Settings with { SnapshotEvery = 10 });
        await MakeLayer(life, "a");

        await Task.WhenAll(Enumerable.Range(0, 60).Select(n => life.Done(Ask.Create($"web{n}", Ask.Layer("a")))));
        await Eventually.Holds(
            () => Host.Journal.Snapshots(ActorHost.PersistenceId).Length > 0, () => "no snapshot was stored");

        foreach (var snapshot in Host.Journal.Snapshots(ActorHost.PersistenceId))
            Assert.Equal(StateText.Replayed(Host.Journal, snapshot.Number), StateText.Of(snapshot));
    }

    [Fact]
    public async Task The_next_life_begins_at_the_snapshot()
    {
        var life = await Opened(Settings with { SnapshotEvery = 10 });
        for (var n = 0; n < 12; n++)
            await life.Done(Ask.Create($"web{n}"));
        await Eventually.Holds(
            () => Host.Journal.Snapshots(ActorHost.PersistenceId).Length > 0, () => "no snapshot was stored");
        var create = Ask.Create("last");
        await life.Done(create);
        await life.Die();

        var next = await Reopened();

        Assert.Equal(13, next.State.Devices.Values.Count(d => d.Kind == Domain.Devices.DeviceKind.Container));
        Assert.True((await next.Done(create)).AlreadySo);
        await Agrees(next);
    }

    [Fact]
    public async Task Older_snapshots_are_removed_and_each_is_marked_in_the_pool()
    {
        var life = await Opened(Settings with { SnapshotEvery = 5 });
        for (var n = 0; n < 12; n++)
            await life.Done(Ask.Create($"web{n}"));

        await Eventually.Holds(
            () => Host.Journal.Snapshots(ActorHost.PersistenceId) is [{ Number: > 15 }],
            () => $"there are {Host.Journal.Snapshots(ActorHost.PersistenceId).Length} snapshots");
        Assert.True(Host.Kernel.PoolStatus(TestHost.Pool).Value.TransactionId.Value > 2);
        await Agrees(life);
    }
}

using DmAgents.Actors.Journals;
using DmAgents.Actors.Tests.Support;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Tests.Journals;

/// <summary>What the journal does not need is deleted, and nothing else.</summary>
public sealed class JournalSweepSpec : ActorSpec
{
    private const int Kept = 15;

    [Fact]
    public async Task Events_before_the_latest_snapshot_are_deleted_but_those_that_are_to_be_kept()
    {
        History = new JournalSettings(Kept);
        var life = await Opened(Settings with { SnapshotEvery = 10 });
        var first = Ask.Create("first");
        await life.Done(first);
        for (var n = 0; n < 30; n++)
        {
            await life.Done(Ask.Create($"web{n}"));
            await life.Done(Ask.Remove($"web{n}"));
        }
        await IsSwept();
        await Settled(life);
        var before = StateText.Of(life.State);
        await life.Die();

        var next = await Reopened();

        Assert.NotEqual("pool-initialized.v1", Host.Journal.Manifests(ActorHost.PersistenceId).First());
        Assert.True((await next.Done(first)).AlreadySo);
        Assert.Equal(Devices(before), Devices(StateText.Of(next.State)));
        await Agrees(next);
    }

    [Fact]
    public async Task With_the_setting_that_keeps_history_no_event_is_deleted()
    {
        var life = await Opened(Settings with { SnapshotEvery = 10 });
        for (var n = 0; n < 20; n++)
            await life.Done(Ask.Create($"web{n}"));

        await Eventually.Holds(
            () => Host.Journal.Snapshots(ActorHost.PersistenceId) is [{ Number: > 20 }],
            () => "older snapshots are left");

        Assert.Equal("pool-initialized.v1", Host.Journal.Manifests(ActorHost.PersistenceId).First());
    }

    [Fact]
    public async Task A_stop_between_any_two_steps_loses_nothing()
    {
        var life = await Opened(Settings with { SnapshotEvery = 10 });
        var requests = Enumerable.Range(0, 12).Select(n => Ask.Create($"web{n}")).ToList();
        foreach (var request in requests)
            await life.Done(request);
        await Settled(life);
        await life.Die();
        // As a crash before the first step leaves it, and more than one older snapshot.
        var latest = Host.Journal.Snapshots(ActorHost.PersistenceId)[^1];
        Host.Journal.PutSnapshot(ActorHost.PersistenceId, latest with { Number = 2 });
        Host.Journal.RemoveSnapshots(ActorHost.PersistenceId, row => row.Number == latest.Number);
        Host.Journal.PutSnapshot(ActorHost.PersistenceId, latest);
        var state = StateText.Replayed(Host.Journal);

        var steps = 0;
        for (var isDone = false; !isDone; steps++)
        {
            // Each time as if the agent had died after the step before: the sweep begins anew.
            var sweep = new JournalSweep(new StoredRows(new JournalLine(Host.Journal)), new JournalSettings(3));
            sweep.BeginWithAll();
            sweep.Step(limit: 4);
            isDone = sweep.IsDone || Host.Journal.Rows(ActorHost.PersistenceId)[0].Number == latest.Number - 2;
            Assert.Equal(state, StateText.Replayed(Host.Journal));
            var next = await Reopened();
            Assert.True((await next.Done(requests[steps % requests.Count])).AlreadySo);
            Assert.Equal(requests.Count, Containers(next));
            await Settled(next);
            state = StateText.Replayed(Host.Journal);
            await next.Die();
        }
        Assert.InRange(steps, 5, 30);
    }

    [Fact]
    public void A_sweep_that_events_outrun_makes_shorter_pauses_until_it_has_caught_up()
    {
        var row = new JournalRow(1, 0, "", []);
        Host.Journal.Append(Enumerable.Range(1, 20).Select(n => ("pool", row with { Number = n })));
        Host.Journal.PutSnapshot("pool", row with { Number = 15 });
        var sweep = new JournalSweep(new StoredRows(new JournalLine(Host.Journal)), new JournalSettings(1));
        sweep.Begin("pool");
        sweep.Step(limit: 4);
        Assert.False(sweep.IsBehind);

        Host.Journal.PutSnapshot("pool", row with { Number = 20 });
        sweep.Begin("pool");

        Assert.True(sweep.IsBehind);
        Assert.True(SweepPace.PauseAfter(TimeSpan.FromMilliseconds(4), isBehind: true)
            < SweepPace.PauseAfter(TimeSpan.FromMilliseconds(4), isBehind: false));
        while (!sweep.IsDone)
            sweep.Step(limit: 4);
        Assert.False(sweep.IsBehind);
        Assert.Equal([20L], Host.Journal.Rows("pool").Select(r => r.Number));
    }

    [Fact]
    public async Task A_pool_whose_snapshot_is_missing_is_not_made_of_the_events_that_are_left()
    {
        History = new JournalSettings(Kept);
        var life = await Opened(Settings with { SnapshotEvery = 10 });
        for (var n = 0; n < 20; n++)
            await life.Done(Ask.Create($"web{n}"));
        await IsSwept();
        await life.Die();
        Host.Journal.RemoveSnapshots(ActorHost.PersistenceId, _ => true);

        var next = Live();
        next.Log.Expect(error => error.Cause is InvalidOperationException);
        next.StartPool(Parent);

        await Eventually.Holds(
            () => next.Board.Find(TestHost.PoolName) is { Phase: Domain.Pools.PoolPhase.Unavailable },
            () => "the pool is open");
        Assert.Contains("the snapshot before it is missing", next.Picture.Reason, StringComparison.Ordinal);
    }

    private Task IsSwept() => Eventually.Holds(
        () => Host.Journal.Snapshots(ActorHost.PersistenceId) is [var only]
            && Host.Journal.Rows(ActorHost.PersistenceId)[0].Number == only.Number - Kept + 1,
        () => $"the journal begins with {Host.Journal.Rows(ActorHost.PersistenceId)[0].Number}");

    private static int Containers(AgentLife life) =>
        life.State.Devices.Values.Count(device => device.Kind == DeviceKind.Container);

    /// <summary>What the checkpoint of the next opening does not change.</summary>
    private static string Devices(string state) => state[..state.IndexOf("\"checkpoint\"", StringComparison.Ordinal)];
}

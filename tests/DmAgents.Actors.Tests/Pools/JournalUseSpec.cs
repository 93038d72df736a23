using DmAgents.Actors.Tests.Journals;
using DmAgents.Actors.Tests.Support;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;

namespace DmAgents.Actors.Tests.Pools;

/// <summary>How the pool writes its journal, and what it does if the journal does not take it.</summary>
public sealed class JournalUseSpec : ActorSpec
{
    [Fact]
    public async Task Commands_that_arrive_during_a_write_share_the_next_one()
    {
        var life = await Opened();
        await MakeLayer(life, "a");
        var before = life.Journal.Writes.Length;
        life.Journal.Hold();

        var replies = Enumerable.Range(0, 50).Select(n => life.Ask(Ask.Create($"web{n}", Ask.Layer("a")))).ToList();
        await life.Refused(Ask.Create("other", Ask.Layer("unknown")));
        life.Journal.Release();
        await Task.WhenAll(replies);

        var intents = life.Journal.Writes[before..]
            .Select(write => write.Count(row => row.Manifest == "snapshot-intended.v1"))
            .Where(count => count > 0).ToList();
        Assert.InRange(intents.Count, 1, 2);
        Assert.Equal(50, intents.Sum());
        await Agrees(life);
    }

    [Theory]
    [InlineData(WriteFate.Failed)]
    [InlineData(WriteFate.FailedAfterwards)]
    [InlineData(WriteFate.Rejected)]
    internal async Task A_write_that_the_journal_refuses_stops_the_pool_and_is_unknown_to_whoever_waits_for_it(
        WriteFate fate)
    {
        var life = await Opened();
        await life.Done(Ask.Create("before"));
        await Agrees(life);
        await Eventually.Holds(
            () => Host.Journal.Manifests(ActorHost.PersistenceId).Count(m => m == "device-created.v1") == 2,
            () => "the outcomes were not written");
        life.Log.Expect(error => error.Cause is IOException or InvalidDataException);
        life.Journal.Next(fate);
        life.Kernel.ClearCallLog();

        var create = Ask.Create("web");
        var refusal = await life.Refused(create);

        Parent.ExpectMsg<PoolStopped>();
        Assert.Equal(RefusalKind.TimedOut, refusal.Kind);
        Assert.Contains($"{TestHost.StateDirectory}/journal", refusal.Why, StringComparison.Ordinal);
        Assert.Equal(Domain.Pools.PoolPhase.Unavailable, life.Picture.Phase);
        Assert.DoesNotContain(life.Kernel.CallLog, call => call.Operation == nameof(IKernel.CreateSnapshot));

        life.StartPool(Parent);
        await life.IsOpen();
        Assert.NotNull(life.State.Find(Ask.Container("before")));
        Assert.Equal(fate == WriteFate.FailedAfterwards, life.State.Find(create.Key) is not null);
        Assert.Equal(fate == WriteFate.FailedAfterwards, (await life.Done(create)).AlreadySo);
        await Agrees(life);
    }

    [Fact]
    public async Task Replay_equals_life()
    {
        var life = await Opened();
        await MakeLayer(life, "a");
        await life.Done(Ask.Create("web", Ask.Layer("a"), DeviceUse.Mounted));
        await life.Done(Ask.CommitLive("web", Ask.Layer("b")));
        await life.Done(Ask.Tag("app:1", Ask.Layer("b")));
        await life.Done(Ask.Unmount("web"));
        await life.Done(Ask.Remove("web"));
        await Agrees(life);
        life.Tell(Actors.Pools.PoolMessages.Stop.Instance);
        Parent.ExpectMsg<PoolStopped>();

        Assert.Equal(StateText.Of(life.State), StateText.Replayed(Host.Journal));
    }
}

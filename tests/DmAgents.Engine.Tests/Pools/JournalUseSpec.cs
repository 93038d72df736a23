using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Engine.Pools;
using DmAgents.Engine.Tests.Support;

namespace DmAgents.Engine.Tests.Pools;

/// <summary>How the pool writes its journal, and how it answers a repeated request.</summary>
public sealed class JournalUseSpec : PoolSpec
{
    [Fact]
    public void An_outcome_rides_along_with_the_next_write()
    {
        var life = Opened(Settings with { OutcomeDelay = TimeSpan.FromHours(1) });
        life.Done(Ask.Create("one"));
        Assert.False(IsJournaled<PoolEvents.Created>());

        life.Done(Ask.Create("two"));

        Assert.Equal(
            [typeof(PoolEvents.Created), typeof(PoolEvents.Created), typeof(PoolEvents.SnapshotIntended)],
            life.Writes[^1].Select(happened => happened.GetType()));
    }

    [Fact]
    public void An_outcome_is_written_by_itself_if_nothing_else_comes()
    {
        var life = Opened();

        life.Done(Ask.Create("one"));

        life.RunUntil(
            () => Host.Journal.Count(happened => happened is PoolEvents.Created) == 2,
            () => "the outcomes were not written");
    }

    [Fact]
    public void A_request_that_is_made_again_while_it_is_under_way_gets_the_same_answer()
    {
        var life = Opened();
        MakeLayer(life, "a");
        var create = Ask.Create("web", Ask.Layer("a"));
        var held = life.Kernel.HoldNext(nameof(IKernel.CreateSnapshot));
        var first = life.Ask(create);
        life.Reach(held);
        var second = life.Ask(create);
        life.Refused(Ask.Create("other", Ask.Layer("unknown")));
        held.Open();

        Assert.Equal(
            Assert.IsType<PoolReplies.Created>(first.Value).Device,
            Assert.IsType<PoolReplies.Created>(second.Value).Device);
        Agrees(life);
    }

    [Fact]
    public void A_request_that_is_made_again_after_it_gets_the_same_answer()
    {
        var life = Opened();
        var create = Ask.Create("web");
        var first = life.Done(create);

        var second = life.Done(create);

        Assert.True(second.AlreadySo);
        Assert.Equal(first.Device, second.Device);
    }

    [Fact]
    public void A_request_that_is_made_again_after_a_restart_gets_the_same_answer()
    {
        var life = Opened();
        var create = Ask.Create("web");
        var first = life.Done(create);
        life.Die();

        var second = Reopened().Done(create);

        Assert.True(second.AlreadySo);
        Assert.Equal(first.Device!.Id, second.Device!.Id);
    }

    [Fact]
    public void What_is_so_already_is_answered_only_when_what_made_it_so_is_durable()
    {
        var life = Opened();
        MakeLayer(life, "a");
        life.HoldJournal();
        var first = life.Ask(Ask.Tag("app:1", Ask.Layer("a")));
        var second = life.Ask(Ask.Tag("app:1", Ask.Layer("a")));
        life.Refused(Ask.Create("other", Ask.Layer("unknown")));

        Assert.False(first.IsGiven || second.IsGiven);

        life.ReleaseJournal();
        Assert.False(Assert.IsAssignableFrom<PoolReplies.Success>(first.Value).AlreadySo);
        Assert.True(Assert.IsAssignableFrom<PoolReplies.Success>(second.Value).AlreadySo);
    }
}

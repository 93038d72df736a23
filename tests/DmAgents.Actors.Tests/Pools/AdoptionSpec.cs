using Akka.Actor;
using DmAgents.Actors.Hosts;
using DmAgents.Actors.Tests.Journals;
using DmAgents.Actors.Tests.Support;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Adoption;

namespace DmAgents.Actors.Tests.Pools;

/// <summary>The host adopts a pool whose journal is gone.</summary>
public sealed class AdoptionSpec : ActorSpec
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_journal_that_fails_leaves_nothing_and_the_next_try_takes_all()
    {
        var (before, web) = await Lived();
        Host.Journal.Lose();
        var (life, host) = await AdoptInVain(before);

        Assert.Empty(Host.Journal.Manifests(ActorHost.PersistenceId));
        var adopt = Host.AdoptionOf(before);
        PoolReply reply;
        while ((reply = await Tell(host, adopt)) is PoolReplies.Refused { Refusal.Kind: RefusalKind.Busy })
            await Task.Delay(10);
        Assert.IsAssignableFrom<PoolReplies.Success>(reply);
        Assert.Contains(web.Id, life.State.Devices.Keys);
        await Agrees(life);
    }

    [Fact]
    public async Task An_agent_that_dies_before_anything_is_journaled_forgets_the_pool_and_its_disks_stay_as_they_are()
    {
        var (before, _) = await Lived();
        Host.Journal.Lose();
        var (first, _) = await AdoptInVain(before);
        await first.Die();

        var life = Live();
        var host = life.StartHost();

        await Eventually.Holds(
            () => Host.Journal.Manifests("host").Contains("host-journal-erased.v1"), () => "it is known still");
        Assert.Equal(before.Devices.Keys.Order(), Host.Thins);
        Assert.IsAssignableFrom<PoolReplies.Success>(await Tell(host, Host.AdoptionOf(before)));
    }

    /// <summary>The host has registered the pool, and the pool's own journal fails.</summary>
    private async Task<(AgentLife Life, IActorRef Host)> AdoptInVain(PoolState known)
    {
        var life = Live();
        life.Log.Expect(_ => true);
        life.Journal.Next(WriteFate.Durable);
        life.Journal.Next(WriteFate.Failed);
        var host = life.StartHost();
        Assert.Equal(
            RefusalKind.TimedOut, Assert.IsType<PoolReplies.Refused>(await Tell(host, Host.AdoptionOf(known))).Refusal.Kind);
        return (life, host);
    }

    private static Task<PoolReply> Tell(IActorRef host, PoolCommands.Adopt command) =>
        host.Ask<PoolReply>(new HostMessages.ToPool(command.Identity.Name, command), Patience);

    /// <summary>A pool with a base, a layer, an image and a mounted container, whose agent has died.</summary>
    private async Task<(PoolState State, DeviceRecord Web)> Lived()
    {
        var life = await Opened();
        await MakeLayer(life, "a");
        await life.Done(Ask.Tag("app:1", Ask.Layer("a")));
        await life.Done(Ask.Create("web", Ask.Layer("a"), DeviceUse.Mounted));
        await Settled(life);
        var state = life.State;
        await life.Die();
        return (state, state.Find(Ask.Container("web"))!);
    }
}

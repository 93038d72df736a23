using Akka.Actor;
using DmAgents.Actors.Hosts;
using DmAgents.Actors.Pools;
using DmAgents.Actors.Tests.Journals;
using DmAgents.Actors.Tests.Support;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Adoption;
using DmAgents.Domain.Ports;

namespace DmAgents.Actors.Tests.Pools;

/// <summary>A pool whose journal is gone is taken over with what it has.</summary>
public sealed class AdoptionSpec : ActorSpec
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_pool_that_was_taken_over_is_as_it_was()
    {
        var (before, web) = await Lived();
        Host.Journal.Lose();
        Assert.True(Host.Kernel.CreateThin(TestHost.Pool, new ThinId(77)).Succeeded);

        var life = LiveWithPool();
        var reply = await life.Done(Adopt(before));

        Assert.False(reply.AlreadySo);
        Assert.Equal(PoolPhase.Open, life.Picture.Phase);
        Assert.Equal(web with { CreatedIn = default }, life.State.Devices[web.Id] with { CreatedIn = default });
        Assert.Equal(before.Images.Keys, life.State.Images.Keys);
        Assert.Equal([new ThinId(77)], life.State.Ledger.Quarantine.Keys);
        Assert.True(Host.IsMounted(Ask.Container("web")));
        await life.Done(Ask.Create("next", Ask.Layer("a")));
        await Agrees(life);
        await life.Die();
        await Agrees(await Reopened());
    }

    [Fact]
    public async Task The_same_request_again_is_so_already_and_another_is_refused()
    {
        var (before, _) = await Lived();
        Host.Journal.Lose();
        var life = LiveWithPool();
        var adopt = Adopt(before);
        await life.Done(adopt);

        Assert.True((await life.Done(adopt)).AlreadySo);
        Assert.Equal(RefusalKind.Exists, (await life.Refused(Adopt(before))).Kind);
    }

    [Fact]
    public async Task A_journal_that_fails_leaves_nothing_and_the_next_try_takes_all()
    {
        var (before, web) = await Lived();
        Host.Journal.Lose();
        var (life, host) = await AdoptInVain(before);

        Assert.Empty(Host.Journal.Manifests(ActorHost.PersistenceId));
        var adopt = Adopt(before);
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
        Assert.IsAssignableFrom<PoolReplies.Success>(await Tell(host, Adopt(before)));
    }

    [Fact]
    public async Task A_pool_that_moved_on_between_reading_and_taking_over_is_the_wrong_pool()
    {
        var (before, _) = await Lived();
        Host.Journal.Lose();
        var adopt = Adopt(before);
        var life = LiveWithPool();

        var refusal = await life.Refused(adopt with { Found = new TransactionId(adopt.Found.Value - 1) });

        Assert.Equal(RefusalKind.WrongState, refusal.Kind);
        Assert.Equal(PoolPhase.WrongPool, life.Picture.Phase);
        // The journal is there, and not the pool's: it may be taken over again.
        await life.Done(adopt with { Request = Ask.NewRequest() });
        await Agrees(life);
    }

    [Fact]
    public async Task A_pool_whose_journal_is_of_another_time_is_taken_over_in_its_place()
    {
        var (before, web) = await Lived();
        Host.Journal.Lose();
        var older = LiveWithPool();
        await older.Done(Adopt(before with
        {
            Devices = before.Devices.Remove(web.Id),
        }));
        await older.Done(Ask.Create("only-in-the-older"));
        await older.Die();
        var found = Host.Kernel.PoolStatus(TestHost.Pool).Value.TransactionId;
        Assert.True(Host.Kernel.SetTransactionId(TestHost.Pool, found, new TransactionId(found.Value + 5)).Succeeded);
        var life = LiveWithPool();
        await life.IsWrongPool();

        await life.Done(Adopt(before));

        Assert.Equal(web.Id, life.State.Find(Ask.Container("web"))!.Id);
        Assert.Single(life.State.Ledger.Quarantine);
        await Agrees(life);
    }

    [Fact]
    public async Task A_pool_that_cannot_be_opened_but_has_a_journal_is_not_taken_over()
    {
        var (before, _) = await Lived();
        var life = Live();
        life.Kernel.FailNext(nameof(IKernel.PoolStatus), KernelFault.Failed);
        life.StartPool(Parent);
        await Eventually.Holds(
            () => life.Board.Find(TestHost.PoolName)?.Phase is PoolPhase.Unavailable or PoolPhase.Open,
            () => "opening");

        Assert.Contains(
            (await life.Refused(Adopt(before))).Kind, new[] { RefusalKind.WrongState, RefusalKind.Exists });
        await life.IsOpen();
        await Agrees(life);
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
            RefusalKind.TimedOut, Assert.IsType<PoolReplies.Refused>(await Tell(host, Adopt(known))).Refusal.Kind);
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

    /// <summary>What somebody claims who knows what that state had.</summary>
    private PoolCommands.Adopt Adopt(PoolState known)
    {
        var claims = new AdoptionClaims(
            [.. known.Devices.Values.Select(d => new AdoptionClaim(
                d.Id, d.Key, d.Kind, d.Parent, d.Size, d.FileSystem, d.CreatedAt)
            {
                Phase = d.Phase, Source = d.Source, Use = d.Use, ReadOnly = d.ReadOnly, Labels = d.Labels,
                UpdatedAt = d.UpdatedAt, CreatedIn = d.CreatedIn, Format = d.Format,
            })],
            [.. known.Images.Values.Select(
                i => new ImageClaim(i.Reference, i.TopLayer, i.ConfigDigest, i.Config, i.TaggedAt))],
            []);
        return new PoolCommands.Adopt(
            Ask.NewRequest(), known.Identity!,
            AdoptionPlan.Make(claims, Host.Kernel.ListThins(TestHost.Pool).Value, PoolBlockSize.Default),
            Host.Kernel.PoolStatus(TestHost.Pool).Value.TransactionId, [], Ask.At);
    }
}

using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Adoption;
using DmAgents.Domain.Ports;
using DmAgents.Engine.Tests.Support;

namespace DmAgents.Engine.Tests.Pools;

/// <summary>A pool whose journal is lost is adopted with its content.</summary>
public sealed class AdoptionSpec : PoolSpec
{
    [Fact]
    public void A_pool_that_was_taken_over_is_as_it_was()
    {
        var (before, web) = Lived();
        Host.Journal.Clear();
        Assert.True(Host.Kernel.CreateThin(TestHost.Pool, new ThinId(77)).Succeeded);

        var life = Live();
        var reply = life.Done(Host.AdoptionOf(before));

        Assert.False(reply.AlreadySo);
        Assert.Equal(PoolPhase.Open, life.Machine.Phase);
        Assert.Equal(web with { CreatedIn = default }, life.State.Devices[web.Id] with { CreatedIn = default });
        Assert.Equal(before.Images.Keys, life.State.Images.Keys);
        Assert.Equal([new ThinId(77)], life.State.Ledger.Quarantine.Keys);
        Assert.True(Host.IsMounted(Ask.Container("web")));
        life.Done(Ask.Create("next", Ask.Layer("a")));
        Agrees(life);
        life.Die();
        Agrees(Reopened());
    }

    [Fact]
    public void The_same_request_again_is_so_already_and_another_is_refused()
    {
        var (before, _) = Lived();
        Host.Journal.Clear();
        var life = Live();
        var adopt = Host.AdoptionOf(before);
        life.Done(adopt);

        Assert.True(life.Done(adopt).AlreadySo);
        Assert.Equal(RefusalKind.Exists, life.Refused(Host.AdoptionOf(before)).Kind);
    }

    [Fact]
    public void A_pool_that_moved_on_between_reading_and_taking_over_is_the_wrong_pool()
    {
        var (before, _) = Lived();
        Host.Journal.Clear();
        var adopt = Host.AdoptionOf(before);
        var life = Live();

        var refusal = life.Refused(adopt with { Found = new TransactionId(adopt.Found.Value - 1) });

        Assert.Equal(RefusalKind.WrongState, refusal.Kind);
        Assert.Equal(PoolPhase.WrongPool, life.Machine.Phase);
        // There is a journal, but it does not belong to the pool: the pool may be adopted again.
        life.Done(adopt with { Request = Ask.NewRequest() });
        Agrees(life);
    }

    [Fact]
    public void A_pool_whose_journal_is_of_another_time_is_taken_over_in_its_place()
    {
        var (before, web) = Lived();
        Host.Journal.Clear();
        var older = Live();
        older.Done(Host.AdoptionOf(before with
        {
            Devices = before.Devices.Remove(web.Id),
        }));
        older.Done(Ask.Create("only-in-the-older"));
        older.Die();
        var found = Host.Kernel.PoolStatus(TestHost.Pool).Value.TransactionId;
        Assert.True(Host.Kernel.SetTransactionId(TestHost.Pool, found, new TransactionId(found.Value + 5)).Succeeded);
        var life = Live();
        life.Shows(PoolPhase.WrongPool);

        life.Done(Host.AdoptionOf(before));

        Assert.Equal(web.Id, life.State.Find(Ask.Container("web"))!.Id);
        Assert.Single(life.State.Ledger.Quarantine);
        Agrees(life);
    }

    [Fact]
    public void A_pool_that_cannot_be_opened_but_has_a_journal_is_not_taken_over()
    {
        var (before, _) = Lived();
        var life = Live();
        life.Kernel.FailNext(nameof(IKernel.ListDevices), KernelFault.Failed);
        life.Shows(PoolPhase.Unavailable);

        Assert.Equal(RefusalKind.WrongState, life.Refused(Host.AdoptionOf(before)).Kind);
        life.IsOpen();
        Assert.Equal(RefusalKind.Exists, life.Refused(Host.AdoptionOf(before)).Kind);
        Agrees(life);
    }

    /// <summary>A pool with a base, a layer, an image and a mounted container, whose agent has died.</summary>
    private (PoolState State, DeviceRecord Web) Lived()
    {
        var life = Opened();
        MakeLayer(life, "a");
        life.Done(Ask.Tag("app:1", Ask.Layer("a")));
        life.Done(Ask.Create("web", Ask.Layer("a"), DeviceUse.Mounted));
        Settled(life);
        var state = life.State;
        life.Die();
        return (state, state.Find(Ask.Container("web"))!);
    }
}

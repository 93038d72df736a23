using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Engine.Tests.Support;

namespace DmAgents.Engine.Tests.Pools;

/// <summary>Manual changes are found and repaired on demand, while the agent runs.</summary>
public sealed class RepairSpec : PoolSpec
{
    private static PoolCommands.Repair Repair(TransactionId? accept = null) => new(Ask.NewRequest(), accept, Ask.At);

    [Fact]
    public void What_should_be_live_and_is_not_comes_back()
    {
        var life = Opened();
        var web = life.Done(Ask.Create("web", use: DeviceUse.Active)).Device!;
        Assert.True(Host.Kernel.Remove(TestHost.Thin(web.Id), deferred: false).Succeeded);

        life.Done(Repair());

        Assert.True(Host.IsLive(web.Id));
        Agrees(life);
    }

    [Fact]
    public void What_was_deleted_is_lost_and_what_nobody_knows_is_in_quarantine()
    {
        var life = Opened();
        var web = life.Done(Ask.Create("web")).Device!;
        Assert.True(Host.Kernel.DeleteThin(TestHost.Pool, web.Id).Succeeded);
        Assert.True(Host.Kernel.CreateThin(TestHost.Pool, new ThinId(77)).Succeeded);

        life.Done(Repair());

        Assert.Equal(DevicePhase.Lost, life.State.Devices[web.Id].Phase);
        Assert.Contains(new ThinId(77), life.State.Ledger.Quarantine.Keys);
        Assert.Contains(new ThinId(77), Host.Thins);
    }

    /// <summary>The outcome of the first creation is written before the pool is compared.</summary>
    [Fact]
    public void A_request_that_comes_behind_a_repair_waits_for_its_end_and_is_answered()
    {
        var life = Opened();
        life.Done(Ask.Create("one"));
        var repair = life.Ask(Repair());
        var create = life.Ask(Ask.Create("two"));

        Assert.IsType<PoolReplies.Repaired>(repair.Value);
        Assert.IsType<PoolReplies.Created>(create.Value);
        Agrees(life);
    }

    [Fact]
    public void A_suspended_device_is_resumed()
    {
        var life = Opened();
        var web = life.Done(Ask.Create("web", use: DeviceUse.Active)).Device!;
        Assert.True(Host.Kernel.Suspend(TestHost.Thin(web.Id), freeze: false).Succeeded);

        life.Done(Repair());

        Assert.False(Host.Kernel.Find(TestHost.Thin(web.Id)).Value.Suspended);
    }

    [Fact]
    public void A_pool_of_another_time_is_opened_only_when_the_operator_names_its_transaction_id()
    {
        var life = Opened();
        var web = life.Done(Ask.Create("web")).Device!;
        life.Die();
        var reached = Host.Kernel.PoolStatus(TestHost.Pool).Value.TransactionId;
        var foreign = new TransactionId(reached.Value + 40);
        Assert.True(Host.Kernel.SetTransactionId(TestHost.Pool, reached, foreign).Succeeded);
        var next = Live();
        next.Shows(PoolPhase.WrongPool);

        var refused = next.Refused(Repair());
        Assert.Contains($"--accept-transaction-id {foreign}", refused.Next, StringComparison.Ordinal);
        Assert.Equal(RefusalKind.WrongState, next.Refused(Repair(new TransactionId(1))).Kind);
        // Two simultaneous requests share one comparison.
        Answer[] both = [next.Ask(Repair(foreign)), next.Ask(Repair(foreign))];
        Assert.All(both, answer => Assert.IsType<PoolReplies.Repaired>(answer.Value));

        Assert.Equal(DevicePhase.Ready, next.State.Devices[web.Id].Phase);
        Agrees(next);
        next.Die();
        Agrees(Reopened());
    }

    [Fact]
    public void While_something_is_under_way_nothing_is_compared()
    {
        var life = Opened();
        MakeLayer(life, "a");
        var held = life.Kernel.HoldNext(nameof(IKernel.CreateSnapshot));
        var create = life.Ask(Ask.Create("web"));
        life.Reach(held);

        Assert.Equal(RefusalKind.Busy, life.Refused(Repair()).Kind);
        held.Open();

        Assert.IsAssignableFrom<PoolReplies.Success>(create.Value);
        life.Done(Repair());
        Agrees(life);
    }
}

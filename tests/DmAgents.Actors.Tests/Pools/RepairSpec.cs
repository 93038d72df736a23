using DmAgents.Actors.Pools;
using DmAgents.Actors.Tests.Support;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;

namespace DmAgents.Actors.Tests.Pools;

/// <summary>What someone did by hand is found and mended on demand, while the agent runs.</summary>
public sealed class RepairSpec : ActorSpec
{
    private static PoolCommands.Repair Repair(TransactionId? accept = null) => new(Ask.NewRequest(), accept, Ask.At);

    [Fact]
    public async Task What_should_be_live_and_is_not_comes_back()
    {
        var life = await Opened();
        var web = (await life.Done(Ask.Create("web", use: DeviceUse.Active))).Device!;
        Assert.True(Host.Kernel.Remove(TestHost.Thin(web.Id), deferred: false).Succeeded);

        await life.Done(Repair());

        Assert.True(Host.IsLive(web.Id));
        await Agrees(life);
    }

    [Fact]
    public async Task What_was_deleted_is_lost_and_what_nobody_knows_is_in_quarantine()
    {
        var life = await Opened();
        var web = (await life.Done(Ask.Create("web"))).Device!;
        Assert.True(Host.Kernel.DeleteThin(TestHost.Pool, web.Id).Succeeded);
        Assert.True(Host.Kernel.CreateThin(TestHost.Pool, new ThinId(77)).Succeeded);

        await life.Done(Repair());

        Assert.Equal(DevicePhase.Lost, life.State.Devices[web.Id].Phase);
        Assert.Contains(new ThinId(77), life.State.Ledger.Quarantine.Keys);
        Assert.Contains(new ThinId(77), Host.Thins);
    }

    [Fact]
    public async Task A_suspended_device_is_resumed()
    {
        var life = await Opened();
        var web = (await life.Done(Ask.Create("web", use: DeviceUse.Active))).Device!;
        Assert.True(Host.Kernel.Suspend(TestHost.Thin(web.Id), freeze: false).Succeeded);

        await life.Done(Repair());

        Assert.False(Host.Kernel.Find(TestHost.Thin(web.Id)).Value.Suspended);
    }

    [Fact]
    public async Task A_pool_of_another_time_is_opened_only_when_the_operator_names_its_transaction_id()
    {
        var life = await Opened();
        var web = (await life.Done(Ask.Create("web"))).Device!;
        await life.Die();
        var reached = Host.Kernel.PoolStatus(TestHost.Pool).Value.TransactionId;
        var foreign = new TransactionId(reached.Value + 40);
        Assert.True(Host.Kernel.SetTransactionId(TestHost.Pool, reached, foreign).Succeeded);
        var next = LiveWithPool();
        await next.IsWrongPool();

        var refused = await next.Refused(Repair());
        Assert.Contains($"--accept-transaction-id {foreign}", refused.Next, StringComparison.Ordinal);
        Assert.Equal(RefusalKind.WrongState, (await next.Refused(Repair(new TransactionId(1)))).Kind);
        // Two at once are one comparison.
        await Task.WhenAll(next.Done(Repair(foreign)), next.Done(Repair(foreign)));

        Assert.Equal(DevicePhase.Ready, next.State.Devices[web.Id].Phase);
        await Agrees(next);
        await next.Die();
        await Agrees(await Reopened());
    }

    [Fact]
    public async Task While_something_is_under_way_nothing_is_compared()
    {
        var life = await Opened();
        await MakeLayer(life, "a");
        var held = life.Kernel.HoldNext(nameof(IKernel.CreateSnapshot));
        var create = life.Ask(Ask.Create("web"));
        await held.Reached;

        Assert.Equal(RefusalKind.Busy, (await life.Refused(Repair())).Kind);
        held.Open();

        Assert.IsAssignableFrom<PoolReplies.Success>(await create);
        await life.Done(Repair());
        await Agrees(life);
    }
}

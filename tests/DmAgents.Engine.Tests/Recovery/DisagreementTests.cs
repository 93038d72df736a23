using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Engine.Tests.CrashHistories;
using DmAgents.Domain.Tests.Deciding;

namespace DmAgents.Engine.Tests.Recovery;

/// <summary>Pool and journal disagree because another program changed the pool.</summary>
public sealed class DisagreementTests
{
    private readonly World _world = Histories.Begin(
        new History("an idle container and a second layer", [], new Manner(Rides: true, Discards: false)));

    private MappedName Pool => _world.Machine.Context.Device;

    private PoolState State => _world.Machine.State;

    [Fact]
    public void An_id_that_nobody_knows_goes_to_quarantine_and_can_be_purged()
    {
        var stray = new ThinId(4711);
        Assert.True(_world.Simulated.CreateThin(Pool, stray).Succeeded);
        Restart();
        Assert.Contains(stray, State.Ledger.Quarantine.Keys);

        Assert.Null(_world.Machine.Do(new PoolCommands.Purge(Given.NewRequest(), stray, Given.At)));

        Assert.DoesNotContain(stray, State.Ledger.Quarantine.Keys);
        Assert.Empty(Verdict.Faults(_world, _world.Expected));
    }

    [Fact]
    public void An_id_that_nobody_knows_can_be_given_an_owner()
    {
        var stray = new ThinId(4711);
        Assert.True(_world.Simulated.CreateSnapshot(Pool, stray, State.Find(Operations.A)!.Id).Succeeded);
        Restart();

        Assert.Null(_world.Machine.Do(new PoolCommands.Undelete(
            Given.NewRequest(), stray, Given.Layer("found"), Operations.Size, FileSystemKind.Ext4, Given.At)));
        Assert.Null(_world.Do(Operations.Create(Operations.D, null, DeviceUse.Idle)));

        Assert.Equal(stray, State.Find(Given.Layer("found"))!.Id);
        Assert.Empty(Verdict.Agreement(_world));
    }

    [Fact]
    public void An_id_that_is_taken_in_the_pool_is_left_alone_and_another_is_given_next()
    {
        var next = State.Ledger.Choose(State.Devices.ContainsKey)!.Value;
        Assert.True(_world.Simulated.CreateThin(Pool, next).Succeeded);
        var create = Operations.Create(Operations.D, Operations.A, DeviceUse.Mounted);

        Assert.NotNull(_world.Do(create));
        Assert.Contains(next, _world.Simulated.ListThins(Pool).Value.Select(t => t.Id));
        Assert.Null(_world.Do(create));

        Assert.Contains(next, State.Ledger.Quarantine.Keys);
        Assert.Empty(Verdict.Faults(_world, _world.Expected));
    }

    [Fact]
    public void A_device_that_the_pool_lacks_is_reported_lost_and_can_be_removed()
    {
        Assert.True(_world.Simulated.DeleteThin(Pool, State.Find(Operations.C)!.Id).Succeeded);
        Restart();

        Assert.Equal(DevicePhase.Lost, State.Find(Operations.C)!.Phase);
        Assert.NotNull(_world.Do(Operations.Use(Operations.C, DeviceUse.Mounted)));
        Assert.Null(_world.Do(Operations.Remove(Operations.C)));
        Assert.Empty(Verdict.Faults(_world, _world.Expected));
    }

    [Fact]
    public void Devices_left_suspended_and_live_without_need_are_put_in_order()
    {
        var container = State.Find(Operations.C)!;
        Assert.Null(_world.Do(Operations.Use(Operations.C, DeviceUse.Mounted)));
        var base0 = State.Devices.Values.Single(d => d.Kind == DeviceKind.Base);
        Assert.True(_world.Simulated.ActivateThin(_world.Machine.Context.TableOf(base0)).Succeeded);
        Assert.True(_world.Simulated.Suspend(_world.Machine.Context.NameOf(container.Id), freeze: true).Succeeded);

        Restart();

        Assert.Empty(Verdict.Faults(_world, _world.Expected));
    }

    [Fact]
    public void A_metadata_snapshot_that_a_dead_agent_left_is_released()
    {
        Assert.True(_world.Simulated.HoldMetadataSnapshot(Pool).Succeeded);

        Restart();

        Assert.Null(_world.Simulated.PoolStatus(Pool).Value.HeldRoot);
        Assert.Empty(Verdict.Faults(_world, _world.Expected));
    }

    [Fact]
    public void A_pool_of_another_transaction_is_not_touched()
    {
        var found = _world.Simulated.PoolStatus(Pool).Value.TransactionId;
        Assert.True(_world.Simulated.SetTransactionId(Pool, found, new TransactionId(found.Value + 7)).Succeeded);
        Assert.True(_world.Simulated.CreateThin(Pool, new ThinId(4711)).Succeeded);
        var before = _world.Journal.Count;
        _world.Restart(Crash.AgentDies);

        Assert.Equal(KernelFault.Invalid, _world.Machine.Start().Error!.Fault);

        Assert.Equal(before, _world.Journal.Count);
        Assert.Equal(found.Value + 7, _world.Simulated.PoolStatus(Pool).Value.TransactionId.Value);
    }

    private void Restart()
    {
        _world.Restart(Crash.AgentDies);
        Assert.Equal(KernelResult.Done, _world.Machine.Start());
    }
}

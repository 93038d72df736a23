using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Engine.Pools;
using DmAgents.Engine.Tests.Support;

namespace DmAgents.Engine.Tests.Pools;

public sealed class PoolCreationSpec : PoolSpec
{
    private static readonly MappedName ForeignPool = new("vg-pool");

    [Fact]
    public void A_pool_that_was_created_is_open_and_marked()
    {
        var life = Live();

        var reply = life.Done(Ask.ToInitialize);

        Assert.False(reply.AlreadySo);
        Assert.Equal(PoolPhase.Open, life.Machine.Phase);
        Assert.True(life.State.WasOpened);
        Assert.Equal(new TransactionId(1), Host.Kernel.PoolStatus(TestHost.Pool).Value.TransactionId);
        Assert.Equal(new Checkpoint(new TransactionId(1), Intended: null), life.State.Checkpoint);
        Agrees(life);
    }

    [Fact]
    public void A_pool_that_is_created_again_is_so_already()
    {
        var life = Opened();

        Assert.True(life.Done(Ask.ToInitialize).AlreadySo);
    }

    [Fact]
    public void A_pool_of_another_uuid_is_refused_where_one_of_this_name_is()
    {
        var life = Opened();

        var refusal = life.Refused(Ask.Initialize(TestHost.PoolName, new PoolUuid(Guid.NewGuid())));

        Assert.Equal(RefusalKind.Exists, refusal.Kind);
    }

    [Theory]
    [InlineData(nameof(IKernel.Write))]
    [InlineData(nameof(IKernel.OpenLinear))]
    [InlineData(nameof(IKernel.OpenPool))]
    [InlineData(nameof(IKernel.PoolStatus))]
    [InlineData(nameof(IKernel.ListThins))]
    [InlineData(nameof(IKernel.SetTransactionId))]
    public void A_creation_that_fails_is_refused_and_the_parent_forgets_it(string operation)
    {
        var life = Live();
        life.Kernel.FailNext(operation, KernelFault.NoSpace);

        var refusal = life.Refused(Ask.ToInitialize);

        Assert.Contains(KernelFault.NoSpace.ToString(), refusal.Why, StringComparison.Ordinal);
        Assert.NotNull(life.Ended);
        Assert.False(life.State.WasOpened);
        Assert.Empty(Host.Kernel.ListDevices("").Value);
    }

    [Fact]
    public void A_pool_that_somebody_else_made_is_taken_over_with_its_transaction_id()
    {
        MakeForeignPool();
        var life = Live();

        life.Done(Ask.ToInitialize with { Backing = new PoolBacking.Existing(ForeignPool, OwnedByLvm: false) });

        Assert.Equal(new TransactionId(8), Host.Kernel.PoolStatus(ForeignPool).Value.TransactionId);
        Assert.Contains(new ThinId(5), life.State.Ledger.Quarantine.Keys);
    }

    [Fact]
    public void The_transaction_id_of_a_pool_of_LVM_is_left_alone()
    {
        MakeForeignPool();
        var life = Live();
        life.Done(Ask.ToInitialize with { Backing = new PoolBacking.Existing(ForeignPool, OwnedByLvm: true) });
        life.Done(Ask.Create("web"));
        life.Die();
        var found = new TransactionId(7);
        Assert.Equal(found, Host.Kernel.PoolStatus(ForeignPool).Value.TransactionId);
        Host.Kernel.SetTransactionId(ForeignPool, found, new TransactionId(9));

        var next = Reopened();

        Assert.Equal(new TransactionId(9), Host.Kernel.PoolStatus(ForeignPool).Value.TransactionId);
        Assert.NotNull(next.State.Find(Ask.Container("web")));
    }

    [Fact]
    public void Who_asked_for_the_pool_while_its_creation_failed_is_told_so()
    {
        var life = Live();
        var held = life.Kernel.HoldNext(nameof(IKernel.OpenPool));
        life.Kernel.FailNext(nameof(IKernel.OpenPool), KernelFault.Invalid);
        var creation = life.Ask(Ask.ToInitialize);
        life.Reach(held);
        var other = life.Ask(Ask.Create("web"));
        held.Open();

        Assert.IsType<PoolReplies.Refused>(creation.Value);
        Assert.IsType<PoolReplies.Refused>(other.Value);
    }

    [Fact]
    public void A_pool_that_a_dead_agent_was_creating_is_created_by_the_next()
    {
        var life = Live();
        var held = life.Kernel.HoldNext(nameof(IKernel.OpenPool));
        _ = life.Ask(Ask.ToInitialize);
        life.Reach(held);
        life.Die(held);

        var next = Reopened();

        Assert.True(next.State.WasOpened);
        Agrees(next);
    }

    [Fact]
    public void A_pool_that_was_registered_and_never_made_ends()
    {
        var life = Live();

        life.Tell(PoolInputs.EndIfNeverMade.Instance);
        life.RunReady();

        Assert.NotNull(life.Ended);
    }

    /// <summary>A pool with transaction id 7 and one thin device, made by another owner.</summary>
    private void MakeForeignPool()
    {
        var table = new ThinPoolTable(
            ForeignPool, new MappedUuid("somebody"), TestHost.MetadataDisk, TestHost.DataDisk, ByteSize.GiB(2).Sectors,
            PoolBlockSize.Default, LowWaterMark: 1);
        Assert.True(Host.Kernel.OpenPool(table)
            .Then(() => Host.Kernel.SetTransactionId(ForeignPool, TransactionId.Initial, new TransactionId(7)))
            .Then(() => Host.Kernel.CreateThin(ForeignPool, new ThinId(5))).Succeeded);
    }
}

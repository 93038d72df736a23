using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Engine.Pools;
using DmAgents.Engine.Tests.Support;

namespace DmAgents.Engine.Tests.Pools;

/// <summary>The agent stops, or the pool is removed.</summary>
public sealed class EndSpec : PoolSpec
{
    [Fact]
    public void Devices_and_mounts_stay_when_the_agent_stops_and_its_checkpoint_is_in_the_pool()
    {
        var life = Opened();
        life.Done(Ask.Create("web", use: DeviceUse.Mounted));

        life.Tell(PoolInputs.Stop.Instance);
        life.Ends();

        Assert.True(Host.IsMounted(Ask.Container("web")));
        Assert.Equal(new TransactionId(2), Host.Kernel.PoolStatus(TestHost.Pool).Value.TransactionId);
        Assert.Equal(new Checkpoint(new TransactionId(2), Intended: null), life.State.Checkpoint);
        life.Die();
        Agrees(Reopened());
    }

    [Fact]
    public void A_stop_ends_at_its_deadline_although_the_kernel_does_not_answer()
    {
        var life = Opened(Settings with { StopDeadline = TimeSpan.FromSeconds(10) });
        MakeLayer(life, "a");
        var held = life.Kernel.HoldNext(nameof(IKernel.CreateSnapshot));
        var create = life.Ask(Ask.Create("web", Ask.Layer("a")));
        life.Reach(held);

        life.Tell(PoolInputs.Stop.Instance);
        life.Ends();

        Assert.Contains(life.Warnings, w => w.Contains("still under way at the stop", StringComparison.Ordinal));
        Assert.False(create.IsGiven);
        life.Die(held);
        Agrees(Reopened());
    }

    [Fact]
    public void A_stop_during_a_checkpoint_waits_for_it()
    {
        // Three events from the opening, four from the first container and its base: the second container's is the
        // eighth.
        var life = Opened(Settings with { SnapshotEvery = 8 });
        var held = life.Kernel.HoldNext(nameof(IKernel.SetTransactionId));
        life.Done(Ask.Create("one"));
        life.Done(Ask.Create("two"));
        life.Reach(held);

        life.Tell(PoolInputs.Stop.Instance);
        held.Open();
        life.Ends();

        // One more if the stop came after the end of the checkpoint; in no case one under way.
        var inPool = Host.Kernel.PoolStatus(TestHost.Pool).Value.TransactionId;
        Assert.Equal(new Checkpoint(inPool, Intended: null), life.State.Checkpoint);
        Assert.InRange(inPool.Value, 2ul, 3ul);
    }

    [Fact]
    public void A_pool_that_holds_something_is_removed_only_by_force()
    {
        var life = Opened();
        life.Done(Ask.Create("web", use: DeviceUse.Mounted));

        var refusal = life.Refused(new PoolCommands.Retire(Ask.NewRequest(), Force: false, Ask.At));
        Assert.Equal(RefusalKind.WrongState, refusal.Kind);
        Agrees(life);

        life.Done(new PoolCommands.Retire(Ask.NewRequest(), Force: true, Ask.At));
        Assert.Empty(Host.Kernel.ListDevices("").Value);
        Assert.Empty(Host.Kernel.Mounts().Value);
    }

    [Fact]
    public void A_pool_of_another_agent_is_neither_removed_nor_repaired_nor_touched()
    {
        var life = Opened();
        life.Done(Ask.Create("web"));
        life.Die();
        var before = Host.Kernel.ListDevices("").Value;
        using var other = Host.Kernel.Claim(TestHost.PoolUuid).Value;
        var second = Live();
        second.Shows(PoolPhase.Unavailable);

        var removed = second.Refused(new PoolCommands.Retire(Ask.NewRequest(), Force: true, Ask.At));
        var repaired = second.Refused(new PoolCommands.RepairMetadata(
            Ask.NewRequest(), new MetadataSource.Present(), Next: null, Ask.At));

        Assert.Contains("another agent", removed.Why, StringComparison.Ordinal);
        Assert.Contains("another agent", repaired.Why, StringComparison.Ordinal);
        Assert.Equal(before, Host.Kernel.ListDevices("").Value);
    }

    [Fact]
    public void A_pool_in_use_is_not_removed_and_stays_as_it_is()
    {
        var life = Opened();
        life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        using var user = Host.Kernel.HoldMount(TestHost.MountOf(Ask.Container("web")));

        var refusal = life.Refused(new PoolCommands.Retire(Ask.NewRequest(), Force: true, Ask.At));

        Assert.Equal(RefusalKind.Busy, refusal.Kind);

        life.IsOpen();
        Agrees(life);
    }

    [Fact]
    public void A_pool_of_loop_files_is_made_and_removed_with_them()
    {
        var life = Live();
        life.Done(Ask.ToInitialize with
        {
            Backing = new PoolBacking.LoopFiles(
                new LoopFilePart(TestHost.Paths.DataFile, ByteSize.GiB(1)),
                new LoopFilePart(TestHost.Paths.MetadataFile, ByteSize.MiB(16))),
        });
        life.Done(Ask.Create("web"));
        Agrees(life);

        life.Done(new PoolCommands.Retire(Ask.NewRequest(), Force: true, Ask.At));

        Assert.True(Host.Kernel.InspectFile(TestHost.Paths.DataFile).FailedWith(KernelFault.NotFound));
        Assert.True(Host.Kernel.InspectFile(TestHost.Paths.MetadataFile).FailedWith(KernelFault.NotFound));
    }

    [Fact]
    public void A_command_during_a_removal_hears_that_the_pool_is_being_removed()
    {
        var life = Opened();
        var held = life.Kernel.HoldNext(nameof(IKernel.ClosePool));
        var removal = life.Ask(new PoolCommands.Retire(Ask.NewRequest(), Force: true, Ask.At));
        life.Reach(held);

        var refusal = life.Refused(Ask.Create("web"));

        Assert.Equal("it is being removed", refusal.Why);
        held.Open();
        Assert.IsNotType<PoolReplies.Refused>(removal.Value);
    }

    /// <summary>It would activate again what the removal deactivates, or find it half deactivated.</summary>
    [Fact]
    public void A_removal_waits_for_what_is_settled_in_the_background()
    {
        var life = Opened();
        life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        life.Kernel.FailNext(nameof(IKernel.Unmount), KernelFault.Busy);
        var held = life.Kernel.HoldNext(nameof(IKernel.Mount));
        life.Refused(Ask.Unmount("web"));
        life.Reach(held);
        life.Kernel.ClearCallLog();

        var removal = life.Ask(new PoolCommands.Retire(Ask.NewRequest(), Force: true, Ask.At));
        Assert.Equal("it is being removed", life.Refused(Ask.Create("other")).Why);
        Assert.DoesNotContain(life.Kernel.CallLog, call => call.Operation == nameof(IKernel.Unmount));
        held.Open();

        Assert.IsNotType<PoolReplies.Refused>(removal.Value);
        Assert.Empty(Host.Kernel.ListDevices(DeviceNames.UuidPrefix).Value);
    }
}

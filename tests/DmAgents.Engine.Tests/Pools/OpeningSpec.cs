using DmAgents.Domain.Devices;
using DmAgents.Domain.Logs;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Engine.Pools;
using DmAgents.Engine.Tests.Support;
using DmAgents.Testing.Contracts;

namespace DmAgents.Engine.Tests.Pools;

/// <summary>An agent starts on a host that already had a pool.</summary>
public sealed class OpeningSpec : PoolSpec
{
    [Fact]
    public void After_a_reboot_damaged_metadata_are_found_before_the_kernel_has_them()
    {
        var life = Opened();
        life.Done(Ask.Create("web"));
        life.Die();
        Host.Kernel.PowerCut();
        var reading = Host.Kernel.Write(
            TestHost.MetadataDisk, DiskLabel.Reserved.Bytes, Enumerable.Repeat((byte)0x5A, 4096).ToArray());
        Assert.True(reading.Succeeded);

        var next = Live();

        next.Shows(PoolPhase.Unavailable);
        Assert.Contains("thin_check", next.Machine.Reason, StringComparison.Ordinal);
        Assert.Equal(LogSeverity.Error, Assert.Single(next.Logged, line => line.Name == "pool-unavailable").Severity);
        Assert.True(Host.Kernel.Find(TestHost.Pool).FailedWith(Domain.Ports.KernelFault.NotFound));
    }

    [Fact]
    public void A_device_that_is_tried_again_by_timer_does_not_come_between_a_repair()
    {
        var life = Opened(Settings with { RetryInterval = TimeSpan.FromMilliseconds(20) });
        life.Done(Ask.Create("web", use: DeviceUse.Active));
        Settled(life);
        life.Die();
        Host.Kernel.PowerCut();
        var next = Live(Settings with { RetryInterval = TimeSpan.FromMilliseconds(20) });
        next.Kernel.FailNext(nameof(IKernel.ActivateThin), KernelFault.Failed, count: 3);
        next.IsOpen();
        var held = next.Kernel.HoldNext(nameof(IKernel.Mounts));

        var repair = next.Ask(new PoolCommands.Repair(Ask.NewRequest(), Accept: null, Ask.At));
        next.RunUntil(() => held.Reached.IsCompleted || repair.IsGiven, () => "neither a comparison nor a reply");
        next.Pass(TimeSpan.FromSeconds(1));
        held.Open();

        if (repair.Value is PoolReplies.Refused busy)
            Assert.Equal(RefusalKind.Busy, busy.Refusal.Kind);
        Agrees(next);
        Assert.False(next.HasStopped);
    }

    [Fact]
    public void A_pool_that_somebody_has_taken_down_is_found_so_and_made_live_again()
    {
        var life = Opened(Settings with { RetryInterval = TimeSpan.FromMilliseconds(20) });
        life.Done(Ask.Create("web"));
        Settled(life);
        Host.Kernel.ClosePool(TestHost.Pool).Must();

        life.Tell(PoolInputs.LookAtStatus.Instance);

        life.RunUntil(
            () => Host.Kernel.Find(TestHost.Pool).Succeeded && life.Machine.Phase == PoolPhase.Open,
            () => $"it is {life.Machine.Phase}: {life.Machine.Reason}");
        Agrees(life);
    }

    [Fact]
    public void A_device_that_was_left_suspended_is_resumed_although_the_pool_is_not_the_journals()
    {
        var life = Opened();
        var web = life.Done(Ask.Create("web", use: DeviceUse.Mounted)).Device!;
        Settled(life);
        life.Die();
        Host.Kernel.Suspend(DeviceNames.Thin(TestHost.PoolName, web.Id), freeze: true).Must();
        Host.Kernel.SetTransactionId(TestHost.Pool, new TransactionId(1), new TransactionId(9)).Must();

        Live().Shows(PoolPhase.WrongPool);

        Assert.False(Host.Kernel.Find(DeviceNames.Thin(TestHost.PoolName, web.Id)).Value.Suspended);
    }

    [Fact]
    public void What_was_mounted_and_active_is_so_again_after_a_restart_of_the_host()
    {
        var life = Opened();
        life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        Host.Kernel.WriteFile(TestHost.MountOf(Ask.Container("web")), "hello", "durable"u8);
        Host.Kernel.SyncFileSystem(TestHost.MountOf(Ask.Container("web")));
        life.Done(Ask.Create("vm", use: DeviceUse.Active));
        life.Die();
        Host.Kernel.PowerCut();

        var next = Reopened();

        Agrees(next);
        Assert.Equal("durable"u8, Host.Kernel.ReadFile(TestHost.MountOf(Ask.Container("web")), "hello").Value);
    }

    [Fact]
    public void A_restart_of_the_agent_alone_touches_no_mount()
    {
        var life = Opened();
        life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        using var user = Host.Kernel.HoldMount(TestHost.MountOf(Ask.Container("web")));
        Settled(life);
        life.Die();

        var next = Reopened();

        Agrees(next);
        Assert.DoesNotContain(next.Kernel.CallLog, call => call.Operation is nameof(IKernel.Suspend)
            or nameof(IKernel.Unmount) or nameof(IKernel.Remove) or nameof(IKernel.ReloadThin));
    }

    [Fact]
    public void A_pool_whose_transaction_id_is_another_is_not_touched()
    {
        var life = Opened();
        life.Done(Ask.Create("web"));
        Agrees(life);
        life.Die();
        Host.Kernel.SetTransactionId(TestHost.Pool, new TransactionId(1), new TransactionId(9));
        var rows = Host.Journal.Count;

        var next = Live();
        var refusal = next.Refused(Ask.Create("other"));

        Assert.Equal(PoolPhase.WrongPool, next.Machine.Phase);
        Assert.Equal(RefusalKind.WrongState, refusal.Kind);
        Assert.Contains("transaction id is 9, but the journal expects 1", refusal.Why, StringComparison.Ordinal);
        Assert.IsType<PoolReplies.Refused>(
            next.Ask(new PoolCommands.Retire(Ask.NewRequest(), Force: true, Ask.At)).Value);
        Assert.Equal(rows, Host.Journal.Count);
        Assert.Equal(new TransactionId(9), Host.Kernel.PoolStatus(TestHost.Pool).Value.TransactionId);
        Assert.Equal(2, Host.Thins.Count);
    }

    [Fact]
    public void A_pool_whose_disk_is_missing_is_opened_when_it_is_back()
    {
        var life = Opened();
        life.Done(Ask.Create("web"));
        life.Die();
        Host.Kernel.PowerCut();
        Host.Kernel.BreakDisk(TestHost.DataDisk);

        var next = Live();
        var refusal = next.Refused(Ask.Create("other"));
        Assert.Equal(RefusalKind.Failed, refusal.Kind);
        next.Shows(PoolPhase.Unavailable);
        Host.Kernel.BreakDisk(TestHost.DataDisk, broken: false);

        next.IsOpen();
        next.Done(Ask.Create("other"));
        Agrees(next);
    }

    [Fact]
    public void A_pool_that_failed_in_the_kernel_is_its_own_again_after_a_repair()
    {
        var life = Opened();
        life.Done(Ask.Create("web"));
        life.Die();
        Host.Kernel.FailPool(TestHost.Pool);
        Host.Kernel.BreakDisk(TestHost.MetadataDisk);
        var broken = Live();
        Assert.Equal(RefusalKind.Failed, broken.Refused(Ask.Create("other")).Kind);
        broken.Shows(PoolPhase.Unavailable);
        broken.Die();
        Host.Kernel.BreakDisk(TestHost.MetadataDisk, broken: false);
        Host.Kernel.PowerCut();

        var next = Reopened();

        next.Done(Ask.Create("other"));
        Agrees(next);
    }

    [Fact]
    public void A_device_that_the_pool_has_lost_is_told_and_not_forgotten()
    {
        var life = Opened();
        var device = life.Done(Ask.Create("web")).Device!;
        Settled(life);
        life.Die();
        Host.Kernel.DeleteThin(TestHost.Pool, device.Id);

        var next = Reopened();

        Assert.Equal(DevicePhase.Lost, next.State.Devices[device.Id].Phase);
        Assert.Equal(LogSeverity.Error, Assert.Single(next.Logged, line => line.Name == "device-lost").Severity);
        Assert.Equal(RefusalKind.WrongState, next.Refused(Ask.Mount("web")).Kind);
        next.Done(Ask.Remove("web"));
        Agrees(next);
    }

    [Fact]
    public void A_larger_container_that_the_next_agent_cannot_grow_is_kept_in_quarantine()
    {
        var life = Opened(Settings with { OutcomeDelay = TimeSpan.FromHours(1) });
        MakeLayer(life, "a");
        var create = Ask.Create("web", Ask.Layer("a"), DeviceUse.Active, ByteSize.MiB(128));
        var id = life.Done(create).Device!.Id;
        life.Die();
        var next = Live();
        next.Kernel.FailNext(nameof(IKernel.Grow), KernelFault.NoSpace);
        next.IsOpen();

        Assert.Contains(id, next.State.Ledger.Quarantine.Keys);
        Assert.Contains(id, Host.Thins);
    }

    [Fact]
    public void Commands_that_come_during_the_opening_are_taken_after_it()
    {
        var life = Opened();
        life.Die();
        var next = Live();
        var held = next.Kernel.HoldNext(nameof(IKernel.ListThins));
        var replies = new[] { next.Ask(Ask.Create("one")), next.Ask(Ask.Create("two")) };
        next.Reach(held);
        held.Open();

        Assert.All(replies, reply => Assert.IsAssignableFrom<PoolReplies.Success>(reply.Value));
        Agrees(next);
    }

    [Fact]
    public void More_commands_than_are_kept_during_the_opening_are_busy()
    {
        var life = Opened();
        life.Die();
        var next = Live(Settings with { MaxOperations = 1 });
        var held = next.Kernel.HoldNext(nameof(IKernel.ListThins));
        next.Reach(held);
        var kept = next.Ask(Ask.Create("one"));

        Assert.Equal(RefusalKind.Busy, next.Refused(Ask.Create("two")).Kind);

        held.Open();
        Assert.IsAssignableFrom<PoolReplies.Success>(kept.Value);
    }

    [Fact]
    public void More_commands_than_are_taken_at_a_time_are_busy()
    {
        var life = Opened(Settings with { MaxOperations = 2 });
        MakeLayer(life, "a");
        var held = life.Kernel.HoldNext(nameof(IKernel.CreateSnapshot), subject: " 3 of ");
        var one = life.Ask(Ask.Create("one", Ask.Layer("a")));
        life.Reach(held);
        var mount = life.Kernel.HoldNext(nameof(IKernel.Mount));
        var two = life.Ask(Ask.Create("two", Ask.Layer("a"), DeviceUse.Mounted));
        life.Reach(mount);

        Assert.Equal(RefusalKind.Busy, life.Refused(Ask.Create("three", Ask.Layer("a"))).Kind);

        held.Open();
        mount.Open();
        Assert.IsAssignableFrom<PoolReplies.Success>(one.Value);
        Assert.IsAssignableFrom<PoolReplies.Success>(two.Value);
        life.Done(Ask.Create("three", Ask.Layer("a")));
    }

    [Fact]
    public void A_checkpoint_that_cannot_be_set_does_not_keep_a_pool_shut_and_leaves_it_its_own()
    {
        var life = Opened();
        life.Done(Ask.Create("web"));
        life.Die();
        var second = Live();
        second.Kernel.FailNext(nameof(IKernel.SetTransactionId), KernelFault.TimedOut, afterEffect: true);
        second.IsOpen();
        Assert.Equal(new Checkpoint(new TransactionId(2), Intended: null), second.State.Checkpoint);
        second.Die();

        Agrees(Reopened());
    }
}

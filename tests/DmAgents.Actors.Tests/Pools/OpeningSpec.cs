using DmAgents.Actors.Pools;
using DmAgents.Actors.Tests.Support;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Testing.Contracts;
using Eventually = DmAgents.Actors.Tests.Support.Eventually;

namespace DmAgents.Actors.Tests.Pools;

/// <summary>An agent starts on a host where a pool has been.</summary>
public sealed class OpeningSpec : ActorSpec
{
    [Fact]
    public async Task After_a_reboot_damaged_metadata_are_found_before_the_kernel_has_them()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web"));
        await life.Die();
        Host.Kernel.PowerCut();
        var reading = Host.Kernel.Write(
            TestHost.MetadataDisk, DiskLabel.Reserved.Bytes, Enumerable.Repeat((byte)0x5A, 4096).ToArray());
        Assert.True(reading.Succeeded);

        var next = LiveWithPool();

        await Eventually.Holds(
            () => next.Board.Find(TestHost.PoolName) is { Phase: PoolPhase.Unavailable } picture
                && picture.Reason.Contains("thin_check", StringComparison.Ordinal),
            () => $"{next.Board.Find(TestHost.PoolName)?.Phase}: {next.Board.Find(TestHost.PoolName)?.Reason}");
        Assert.True(Host.Kernel.Find(TestHost.Pool).FailedWith(Domain.Ports.KernelFault.NotFound));
    }

    [Fact]
    public async Task A_device_that_is_tried_again_by_timer_does_not_come_between_a_repair()
    {
        var life = await Opened(Settings with { RetryInterval = TimeSpan.FromMilliseconds(20) });
        await life.Done(Ask.Create("web", use: DeviceUse.Active));
        await Settled(life);
        await life.Die();
        Host.Kernel.PowerCut();
        var next = Live(Settings with { RetryInterval = TimeSpan.FromMilliseconds(20) });
        next.Kernel.FailNext(nameof(IKernel.ActivateThin), KernelFault.Failed, count: 3);
        next.StartPool(Parent);
        await next.IsOpen();
        var held = next.Kernel.HoldNext(nameof(IKernel.Mounts));

        var repair = next.Ask(new PoolCommands.Repair(Ask.NewRequest(), Accept: null, Ask.At));
        await Task.WhenAny(held.Reached, repair);
        await Task.Delay(100);
        held.Open();

        if (await repair is PoolReplies.Refused busy)
            Assert.Equal(RefusalKind.Busy, busy.Refusal.Kind);
        await Agrees(next);
        Assert.False(next.PoolHasStopped.IsCompleted);
    }

    [Fact]
    public async Task A_pool_that_somebody_has_taken_down_is_found_so_and_made_live_again()
    {
        var life = await Opened(Settings with { RetryInterval = TimeSpan.FromMilliseconds(20) });
        await life.Done(Ask.Create("web"));
        await Settled(life);
        Host.Kernel.ClosePool(TestHost.Pool).Must();

        life.Tell(PoolMessages.LookAtStatus.Instance);

        await Eventually.Holds(
            () => Host.Kernel.Find(TestHost.Pool).Succeeded && life.Picture.Phase == PoolPhase.Open,
            () => $"it is {life.Picture.Phase}: {life.Picture.Reason}");
        await Agrees(life);
    }

    [Fact]
    public async Task A_device_that_was_left_suspended_is_resumed_although_the_pool_is_not_the_journals()
    {
        var life = await Opened();
        var web = (await life.Done(Ask.Create("web", use: DeviceUse.Mounted))).Device!;
        await Settled(life);
        await life.Die();
        Host.Kernel.Suspend(DeviceNames.Thin(TestHost.PoolName, web.Id), freeze: true).Must();
        Host.Kernel.SetTransactionId(TestHost.Pool, new TransactionId(1), new TransactionId(9)).Must();

        await LiveWithPool().IsWrongPool();

        Assert.False(Host.Kernel.Find(DeviceNames.Thin(TestHost.PoolName, web.Id)).Value.Suspended);
    }

    [Fact]
    public async Task What_was_mounted_and_active_is_so_again_after_a_restart_of_the_host()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        Host.Kernel.WriteFile(TestHost.MountOf(Ask.Container("web")), "hello", "durable"u8);
        Host.Kernel.SyncFileSystem(TestHost.MountOf(Ask.Container("web")));
        await life.Done(Ask.Create("vm", use: DeviceUse.Active));
        await life.Die();
        Host.Kernel.PowerCut();

        var next = await Reopened();

        await Agrees(next);
        Assert.Equal("durable"u8, Host.Kernel.ReadFile(TestHost.MountOf(Ask.Container("web")), "hello").Value);
    }

    [Fact]
    public async Task A_restart_of_the_agent_alone_touches_no_mount()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        using var user = Host.Kernel.HoldMount(TestHost.MountOf(Ask.Container("web")));
        await Settled(life);
        await life.Die();

        var next = await Reopened();

        await Agrees(next);
        Assert.DoesNotContain(next.Kernel.CallLog, call => call.Operation is nameof(IKernel.Suspend)
            or nameof(IKernel.Unmount) or nameof(IKernel.Remove) or nameof(IKernel.ReloadThin));
    }

    [Fact]
    public async Task A_pool_whose_transaction_id_is_another_is_not_touched()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web"));
        await Agrees(life);
        await life.Die();
        Host.Kernel.SetTransactionId(TestHost.Pool, new TransactionId(1), new TransactionId(9));
        var rows = Host.Journal.Rows(TestHost.PersistenceId).Length;

        var next = LiveWithPool();
        var refusal = await next.Refused(Ask.Create("other"));

        Assert.Equal(PoolPhase.WrongPool, next.Picture.Phase);
        Assert.Equal(RefusalKind.WrongState, refusal.Kind);
        Assert.Contains("transaction id is 9, but the journal expects 1", refusal.Why, StringComparison.Ordinal);
        Assert.IsType<PoolReplies.Refused>(
            await next.Ask(new PoolCommands.Retire(Ask.NewRequest(), Force: true, Ask.At)));
        Assert.Equal(rows, Host.Journal.Rows(TestHost.PersistenceId).Length);
        Assert.Equal(new TransactionId(9), Host.Kernel.PoolStatus(TestHost.Pool).Value.TransactionId);
        Assert.Equal(2, Host.Thins.Count);
    }

    [Fact]
    public async Task A_pool_whose_disk_is_missing_is_opened_when_it_is_back()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web"));
        await life.Die();
        Host.Kernel.PowerCut();
        Host.Kernel.BreakDisk(TestHost.DataDisk);

        var next = LiveWithPool();
        var refusal = await next.Refused(Ask.Create("other"));
        Assert.Equal(RefusalKind.Failed, refusal.Kind);
        await next.Shows(PoolPhase.Unavailable);
        Host.Kernel.BreakDisk(TestHost.DataDisk, broken: false);

        await next.IsOpen();
        await next.Done(Ask.Create("other"));
        await Agrees(next);
    }

    [Fact]
    public async Task A_pool_that_failed_in_the_kernel_is_its_own_again_after_a_repair()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web"));
        await life.Die();
        Host.Kernel.FailPool(TestHost.Pool);
        Host.Kernel.BreakDisk(TestHost.MetadataDisk);
        var broken = LiveWithPool();
        Assert.Equal(RefusalKind.Failed, (await broken.Refused(Ask.Create("other"))).Kind);
        await broken.Shows(PoolPhase.Unavailable);
        await broken.Die();
        Host.Kernel.BreakDisk(TestHost.MetadataDisk, broken: false);
        Host.Kernel.PowerCut();

        var next = await Reopened();

        await next.Done(Ask.Create("other"));
        await Agrees(next);
    }

    [Fact]
    public async Task A_device_that_the_pool_has_lost_is_told_and_not_forgotten()
    {
        var life = await Opened();
        var device = (await life.Done(Ask.Create("web"))).Device!;
        await Settled(life);
        await life.Die();
        Host.Kernel.DeleteThin(TestHost.Pool, device.Id);

        var next = await Reopened();

        Assert.Equal(DevicePhase.Lost, next.State.Devices[device.Id].Phase);
        Assert.Equal(RefusalKind.WrongState, (await next.Refused(Ask.Mount("web"))).Kind);
        await next.Done(Ask.Remove("web"));
        await Agrees(next);
    }

    [Fact]
    public async Task A_larger_container_that_the_next_agent_cannot_grow_is_kept_in_quarantine()
    {
        var life = await Opened(Settings with { OutcomeDelay = TimeSpan.FromHours(1) });
        await MakeLayer(life, "a");
        var create = Ask.Create("web", Ask.Layer("a"), DeviceUse.Active, ByteSize.MiB(128));
        var id = (await life.Done(create)).Device!.Id;
        await life.Die();
        var next = Live();
        next.Kernel.FailNext(nameof(IKernel.Grow), KernelFault.NoSpace);
        next.StartPool(Parent);
        await next.IsOpen();

        Assert.Contains(id, next.State.Ledger.Quarantine.Keys);
        Assert.Contains(id, Host.Thins);
    }

    [Fact]
    public async Task Commands_that_come_during_the_opening_are_taken_after_it()
    {
        var life = await Opened();
        await life.Die();
        var next = Live();
        var held = next.Kernel.HoldNext(nameof(IKernel.ListThins));
        next.StartPool(Parent);
        var replies = new[] { next.Ask(Ask.Create("one")), next.Ask(Ask.Create("two")) };
        await held.Reached;
        held.Open();

        Assert.All(await Task.WhenAll(replies), reply => Assert.IsAssignableFrom<PoolReplies.Success>(reply));
        await Agrees(next);
    }

    [Fact]
    public async Task More_commands_than_are_kept_during_the_opening_are_busy()
    {
        var life = await Opened();
        await life.Die();
        var next = Live(Settings with { MaxOperations = 1 });
        var held = next.Kernel.HoldNext(nameof(IKernel.ListThins));
        next.StartPool(Parent);
        await held.Reached;
        var kept = next.Ask(Ask.Create("one"));

        Assert.Equal(RefusalKind.Busy, (await next.Refused(Ask.Create("two"))).Kind);

        held.Open();
        Assert.IsAssignableFrom<PoolReplies.Success>(await kept);
    }

    [Fact]
    public async Task More_commands_than_are_taken_at_a_time_are_busy()
    {
        var life = await Opened(Settings with { MaxOperations = 2 });
        await MakeLayer(life, "a");
        var held = life.Kernel.HoldNext(nameof(IKernel.CreateSnapshot), subject: " 3 of ");
        var one = life.Ask(Ask.Create("one", Ask.Layer("a")));
        await held.Reached;
        var mount = life.Kernel.HoldNext(nameof(IKernel.Mount));
        var two = life.Ask(Ask.Create("two", Ask.Layer("a"), DeviceUse.Mounted));
        await mount.Reached;

        Assert.Equal(RefusalKind.Busy, (await life.Refused(Ask.Create("three", Ask.Layer("a")))).Kind);

        held.Open();
        mount.Open();
        Assert.IsAssignableFrom<PoolReplies.Success>(await one);
        Assert.IsAssignableFrom<PoolReplies.Success>(await two);
        await life.Done(Ask.Create("three", Ask.Layer("a")));
    }

    [Fact]
    public async Task A_checkpoint_that_cannot_be_set_does_not_keep_a_pool_shut_and_leaves_it_its_own()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web"));
        await life.Die();
        var second = Live();
        second.Kernel.FailNext(nameof(IKernel.SetTransactionId), KernelFault.TimedOut, afterEffect: true);
        second.StartPool(Parent);
        await second.IsOpen();
        Assert.Equal(new Checkpoint(new TransactionId(2), Intended: null), second.State.Checkpoint);
        await second.Die();

        await Agrees(await Reopened());
    }
}

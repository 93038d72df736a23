using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Stock;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Engine.Tests.Support;

namespace DmAgents.Engine.Tests.Pools;

/// <summary>Before the agent reports "already so" from the journal, it checks the kernel.</summary>
public sealed class ConfirmSpec : PoolSpec
{
    private static readonly DeviceKey Web = Ask.Container("web");

    /// <summary>A refused operation stays refused until a caller repeats it.</summary>
    private static readonly PoolSettings NotByTimer = Settings with { RetryInterval = TimeSpan.FromHours(1) };

    [Fact]
    public void A_mount_that_is_there_is_called_already_so_and_nothing_is_done()
    {
        var life = Opened();
        life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        life.Kernel.ClearCallLog();

        Assert.True(life.Done(Ask.Mount("web")).AlreadySo);

        // The cost: one look at the device, one at the mount point. Directories in mnt/ are created in the background.
        Assert.Equal(
            [nameof(IKernel.MountAt), nameof(IKernel.Compare)],
            life.Kernel.CallLog.Select(call => call.Operation).Where(call => call != nameof(IKernel.EnsureDirectory)));
    }

    [Fact]
    public void A_container_that_was_unmounted_by_hand_is_mounted_again_and_not_called_already_so()
    {
        var life = Opened();
        life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        UnmountByHand();

        Assert.False(life.Done(Ask.Mount("web")).AlreadySo);

        Assert.True(Host.IsMounted(Web));
        Agrees(life);
    }

    [Fact]
    public void The_same_request_again_looks_at_the_kernel_too()
    {
        var life = Opened();
        var create = Ask.Create("web", use: DeviceUse.Mounted);
        life.Done(create);
        var mount = Ask.Mount("web");
        life.Done(mount);
        foreach (PoolCommand again in new PoolCommand[] { create, mount })
        {
            UnmountByHand();
            life.Done(again);
            Assert.True(Host.IsMounted(Web));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_request_that_is_made_again_after_its_container_was_removed_is_NotFound_and_leaves_no_device(
        bool isHeldYet)
    {
        var life = Opened();
        var create = Ask.Create("web");
        var web = life.Done(create).Device!;
        var mount = Ask.Mount("web");
        life.Done(mount);
        var resize = Ask.Resize("web", web.Size + ByteSize.MiB(64));
        life.Done(resize);
        // An open device keeps its thin id until it is closed.
        using var held = isHeldYet ? Host.Kernel.HoldDevice(TestHost.Thin(web.Id).Path) : null;
        life.Done(Ask.Remove("web", force: true));
        if (!isHeldYet)
            life.RunUntil(() => !life.State.Devices.ContainsKey(web.Id), () => "its blocks are not back");
        // Another device with its name is not the one of those requests.
        life.Done(Ask.Create("web"));

        foreach (var (again, what) in new (PoolCommand, string)[]
        {
            (create, "cannot create container"), (mount, "cannot mount"), (resize, "cannot resize"),
        })
        {
            var refusal = life.Refused(again);
            Assert.Equal((RefusalKind.NotFound, what, "web"), (refusal.Kind, refusal.What, refusal.Subject));
            Assert.Contains("was removed since", refusal.Why, StringComparison.Ordinal);
        }

        held?.Dispose();
        Agrees(life);
        Assert.False(Host.IsMounted(Web));
        Assert.False(Host.IsLive(web.Id));
        Assert.Single(life.State.Devices.Values, device => device.Kind == DeviceKind.Container);
    }

    [Fact]
    public void A_mount_that_cannot_be_brought_back_is_refused_with_the_kernels_reason()
    {
        var life = Opened(NotByTimer);
        life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        UnmountByHand();
        life.Kernel.FailNext(nameof(IKernel.Mount), KernelFault.Failed, count: 3);

        var refusal = life.Refused(Ask.Mount("web"));

        Assert.Equal("cannot mount", refusal.What);
        Assert.Contains("injected", refusal.Why, StringComparison.Ordinal);
        Assert.False(Host.IsMounted(Web));
    }

    /// <summary>The kernel has unmounted it, and then flushing the device fails: the journal returns to
    /// "mounted".</summary>
    [Fact]
    public void After_an_unmount_that_failed_with_EIO_a_mount_is_a_mount_or_a_refusal()
    {
        var life = Opened(NotByTimer);
        life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        life.Kernel.FailNext(nameof(IKernel.Flush), KernelFault.Failed);
        life.Kernel.FailNext(nameof(IKernel.Mount), KernelFault.Failed, count: 2);
        life.Refused(Ask.Unmount("web"));

        while (life.Ask(Ask.Mount("web")).Value is PoolReplies.Refused)
            Assert.False(Host.IsMounted(Web));

        Assert.True(Host.IsMounted(Web));
        Agrees(life);
    }

    /// <summary>umount(2) does not report a write that failed before or during it.</summary>
    [Fact]
    public void An_unmount_whose_last_writes_fail_is_refused_and_the_next_one_is_not()
    {
        var life = Opened();
        life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        life.Kernel.FailNext(nameof(IKernel.SyncFileSystem), KernelFault.Failed);

        Assert.Contains("does not have all that was written", life.Refused(Ask.Unmount("web")).Why,
            StringComparison.Ordinal);

        life.Done(Ask.Mount("web"));
        Assert.True(Host.IsMounted(Web));
        life.Done(Ask.Unmount("web"));
        Assert.False(Host.IsMounted(Web));
        Agrees(life);
    }

    [Fact]
    public void Something_else_in_the_place_is_refused_as_such()
    {
        var life = Opened();
        life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        var other = life.Done(Ask.Create("other", use: DeviceUse.Active)).Device!;
        UnmountByHand();
        Assert.True(Host.Kernel.Mount(
            TestHost.Thin(other.Id).Path, TestHost.MountOf(Web), FileSystemKind.Ext4, readOnly: false).Succeeded);

        var refusal = life.Refused(Ask.Mount("web"));

        Assert.Equal(RefusalKind.Busy, refusal.Kind);
        Assert.Contains("another device", refusal.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_mount_that_takes_no_writes_any_more_is_refused_as_such()
    {
        var life = Opened();
        life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        var web = life.State.Find(Web)!;
        UnmountByHand();
        Assert.True(Host.Kernel.Mount(
            TestHost.Thin(web.Id).Path, TestHost.MountOf(Web), FileSystemKind.Ext4, readOnly: true).Succeeded);

        Assert.Contains("takes no writes", life.Refused(Ask.Mount("web")).Why, StringComparison.Ordinal);

        life.Done(Ask.Unmount("web"));
        Assert.False(life.Done(Ask.Mount("web")).AlreadySo);
        Agrees(life);
    }

    [Theory]
    [InlineData("removed")]
    [InlineData("suspended")]
    [InlineData("read-only")]
    [InlineData("shorter")]
    public void An_active_device_that_was_changed_by_hand_is_brought_back(string how)
    {
        var life = Opened();
        var web = life.Done(Ask.Create("web", use: DeviceUse.Active)).Device!;
        var table = TableOf(web);
        var changed = how switch
        {
            "removed" => Host.Kernel.Remove(TestHost.Thin(web.Id), deferred: false),
            "suspended" => Host.Kernel.Suspend(TestHost.Thin(web.Id), freeze: false),
            "read-only" => Host.Kernel.ReloadThin(table with { ReadOnly = true }),
            _ => Host.Kernel.ReloadThin(table with { Length = new SectorCount(8) }),
        };
        Assert.True(changed.Succeeded);

        Assert.False(life.Done(Ask.Use(Web, DeviceUse.Active)).AlreadySo);

        Agrees(life);
    }

    [Fact]
    public void A_device_that_maps_another_by_hand_is_refused_and_left_as_it_is()
    {
        var life = Opened();
        var web = life.Done(Ask.Create("web", use: DeviceUse.Mounted)).Device!;
        var other = life.Done(Ask.Create("other")).Device!;
        Assert.True(Host.Kernel.ReloadThin(TableOf(web) with { Id = other.Id }).Succeeded);

        var refusal = life.Refused(Ask.Mount("web"));

        Assert.Contains("changed by hand", refusal.Why, StringComparison.Ordinal);
        Assert.True(Host.IsMounted(Web));
    }

    [Fact]
    public void What_should_be_idle_and_was_mounted_by_hand_is_unmounted()
    {
        var life = Opened();
        var web = life.Done(Ask.Create("web")).Device!;
        Assert.True(Host.Kernel.ActivateThin(TableOf(web)).Succeeded);
        Assert.True(Host.Kernel.Mount(
            TestHost.Thin(web.Id).Path, TestHost.MountOf(Web), FileSystemKind.Ext4, readOnly: false).Succeeded);

        Assert.False(life.Done(Ask.Unmount("web")).AlreadySo);
        Agrees(life);
        Assert.True(life.Done(Ask.Unmount("web")).AlreadySo);
    }

    [Fact]
    public void A_view_whose_device_was_removed_by_hand_is_live_again_when_it_is_confirmed()
    {
        var life = Opened();
        var layer = MakeLayer(life, "a");
        life.Done(Ask.View("v", layer.Key));
        Assert.True(Host.Kernel.Remove(TestHost.Thin(layer.Id), deferred: false).Succeeded);

        Assert.False(life.Done(Confirm(Ask.View("v"))).AlreadySo);

        Assert.True(Host.IsLive(layer.Id));
        Assert.True(life.Done(Confirm(Ask.View("v"))).AlreadySo);
        Agrees(life);
        Assert.Equal(RefusalKind.NotFound, life.Refused(Confirm(Ask.View("none"))).Kind);
    }

    [Fact]
    public void A_snapshot_of_the_stock_is_live_when_it_is_given_away_whatever_became_of_it()
    {
        var layer = Ask.Layer("a");
        var life = Opened(Settings with
        {
            Stock = new StockSettings(PerLayer: 1, Layers: 1, AskedFor: 1, TimeSpan.FromMinutes(10)),
        });
        MakeLayer(life, "a");
        life.Done(Ask.Create("one", layer, DeviceUse.Active));
        var top = life.State.Find(layer)!.Id;
        life.RunUntil(() => life.State.ReadyStockOf(top).Any(), () => "there is no stock");
        var ready = life.State.ReadyStockOf(top).Single();
        Assert.True(Host.Kernel.Remove(TestHost.Thin(ready), deferred: false).Succeeded);

        var reply = life.Done(Ask.Create("two", layer, DeviceUse.Active));

        Assert.Equal(ready, reply.Device!.Id);
        Assert.True(Host.IsLive(ready));
    }

    [Fact]
    public void A_mount_that_another_request_undid_is_not_confirmed_by_the_first_one_again()
    {
        var life = Opened();
        life.Done(Ask.Create("web"));
        var mount = Ask.Mount("web");
        life.Done(mount);
        life.Done(Ask.Unmount("web"));

        Assert.Equal(RefusalKind.WrongState, life.Refused(mount).Kind);
    }

    [Fact]
    public void A_pools_table_that_was_changed_by_hand_is_brought_back_before_a_growth_is_called_done()
    {
        var life = Opened();
        var grow = Ask.Grow(TestHost.Larger);
        life.Done(grow);
        var right = Table();
        Assert.True(Host.Kernel.ReloadPool(right with { LowWaterMark = 1 }).Succeeded);
        Assert.False(Host.Kernel.Compare(right).Value.IsAsGiven);

        Assert.True(life.Done(grow).AlreadySo);

        Assert.True(Host.Kernel.Compare(right).Value.IsAsGiven);
    }

    [Fact]
    public void A_disks_table_that_maps_elsewhere_is_refused_with_what_it_maps()
    {
        var life = Opened();
        var grow = Ask.Grow(TestHost.Larger);
        life.Done(grow);
        var name = DeviceNames.Data(TestHost.PoolName);
        LinearSegment At(DevicePath disk, ulong start) => new(disk, new SectorCount(start), ByteSize.GiB(1).Sectors);
        Assert.True(Host.Kernel.ReloadLinear(new LinearTable(name, DeviceNames.DataId(TestHost.PoolUuid),
            [At(TestHost.SpareDisk, 2048), At(TestHost.DataDisk, 2048)])).Succeeded);

        var refusal = life.Refused(grow);

        Assert.Contains("changed by hand", refusal.Why, StringComparison.Ordinal);
        Assert.Contains("linear", refusal.Why, StringComparison.Ordinal);
    }

    private static PoolCommands.Confirm Confirm(DeviceKey key) => new(Ask.NewRequest(), key, Ask.At);

    private static ThinTable TableOf(DeviceRecord device) => new(
        TestHost.Thin(device.Id), DeviceNames.ThinDeviceId(TestHost.PoolUuid, device.Id), TestHost.Pool, device.Id,
        device.Size.Sectors, device.ReadOnly);

    /// <summary>The table with which the agent opens the pool on its larger backing.</summary>
    private static ThinPoolTable Table() => new(
        TestHost.Pool, DeviceNames.PoolId(TestHost.PoolUuid), DeviceNames.Metadata(TestHost.PoolName).Path,
        DeviceNames.Data(TestHost.PoolName).Path, ByteSize.GiB(2).Sectors, PoolBlockSize.Default,
        LowWaterMark: ByteSize.GiB(2).Bytes / PoolBlockSize.Default.Bytes.Bytes / 10);

    private void UnmountByHand() =>
        Assert.True(Host.Kernel.Unmount(TestHost.MountOf(Web), detach: false).Succeeded);
}

using DmAgents.Actors.Pools;
using DmAgents.Actors.Tests.Support;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Stock;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Actors.Tests.Pools;

/// <summary>What the journal has already is not told of the kernel until the kernel was asked.</summary>
public sealed class ConfirmSpec : ActorSpec
{
    private static readonly DeviceKey Web = Ask.Container("web");

    /// <summary>What was refused stays as it is until somebody asks again.</summary>
    private static readonly PoolSettings NotByTimer = Settings with { RetryInterval = TimeSpan.FromHours(1) };

    [Fact]
    public async Task A_mount_that_is_there_is_called_already_so_and_nothing_is_done()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        life.Kernel.ClearCallLog();

        Assert.True((await life.Done(Ask.Mount("web"))).AlreadySo);

        // What it costs: one look at the device, one at the place. Directories in mnt/ are made behind what happens.
        Assert.Equal(
            [nameof(IKernel.MountAt), nameof(IKernel.Compare)],
            life.Kernel.CallLog.Select(call => call.Operation).Where(call => call != nameof(IKernel.EnsureDirectory)));
    }

    [Fact]
    public async Task A_container_that_was_unmounted_by_hand_is_mounted_again_and_not_called_already_so()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        UnmountByHand();

        Assert.False((await life.Done(Ask.Mount("web"))).AlreadySo);

        Assert.True(Host.IsMounted(Web));
        await Agrees(life);
    }

    [Fact]
    public async Task The_same_request_again_looks_at_the_kernel_too()
    {
        var life = await Opened();
        var create = Ask.Create("web", use: DeviceUse.Mounted);
        await life.Done(create);
        var mount = Ask.Mount("web");
        await life.Done(mount);
        foreach (PoolCommand again in new PoolCommand[] { create, mount })
        {
            UnmountByHand();
            await life.Done(again);
            Assert.True(Host.IsMounted(Web));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_request_that_is_made_again_after_its_container_was_removed_is_NotFound_and_leaves_no_device(
        bool isHeldYet)
    {
        var life = await Opened();
        var create = Ask.Create("web");
        var web = (await life.Done(create)).Device!;
        var mount = Ask.Mount("web");
        await life.Done(mount);
        var resize = Ask.Resize("web", web.Size + ByteSize.MiB(64));
        await life.Done(resize);
        // A device that is open keeps its thin id until it is closed.
        using var held = isHeldYet ? Host.Kernel.HoldDevice(TestHost.Thin(web.Id).Path) : null;
        await life.Done(Ask.Remove("web", force: true));
        if (!isHeldYet)
            await Eventually.Holds(() => !life.State.Devices.ContainsKey(web.Id), () => "its blocks are not back");
        // Another of its name is not what those requests were about.
        await life.Done(Ask.Create("web"));

        foreach (var (again, what) in new (PoolCommand, string)[]
        {
            (create, "cannot create container"), (mount, "cannot mount"), (resize, "cannot resize"),
        })
        {
            var refusal = await life.Refused(again);
            Assert.Equal((RefusalKind.NotFound, what, "web"), (refusal.Kind, refusal.What, refusal.Subject));
            Assert.Contains("was removed since", refusal.Why, StringComparison.Ordinal);
        }

        held?.Dispose();
        await Agrees(life);
        Assert.False(Host.IsMounted(Web));
        Assert.False(Host.IsLive(web.Id));
        Assert.Single(life.State.Devices.Values, device => device.Kind == DeviceKind.Container);
    }

    [Fact]
    public async Task A_mount_that_cannot_be_brought_back_is_refused_with_the_kernels_reason()
    {
        var life = await Opened(NotByTimer);
        await life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        UnmountByHand();
        life.Kernel.FailNext(nameof(IKernel.Mount), KernelFault.Failed, count: 3);

        var refusal = await life.Refused(Ask.Mount("web"));

        Assert.Equal("cannot mount", refusal.What);
        Assert.Contains("injected", refusal.Why, StringComparison.Ordinal);
        Assert.False(Host.IsMounted(Web));
    }

    /// <summary>The kernel has unmounted it, and then the device's flush fails: the journal goes back to "mounted".
    /// </summary>
    [Fact]
    public async Task After_an_unmount_that_failed_with_EIO_a_mount_is_a_mount_or_a_refusal()
    {
        var life = await Opened(NotByTimer);
        await life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        life.Kernel.FailNext(nameof(IKernel.Flush), KernelFault.Failed);
        life.Kernel.FailNext(nameof(IKernel.Mount), KernelFault.Failed, count: 2);
        await life.Refused(Ask.Unmount("web"));

        while (await life.Ask(Ask.Mount("web")) is PoolReplies.Refused)
            Assert.False(Host.IsMounted(Web));

        Assert.True(Host.IsMounted(Web));
        await Agrees(life);
    }

    [Fact]
    public async Task Something_else_in_the_place_is_refused_as_such()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        var other = (await life.Done(Ask.Create("other", use: DeviceUse.Active))).Device!;
        UnmountByHand();
        Assert.True(Host.Kernel.Mount(
            TestHost.Thin(other.Id).Path, TestHost.MountOf(Web), FileSystemKind.Ext4, readOnly: false).Succeeded);

        var refusal = await life.Refused(Ask.Mount("web"));

        Assert.Equal(RefusalKind.Busy, refusal.Kind);
        Assert.Contains("another device", refusal.Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mount_that_takes_no_writes_any_more_is_refused_as_such()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        var web = life.State.Find(Web)!;
        UnmountByHand();
        Assert.True(Host.Kernel.Mount(
            TestHost.Thin(web.Id).Path, TestHost.MountOf(Web), FileSystemKind.Ext4, readOnly: true).Succeeded);

        Assert.Contains("takes no writes", (await life.Refused(Ask.Mount("web"))).Why, StringComparison.Ordinal);

        await life.Done(Ask.Unmount("web"));
        Assert.False((await life.Done(Ask.Mount("web"))).AlreadySo);
        await Agrees(life);
    }

    [Theory]
    [InlineData("removed")]
    [InlineData("suspended")]
    [InlineData("read-only")]
    [InlineData("shorter")]
    public async Task An_active_device_that_was_changed_by_hand_is_brought_back(string how)
    {
        var life = await Opened();
        var web = (await life.Done(Ask.Create("web", use: DeviceUse.Active))).Device!;
        var table = TableOf(web);
        var changed = how switch
        {
            "removed" => Host.Kernel.Remove(TestHost.Thin(web.Id), deferred: false),
            "suspended" => Host.Kernel.Suspend(TestHost.Thin(web.Id), freeze: false),
            "read-only" => Host.Kernel.ReloadThin(table with { ReadOnly = true }),
            _ => Host.Kernel.ReloadThin(table with { Length = new SectorCount(8) }),
        };
        Assert.True(changed.Succeeded);

        Assert.False((await life.Done(Ask.Use(Web, DeviceUse.Active))).AlreadySo);

        await Agrees(life);
    }

    [Fact]
    public async Task A_device_that_maps_another_by_hand_is_refused_and_left_as_it_is()
    {
        var life = await Opened();
        var web = (await life.Done(Ask.Create("web", use: DeviceUse.Mounted))).Device!;
        var other = (await life.Done(Ask.Create("other"))).Device!;
        Assert.True(Host.Kernel.ReloadThin(TableOf(web) with { Id = other.Id }).Succeeded);

        var refusal = await life.Refused(Ask.Mount("web"));

        Assert.Contains("changed by hand", refusal.Why, StringComparison.Ordinal);
        Assert.True(Host.IsMounted(Web));
    }

    [Fact]
    public async Task What_should_be_idle_and_was_mounted_by_hand_is_unmounted()
    {
        var life = await Opened();
        var web = (await life.Done(Ask.Create("web"))).Device!;
        Assert.True(Host.Kernel.ActivateThin(TableOf(web)).Succeeded);
        Assert.True(Host.Kernel.Mount(
            TestHost.Thin(web.Id).Path, TestHost.MountOf(Web), FileSystemKind.Ext4, readOnly: false).Succeeded);

        Assert.False((await life.Done(Ask.Unmount("web"))).AlreadySo);
        await Agrees(life);
        Assert.True((await life.Done(Ask.Unmount("web"))).AlreadySo);
    }

    [Fact]
    public async Task A_view_whose_device_was_removed_by_hand_is_live_again_when_it_is_confirmed()
    {
        var life = await Opened();
        var layer = await MakeLayer(life, "a");
        await life.Done(Ask.View("v", layer.Key));
        Assert.True(Host.Kernel.Remove(TestHost.Thin(layer.Id), deferred: false).Succeeded);

        Assert.False((await life.Done(Confirm(Ask.View("v")))).AlreadySo);

        Assert.True(Host.IsLive(layer.Id));
        Assert.True((await life.Done(Confirm(Ask.View("v")))).AlreadySo);
        await Agrees(life);
        Assert.Equal(RefusalKind.NotFound, (await life.Refused(Confirm(Ask.View("none")))).Kind);
    }

    [Fact]
    public async Task A_snapshot_of_the_stock_is_live_when_it_is_given_away_whatever_became_of_it()
    {
        var layer = Ask.Layer("a");
        var life = await Opened(Settings with
        {
            Stock = new StockSettings(PerLayer: 1, Layers: 1, AskedFor: 1, TimeSpan.FromMinutes(10)),
        });
        await MakeLayer(life, "a");
        await life.Done(Ask.Create("one", layer, DeviceUse.Active));
        var top = life.State.Find(layer)!.Id;
        await Eventually.Holds(() => life.State.ReadyStockOf(top).Any(), () => "there is no stock");
        var ready = life.State.ReadyStockOf(top).Single();
        Assert.True(Host.Kernel.Remove(TestHost.Thin(ready), deferred: false).Succeeded);

        var reply = await life.Done(Ask.Create("two", layer, DeviceUse.Active));

        Assert.Equal(ready, reply.Device!.Id);
        Assert.True(Host.IsLive(ready));
    }

    [Fact]
    public async Task A_mount_that_another_request_undid_is_not_confirmed_by_the_first_one_again()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web"));
        var mount = Ask.Mount("web");
        await life.Done(mount);
        await life.Done(Ask.Unmount("web"));

        Assert.Equal(RefusalKind.WrongState, (await life.Refused(mount)).Kind);
    }

    [Fact]
    public async Task A_pools_table_that_was_changed_by_hand_is_brought_back_before_a_growth_is_called_done()
    {
        var life = await Opened();
        var grow = Ask.Grow(TestHost.Larger);
        await life.Done(grow);
        var right = Table();
        Assert.True(Host.Kernel.ReloadPool(right with { LowWaterMark = 1 }).Succeeded);
        Assert.False(Host.Kernel.Compare(right).Value.IsAsGiven);

        Assert.True((await life.Done(grow)).AlreadySo);

        Assert.True(Host.Kernel.Compare(right).Value.IsAsGiven);
    }

    [Fact]
    public async Task A_disks_table_that_maps_elsewhere_is_refused_with_what_it_maps()
    {
        var life = await Opened();
        var grow = Ask.Grow(TestHost.Larger);
        await life.Done(grow);
        var name = DeviceNames.Data(TestHost.PoolName);
        LinearSegment At(DevicePath disk, ulong start) => new(disk, new SectorCount(start), ByteSize.GiB(1).Sectors);
        Assert.True(Host.Kernel.ReloadLinear(new LinearTable(name, DeviceNames.DataId(TestHost.PoolUuid),
            [At(TestHost.SpareDisk, 2048), At(TestHost.DataDisk, 2048)])).Succeeded);

        var refusal = await life.Refused(grow);

        Assert.Contains("changed by hand", refusal.Why, StringComparison.Ordinal);
        Assert.Contains("linear", refusal.Why, StringComparison.Ordinal);
    }

    private static PoolCommands.Confirm Confirm(DeviceKey key) => new(Ask.NewRequest(), key, Ask.At);

    private static ThinTable TableOf(DeviceRecord device) => new(
        TestHost.Thin(device.Id), DeviceNames.ThinDeviceId(TestHost.PoolUuid, device.Id), TestHost.Pool, device.Id,
        device.Size.Sectors, device.ReadOnly);

    /// <summary>As the agent opens the pool with its larger backing.</summary>
    private static ThinPoolTable Table() => new(
        TestHost.Pool, DeviceNames.PoolId(TestHost.PoolUuid), DeviceNames.Metadata(TestHost.PoolName).Path,
        DeviceNames.Data(TestHost.PoolName).Path, ByteSize.GiB(2).Sectors, PoolBlockSize.Default,
        LowWaterMark: ByteSize.GiB(2).Bytes / PoolBlockSize.Default.Bytes.Bytes / 10);

    private void UnmountByHand() =>
        Assert.True(Host.Kernel.Unmount(TestHost.MountOf(Web), detach: false).Succeeded);
}

using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using Xunit;

namespace DmAgents.Testing.Contracts;

/// <summary>Taking devices down, at once or when their last user goes.</summary>
public abstract class RemovalContract(KernelFixture fixture) : KernelContract(fixture)
{
    [Fact]
    public void A_removed_device_and_its_node_are_gone()
    {
        var device = Scope.OpenPool().CreateActive(1);

        Kernel.Remove(device.Name, deferred: false).Must();

        Kernel.Find(device.Name).MustBeRefused(KernelFault.NotFound);
        Kernel.Inspect(device.Name.Path).MustBeRefused(KernelFault.NotFound);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_device_that_is_not_live_is_NotFound(bool deferred)
    {
        var pool = Scope.OpenPool();

        Kernel.Remove(pool.Thin(1).Name, deferred).MustBeRefused(KernelFault.NotFound);
    }

    [Fact]
    public void An_open_device_is_Busy_and_stays()
    {
        var pool = Scope.OpenPool();
        var device = pool.CreateActive(1);
        using var hold = Scope.HoldDevice(device.Name.Path);

        Kernel.Remove(device.Name, deferred: false).MustBeRefused(KernelFault.Busy);

        Assert.Equal(1u, Kernel.Find(device.Name).Must().OpenCount);
        pool.Write(1, block: 0, fill: 1);
    }

    [Fact]
    public void A_mounted_device_is_Busy_and_its_holder_is_named()
    {
        var device = FormattedDevice();
        var mounted = Scope.Mount(device);

        Kernel.Remove(device.Name, deferred: false).MustBeRefused(KernelFault.Busy);

        var holder = Assert.Single(Kernel.Holders(device).Must());
        Assert.Equal(("mount", mounted.Value), (holder.What, holder.Where));
    }

    [Fact]
    public void A_device_below_another_names_it_as_its_holder()
    {
        var pool = Scope.OpenPool();
        var device = pool.CreateActive(1);

        var holder = Assert.Single(Kernel.Holders(Kernel.Find(pool.Name).Must()).Must());

        Assert.Equal(new DeviceHolder("device", device.Name.Value, ProcessId: null), holder);
    }

    [Fact]
    public void A_device_without_users_has_no_holders()
    {
        var device = Scope.OpenPool().CreateActive(1);

        Assert.Empty(Kernel.Holders(device).Must());
    }

    [Fact]
    public void A_deferred_removal_of_an_idle_device_is_done_at_once()
    {
        var device = Scope.OpenPool().CreateActive(1);

        Kernel.Remove(device.Name, deferred: true).Must();

        Kernel.Find(device.Name).MustBeRefused(KernelFault.NotFound);
    }

    [Fact]
    public void A_deferred_removal_waits_for_the_last_user()
    {
        var pool = Scope.OpenPool();
        var device = pool.CreateActive(1);
        var first = Scope.HoldDevice(device.Name.Path);
        var last = Scope.HoldDevice(device.Name.Path);

        Kernel.Remove(device.Name, deferred: true).Must();

        Assert.True(Kernel.Find(device.Name).Must().RemovalDeferred);
        first.Dispose();
        Assert.True(Kernel.Find(device.Name).Must().RemovalDeferred);
        last.Dispose();
        Eventually.True(
            () => Kernel.Find(device.Name).FailedWith(KernelFault.NotFound), "the device goes with its last user");
    }

    [Fact]
    public void A_deferred_removal_waits_for_the_unmount()
    {
        var device = FormattedDevice();
        var mounted = Scope.Mount(device);
        Kernel.Remove(device.Name, deferred: true).Must();
        Fixture.WriteFile(mounted, "still", [1]);

        Kernel.Unmount(mounted, detach: false).Must();

        Eventually.True(
            () => Kernel.Find(device.Name).FailedWith(KernelFault.NotFound), "the device goes with its mount");
    }

    [Fact]
    public void The_thin_id_is_Busy_until_a_deferred_removal_is_through()
    {
        var pool = Scope.OpenPool();
        var device = pool.CreateActive(1);
        var hold = Scope.HoldDevice(device.Name.Path);
        Kernel.Remove(device.Name, deferred: true).Must();
        Kernel.DeleteThin(pool.Name, new ThinId(1)).MustBeRefused(KernelFault.Busy);

        hold.Dispose();

        Eventually.True(() => Kernel.DeleteThin(pool.Name, new ThinId(1)).Succeeded, "the id can be deleted");
    }

    [Fact]
    public void A_name_can_be_used_again_at_once()
    {
        var pool = Scope.OpenPool();
        pool.CreateActive(1);

        for (var round = 0; round < 5; round++)
        {
            pool.Deactivate(1);
            pool.Activate(1);
        }

        pool.Write(1, block: 0, fill: 1);
    }

    private LiveDevice FormattedDevice()
    {
        var device = Scope.OpenPool().CreateActive(1);
        Kernel.Format(device.Name.Path, FileSystemKind.Ext4).Must();
        return device;
    }
}

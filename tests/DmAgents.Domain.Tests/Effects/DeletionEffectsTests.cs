using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports;

namespace DmAgents.Domain.Tests.Effects;

public sealed class DeletionEffectsTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_removed_device_is_gone_from_the_pool_whatever_was_live_of_it(bool discardOnRemove)
    {
        foreach (var use in Enum.GetValues<DeviceUse>())
        {
            var pool = new TestPool(discardOnRemove);
            var device = pool.Container(2, "c", use);

            Assert.IsType<DeletionResult.Gone>(pool.Deletion.Delete(device));

            Assert.Equal([new ThinId(1)], pool.Thins);
            Assert.Empty(pool.Simulated.Mounts().Value);
            Assert.IsType<DeletionResult.Gone>(pool.Deletion.Delete(device));
        }
    }

    [Fact]
    public void A_successor_of_the_same_name_stays_mounted()
    {
        var pool = new TestPool();
        var old = pool.Container(2, "c", DeviceUse.Active);
        var successor = pool.Container(3, "c", DeviceUse.Mounted);

        Assert.IsType<DeletionResult.Gone>(pool.Deletion.Delete(old, keyHasSuccessor: true));

        Assert.True(pool.IsMounted(successor));
    }

    [Fact]
    public void A_device_that_somebody_holds_goes_with_its_holder_and_is_deleted_by_a_later_try()
    {
        var pool = new TestPool();
        var device = pool.Container(2, "c", DeviceUse.Mounted);
        using (pool.Simulated.HoldMount(pool.Context.MountOf(device)))
            Assert.IsType<DeletionResult.Held>(pool.Deletion.Delete(device));

        Assert.Equal(KernelFault.NotFound, pool.Simulated.Find(pool.Context.NameOf(device.Id)).Error!.Fault);
        Assert.IsType<DeletionResult.Gone>(pool.Deletion.Delete(device));
    }

    [Fact]
    public void A_device_that_somebody_opens_between_discard_and_removal_is_held()
    {
        var pool = new TestPool(discardOnRemove: true);
        var device = pool.Container(2, "c");
        pool.Kernel.FailNext(nameof(IMappedDevices.Remove), KernelFault.Busy);

        Assert.IsType<DeletionResult.Held>(pool.Deletion.Delete(device));
        Assert.IsType<DeletionResult.Gone>(pool.Deletion.Delete(device));
    }

    [Fact]
    public void The_thin_id_goes_last_because_recovery_takes_it_for_the_end()
    {
        var pool = new TestPool();
        var device = pool.Container(2, "c", DeviceUse.Mounted);
        pool.Kernel.ClearCallLog();

        pool.Deletion.Delete(device);

        Assert.Equal(nameof(IThinPools.DeleteThin), pool.Kernel.CallLog[^1].Operation);
        Assert.Contains(pool.Kernel.CallLog, c => c.Operation == nameof(IFileSystems.RemoveDirectory));
    }
}

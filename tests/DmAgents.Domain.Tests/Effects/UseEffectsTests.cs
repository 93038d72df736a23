using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;

namespace DmAgents.Domain.Tests.Effects;

public sealed class UseEffectsTests
{
    [Theory]
    [InlineData(DeviceUse.Idle, DeviceUse.Active)]
    [InlineData(DeviceUse.Idle, DeviceUse.Mounted)]
    [InlineData(DeviceUse.Active, DeviceUse.Idle)]
    [InlineData(DeviceUse.Active, DeviceUse.Mounted)]
    [InlineData(DeviceUse.Mounted, DeviceUse.Idle)]
    [InlineData(DeviceUse.Mounted, DeviceUse.Active)]
    public void A_device_is_live_as_its_record_wants_whatever_it_was_before(DeviceUse before, DeviceUse after)
    {
        var pool = new TestPool();
        var device = pool.Container(2, "c", before) with { Use = after };

        Assert.Equal(KernelResult.Done, pool.Use.Settle(device));
        Assert.Equal(KernelResult.Done, pool.Use.Settle(device));

        var live = pool.Simulated.Find(pool.Context.NameOf(device.Id));
        Assert.Equal(after != DeviceUse.Idle, live.Succeeded);
        Assert.Equal(after == DeviceUse.Mounted, pool.Simulated.Mounts().Value.Count == 1);
    }

    [Fact]
    public void A_container_in_which_somebody_works_stays_as_it_is()
    {
        var pool = new TestPool();
        var device = pool.Container(2, "c", DeviceUse.Mounted);
        using var held = pool.Simulated.HoldMount(pool.Context.MountOf(device));

        Assert.Equal(KernelFault.Busy, pool.Use.Settle(device with { Use = DeviceUse.Active }).Error!.Fault);
        Assert.Equal(KernelFault.Busy, pool.Use.Settle(device with { Use = DeviceUse.Idle }).Error!.Fault);
        Assert.True(pool.IsMounted(device));
    }
}

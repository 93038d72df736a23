using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Engine.Tests.Support;

namespace DmAgents.Engine.Tests.Pools;

public sealed class ResizeSpec : PoolSpec
{
    private static readonly ByteSize Larger = ByteSize.MiB(128);

    [Theory]
    [InlineData(DeviceUse.Idle)]
    [InlineData(DeviceUse.Active)]
    [InlineData(DeviceUse.Mounted)]
    public void A_container_grows_whatever_is_live_of_it(DeviceUse use)
    {
        var life = Opened();
        life.Done(Ask.Create("web", use: use));

        var reply = life.Done(Ask.Resize("web", Larger));

        Assert.Equal(Larger, reply.Device!.Size);
        Assert.Equal(use, reply.Device.Use);
        Agrees(life);
    }

    [Fact]
    public void A_growth_that_fails_is_refused_and_finished_by_timer()
    {
        var life = Opened();
        life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        var resize = Ask.Resize("web", Larger);
        life.Kernel.FailNext(nameof(IKernel.Grow), KernelFault.NoSpace, count: 2);

        Assert.Equal(RefusalKind.NoSpace, life.Refused(resize).Kind);

        Agrees(life);
        Assert.Equal(Larger, life.State.Find(Ask.Container("web"))!.Size);
        Assert.True(life.Done(resize).AlreadySo);
    }

    [Fact]
    public void A_growth_that_fails_is_not_told_to_be_done_when_it_is_asked_for_again()
    {
        var life = Opened(Settings with { RetryInterval = TimeSpan.FromHours(1) });
        life.Done(Ask.Create("web"));
        var resize = Ask.Resize("web", Larger);
        life.Kernel.FailNext(nameof(IKernel.Grow), KernelFault.NoSpace);
        life.Refused(resize);

        Assert.Equal(RefusalKind.Busy, life.Refused(resize).Kind);
    }

    /// <summary>Together they would fail: the growth would find a device mounted that should be idle.</summary>
    [Fact]
    public void An_unmount_behind_a_resize_under_way_is_busy_and_a_resize_behind_an_unmount_as_well()
    {
        var life = Opened();
        life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        var growing = life.Kernel.HoldNext(nameof(IKernel.Grow));
        var resize = life.Ask(Ask.Resize("web", Larger));
        life.Reach(growing);
        Assert.Equal(RefusalKind.Busy, life.Refused(Ask.Unmount("web")).Kind);
        growing.Open();
        Assert.IsType<PoolReplies.Resized>(resize.Value);

        var leaving = life.Kernel.HoldNext(nameof(IKernel.Unmount));
        var unmount = life.Ask(Ask.Unmount("web"));
        life.Reach(leaving);
        Assert.Equal(RefusalKind.Busy, life.Refused(Ask.Resize("web", ByteSize.MiB(256))).Kind);
        leaving.Open();
        Assert.IsType<PoolReplies.UseSet>(unmount.Value);
        Agrees(life);
    }

    [Fact]
    public void A_container_does_not_shrink()
    {
        var life = Opened();
        life.Done(Ask.Create("web"));

        Assert.Equal(RefusalKind.Invalid, life.Refused(Ask.Resize("web", ByteSize.MiB(32))).Kind);
        Agrees(life);
    }
}

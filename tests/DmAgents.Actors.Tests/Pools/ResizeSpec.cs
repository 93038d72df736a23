using DmAgents.Actors.Tests.Support;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Actors.Tests.Pools;

public sealed class ResizeSpec : ActorSpec
{
    private static readonly ByteSize Larger = ByteSize.MiB(128);

    [Theory]
    [InlineData(DeviceUse.Idle)]
    [InlineData(DeviceUse.Active)]
    [InlineData(DeviceUse.Mounted)]
    public async Task A_container_grows_whatever_is_live_of_it(DeviceUse use)
    {
        var life = await Opened();
        await life.Done(Ask.Create("web", use: use));

        var reply = await life.Done(Ask.Resize("web", Larger));

        Assert.Equal(Larger, reply.Device!.Size);
        Assert.Equal(use, reply.Device.Use);
        await Agrees(life);
    }

    [Fact]
    public async Task A_growth_that_fails_is_refused_and_finished_by_timer()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        var resize = Ask.Resize("web", Larger);
        life.Kernel.FailNext(nameof(IKernel.Grow), KernelFault.NoSpace, count: 2);

        Assert.Equal(RefusalKind.NoSpace, (await life.Refused(resize)).Kind);

        await Agrees(life);
        Assert.Equal(Larger, life.State.Find(Ask.Container("web"))!.Size);
        Assert.True((await life.Done(resize)).AlreadySo);
    }

    [Fact]
    public async Task A_growth_that_fails_is_not_told_to_be_done_when_it_is_asked_for_again()
    {
        var life = await Opened(Settings with { RetryInterval = TimeSpan.FromHours(1) });
        await life.Done(Ask.Create("web"));
        var resize = Ask.Resize("web", Larger);
        life.Kernel.FailNext(nameof(IKernel.Grow), KernelFault.NoSpace);
        await life.Refused(resize);

        Assert.Equal(RefusalKind.Busy, (await life.Refused(resize)).Kind);
    }

    [Fact]
    public async Task A_container_does_not_shrink()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web"));

        Assert.Equal(RefusalKind.Invalid, (await life.Refused(Ask.Resize("web", ByteSize.MiB(32)))).Kind);
        await Agrees(life);
    }
}

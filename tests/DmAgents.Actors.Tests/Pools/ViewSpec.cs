using DmAgents.Actors.Tests.Support;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;

namespace DmAgents.Actors.Tests.Pools;

/// <summary>Views: names under which one live device is read.</summary>
public sealed class ViewSpec : ActorSpec
{
    private static readonly DeviceKey Layer = Ask.Layer("a");

    [Fact]
    public async Task Views_of_one_layer_share_its_device_which_refuses_writes()
    {
        var life = await Opened();
        var layer = await MakeLayer(life, "a");

        var first = await life.Done(Ask.View("v", Layer));
        var second = await life.Done(Ask.View("w", Layer));

        Assert.Equal((layer.Id, layer.Id), (first.Device!.Id, second.Device!.Id));
        Assert.True(Host.Kernel.Find(TestHost.Thin(layer.Id)).Value.ReadOnly);
        Assert.Equal(2, Host.Thins.Count);
        await Agrees(life);
    }

    [Fact]
    public async Task The_last_view_takes_the_device_with_it()
    {
        var life = await Opened();
        var layer = await MakeLayer(life, "a");
        await life.Done(Ask.View("v", Layer));
        await life.Done(Ask.View("w", Layer));

        await life.Done(Ask.Remove(Ask.View("v")));
        await Agrees(life);
        Assert.True(Host.IsLive(layer.Id));

        await life.Done(Ask.Remove(Ask.View("w")));
        await Agrees(life);
        Assert.False(Host.IsLive(layer.Id));
    }

    [Fact]
    public async Task A_device_that_somebody_still_reads_goes_when_he_is_done()
    {
        var life = await Opened();
        var layer = await MakeLayer(life, "a");
        await life.Done(Ask.View("v", Layer));
        var elsewhere = new MountPath("/elsewhere");
        Host.Kernel.Mount(TestHost.Thin(layer.Id).Path, elsewhere, FileSystemKind.Ext4, readOnly: true);

        await life.Done(Ask.Remove(Ask.View("v")));
        Assert.Empty(life.State.Views);

        // Seen again meanwhile: it was never away.
        await life.Done(Ask.View("w", Layer));
        Assert.True(Host.IsLive(layer.Id));
        await life.Done(Ask.Remove(Ask.View("w")));
        Assert.True(Host.Kernel.Unmount(elsewhere, detach: false).Succeeded);
        await Agrees(life);
    }

    [Fact]
    public async Task A_view_whose_device_cannot_be_made_live_is_refused_and_may_be_asked_for_again()
    {
        var life = await Opened();
        await MakeLayer(life, "a");
        life.Kernel.FailNext(nameof(IKernel.ActivateThin), KernelFault.Failed);
        var view = Ask.View("v", Layer);

        Assert.Equal("cannot create view", (await life.Refused(view)).What);
        Assert.Empty(life.State.Views);
        await Agrees(life);

        Assert.False((await life.Done(view)).AlreadySo);
        await Agrees(life);
    }

    [Fact]
    public async Task The_base_is_shown_as_soon_as_it_is_formatted()
    {
        var life = await Opened();

        var reply = await life.Done(Ask.View("v", null));

        Assert.Equal(DeviceKind.Base, reply.Device!.Kind);
        Assert.True(Host.IsLive(reply.Device.Id));
        await Agrees(life);
        await life.Done(Ask.Create("web"));
        await Agrees(life);
    }

    [Fact]
    public async Task A_view_of_a_base_that_cannot_be_formatted_is_refused()
    {
        var life = await Opened();
        life.Kernel.FailNext(nameof(IKernel.Format), KernelFault.NotSupported);

        await life.Refused(Ask.View("v", null));

        Assert.Empty(life.State.Views);
        await Agrees(life);
    }

    [Fact]
    public async Task After_a_restart_views_are_there_and_live()
    {
        var life = await Opened();
        var layer = await MakeLayer(life, "a");
        await life.Done(Ask.View("v", Layer));
        await Settled(life);
        await life.Die();
        Host.Kernel.PowerCut();

        var next = await Reopened();

        Assert.Contains(Ask.View("v"), next.State.Views.Keys);
        Assert.True(Host.IsLive(layer.Id));
        await Agrees(next);
    }
}

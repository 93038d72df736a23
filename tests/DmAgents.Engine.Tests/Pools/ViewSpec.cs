using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Engine.Tests.Support;

namespace DmAgents.Engine.Tests.Pools;

/// <summary>Views: names under which one live device can be read.</summary>
public sealed class ViewSpec : PoolSpec
{
    private static readonly DeviceKey Layer = Ask.Layer("a");

    [Fact]
    public void Views_of_one_layer_share_its_device_which_refuses_writes()
    {
        var life = Opened();
        var layer = MakeLayer(life, "a");

        var first = life.Done(Ask.View("v", Layer));
        var second = life.Done(Ask.View("w", Layer));

        Assert.Equal((layer.Id, layer.Id), (first.Device!.Id, second.Device!.Id));
        Assert.True(Host.Kernel.Find(TestHost.Thin(layer.Id)).Value.ReadOnly);
        Assert.Equal(2, Host.Thins.Count);
        Agrees(life);
    }

    [Fact]
    public void The_last_view_takes_the_device_with_it()
    {
        var life = Opened();
        var layer = MakeLayer(life, "a");
        life.Done(Ask.View("v", Layer));
        life.Done(Ask.View("w", Layer));

        life.Done(Ask.Remove(Ask.View("v")));
        Agrees(life);
        Assert.True(Host.IsLive(layer.Id));

        life.Done(Ask.Remove(Ask.View("w")));
        Agrees(life);
        Assert.False(Host.IsLive(layer.Id));
    }

    [Fact]
    public void A_device_that_somebody_still_reads_goes_when_he_is_done()
    {
        var life = Opened();
        var layer = MakeLayer(life, "a");
        life.Done(Ask.View("v", Layer));
        var elsewhere = new MountPath("/elsewhere");
        Host.Kernel.Mount(TestHost.Thin(layer.Id).Path, elsewhere, FileSystemKind.Ext4, readOnly: true);

        life.Done(Ask.Remove(Ask.View("v")));
        Assert.Empty(life.State.Views);

        // It has a view again meanwhile: it was never deactivated.
        life.Done(Ask.View("w", Layer));
        Assert.True(Host.IsLive(layer.Id));
        life.Done(Ask.Remove(Ask.View("w")));
        Assert.True(Host.Kernel.Unmount(elsewhere, detach: false).Succeeded);
        Agrees(life);
    }

    [Fact]
    public void A_view_whose_device_cannot_be_made_live_is_refused_and_may_be_asked_for_again()
    {
        var life = Opened();
        MakeLayer(life, "a");
        life.Kernel.FailNext(nameof(IKernel.ActivateThin), KernelFault.Failed);
        var view = Ask.View("v", Layer);

        Assert.Equal("cannot create view", life.Refused(view).What);
        Assert.Empty(life.State.Views);
        Agrees(life);

        Assert.False(life.Done(view).AlreadySo);
        Agrees(life);
    }

    [Fact]
    public void The_base_is_shown_as_soon_as_it_is_formatted()
    {
        var life = Opened();

        var reply = life.Done(Ask.View("v", null));

        Assert.Equal(DeviceKind.Base, reply.Device!.Kind);
        Assert.True(Host.IsLive(reply.Device.Id));
        Agrees(life);
        life.Done(Ask.Create("web"));
        Agrees(life);
    }

    [Fact]
    public void A_view_of_a_base_that_cannot_be_formatted_is_refused()
    {
        var life = Opened();
        life.Kernel.FailNext(nameof(IKernel.Format), KernelFault.NotSupported);

        life.Refused(Ask.View("v", null));

        Assert.Empty(life.State.Views);
        Agrees(life);
    }

    [Fact]
    public void After_a_restart_views_are_there_and_live()
    {
        var life = Opened();
        var layer = MakeLayer(life, "a");
        life.Done(Ask.View("v", Layer));
        Settled(life);
        life.Die();
        Host.Kernel.PowerCut();

        var next = Reopened();

        Assert.Contains(Ask.View("v"), next.State.Views.Keys);
        Assert.True(Host.IsLive(layer.Id));
        Agrees(next);
    }
}

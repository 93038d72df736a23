using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Engine.Tests.Support;

namespace DmAgents.Engine.Tests.Pools;

/// <summary>Mounting, unmounting, activating; and simultaneous operations on one device.</summary>
public sealed class UseSpec : PoolSpec
{
    [Fact]
    public void A_mounted_container_is_in_its_place_and_gone_from_there_when_unmounted()
    {
        var life = Opened();
        life.Done(Ask.Create("web"));

        life.Done(Ask.Mount("web"));
        Assert.True(Host.IsMounted(Ask.Container("web")));
        Agrees(life);

        life.Done(Ask.Unmount("web"));
        Agrees(life);
    }

    /// <summary>The projection removes the directory of a device that had the key before.</summary>
    [Fact]
    public void A_mount_whose_directory_goes_meanwhile_is_made_again()
    {
        var life = Opened();
        life.Done(Ask.Create("web"));
        life.Kernel.FailNext(nameof(IKernel.Mount), KernelFault.NotFound);

        life.Done(Ask.Mount("web"));

        Assert.True(Host.IsMounted(Ask.Container("web")));
    }

    [Fact]
    public void An_active_container_is_live_and_not_mounted()
    {
        var life = Opened();
        life.Done(Ask.Create("web"));

        var reply = life.Done(Ask.Use(Ask.Container("web"), DeviceUse.Active));

        Assert.True(Host.IsLive(reply.Device!.Id));
        Assert.False(Host.IsMounted(reply.Device.Key));
        Agrees(life);
    }

    [Fact]
    public void A_layer_is_mounted_read_only()
    {
        var life = Opened();
        MakeLayer(life, "a");

        life.Done(Ask.Use(Ask.Layer("a"), DeviceUse.Mounted));

        Assert.True(Assert.Single(Host.Kernel.Mounts().Value).ReadOnly);
        Agrees(life);
    }

    [Fact]
    public void An_unmount_that_is_busy_is_refused_and_the_container_stays_mounted()
    {
        var life = Opened();
        life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        var unmount = Ask.Unmount("web");
        using (Host.Kernel.HoldMount(TestHost.MountOf(Ask.Container("web"))))
        {
            var refusal = life.Refused(unmount);

            Assert.Equal((RefusalKind.Busy, "cannot unmount"), (refusal.Kind, refusal.What));
            Assert.Contains("held by", refusal.Why, StringComparison.Ordinal);
            Assert.Equal(DeviceUse.Mounted, life.State.Find(Ask.Container("web"))!.Use);
            Agrees(life);
        }

        Assert.False(life.Done(unmount).AlreadySo);
        Agrees(life);
    }

    [Fact]
    public void A_container_that_is_detached_is_unmounted_at_once_and_not_live_when_its_last_user_has_gone()
    {
        var life = Opened();
        life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        using (Host.Kernel.HoldMount(TestHost.MountOf(Ask.Container("web"))))
        {
            life.Done(Ask.Unmount("web") with { Detach = true });
            Assert.False(Host.IsMounted(Ask.Container("web")));
        }

        Agrees(life);
    }

    [Fact]
    public void A_detached_container_is_not_active_while_it_may_go_with_its_last_user()
    {
        var life = Opened();
        life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        var activate = Ask.Use(Ask.Container("web"), DeviceUse.Active);
        using (Host.Kernel.HoldMount(TestHost.MountOf(Ask.Container("web"))))
        {
            life.Done(Ask.Unmount("web") with { Detach = true });

            Assert.Equal(RefusalKind.Busy, life.Refused(activate).Kind);
        }

        Agrees(life);
        life.Done(activate);
        Agrees(life);
    }

    [Fact]
    public void A_mount_that_the_kernel_refuses_is_refused_and_the_same_request_may_try_again()
    {
        var life = Opened();
        life.Done(Ask.Create("web"));
        var mount = Ask.Mount("web");
        life.Kernel.FailNext(nameof(IKernel.Mount), KernelFault.Invalid);

        life.Refused(mount);
        Agrees(life);

        Assert.False(life.Done(mount).AlreadySo);
        Assert.True(Host.IsMounted(Ask.Container("web")));
    }

    [Fact]
    public void A_refused_mount_is_refused_after_a_restart_too()
    {
        var life = Opened();
        life.Done(Ask.Create("web"));
        var mount = Ask.Mount("web");
        life.Kernel.FailNext(nameof(IKernel.Mount), KernelFault.Invalid);
        life.Refused(mount);
        life.Die();

        var next = Reopened();

        Assert.Equal(DeviceUse.Idle, next.State.Find(Ask.Container("web"))!.Use);
        Agrees(next);
        Assert.False(next.Done(mount).AlreadySo);
    }

    [Fact]
    public void A_removal_behind_an_unmount_under_way_is_carried_out()
    {
        var life = Opened();
        life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        var held = life.Kernel.HoldNext(nameof(IKernel.Unmount));
        var unmount = life.Ask(Ask.Unmount("web"));
        life.Reach(held);
        var removal = life.Done(Ask.Remove("web"));
        held.Open();

        Assert.IsAssignableFrom<PoolReplies.Success>(unmount.Value);
        Agrees(life);
        Assert.DoesNotContain(removal.Device!.Id, Host.Thins);
    }

    public static TheoryData<PoolCommand> ChangesOfUse => [
        Ask.Mount("web"), Ask.Use(Ask.Container("web"), DeviceUse.Active), Ask.Commit("web", Ask.Layer("a"))];

    /// <summary>If it were accepted, it would build on an unmount that the kernel may still refuse: a commit, for
    /// example, would make a layer of a device that is mounted and written.</summary>
    [Theory, MemberData(nameof(ChangesOfUse), DisableDiscoveryEnumeration = true)]
    public void A_change_behind_an_unmount_under_way_is_busy(PoolCommand behind)
    {
        var life = Opened();
        life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        using var user = Host.Kernel.HoldMount(TestHost.MountOf(Ask.Container("web")));
        var held = life.Kernel.HoldNext(nameof(IKernel.Unmount));
        var unmount = life.Ask(Ask.Unmount("web"));
        life.Reach(held);

        Assert.Equal(RefusalKind.Busy, life.Refused(behind).Kind);

        held.Open();
        Assert.IsType<PoolReplies.Refused>(unmount.Value);
        Assert.Equal(DeviceUse.Mounted, life.State.Find(Ask.Container("web"))!.Use);
        Agrees(life);
    }

    [Fact]
    public void A_refused_unmount_does_not_mount_a_container_that_is_being_removed()
    {
        var life = Opened();
        life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        using var user = Host.Kernel.HoldMount(TestHost.MountOf(Ask.Container("web")));
        var held = life.Kernel.HoldNext(nameof(IKernel.Unmount));
        var unmount = life.Ask(Ask.Unmount("web"));
        life.Reach(held);
        var removed = life.Done(Ask.Remove("web")).Device!;
        held.Open();

        Assert.IsType<PoolReplies.Refused>(unmount.Value);
        Assert.Equal(DeviceUse.Idle, life.State.Devices[removed.Id].Use);
        user.Dispose();
        Agrees(life);
    }
}

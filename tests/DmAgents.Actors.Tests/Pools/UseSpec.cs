using DmAgents.Actors.Tests.Support;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;

namespace DmAgents.Actors.Tests.Pools;

/// <summary>Mounting, unmounting, activating; and what happens to one device at the same time.</summary>
public sealed class UseSpec : ActorSpec
{
    [Fact]
    public async Task A_mounted_container_is_in_its_place_and_gone_from_there_when_unmounted()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web"));

        await life.Done(Ask.Mount("web"));
        Assert.True(Host.IsMounted(Ask.Container("web")));
        await Agrees(life);

        await life.Done(Ask.Unmount("web"));
        await Agrees(life);
    }

    /// <summary>The projection takes the directory of one that had the key before.</summary>
    [Fact]
    public async Task A_mount_whose_directory_goes_meanwhile_is_made_again()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web"));
        life.Kernel.FailNext(nameof(IKernel.Mount), KernelFault.NotFound);

        await life.Done(Ask.Mount("web"));

        Assert.True(Host.IsMounted(Ask.Container("web")));
    }

    [Fact]
    public async Task An_active_container_is_live_and_not_mounted()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web"));

        var reply = await life.Done(Ask.Use(Ask.Container("web"), DeviceUse.Active));

        Assert.True(Host.IsLive(reply.Device!.Id));
        Assert.False(Host.IsMounted(reply.Device.Key));
        await Agrees(life);
    }

    [Fact]
    public async Task A_layer_is_mounted_read_only()
    {
        var life = await Opened();
        await MakeLayer(life, "a");

        await life.Done(Ask.Use(Ask.Layer("a"), DeviceUse.Mounted));

        Assert.True(Assert.Single(Host.Kernel.Mounts().Value).ReadOnly);
        await Agrees(life);
    }

    [Fact]
    public async Task An_unmount_that_is_busy_is_refused_and_the_container_stays_mounted()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        var unmount = Ask.Unmount("web");
        using (Host.Kernel.HoldMount(TestHost.MountOf(Ask.Container("web"))))
        {
            var refusal = await life.Refused(unmount);

            Assert.Equal((RefusalKind.Busy, "cannot unmount"), (refusal.Kind, refusal.What));
            Assert.Contains("held by", refusal.Why, StringComparison.Ordinal);
            Assert.Equal(DeviceUse.Mounted, life.State.Find(Ask.Container("web"))!.Use);
            await Agrees(life);
        }

        Assert.False((await life.Done(unmount)).AlreadySo);
        await Agrees(life);
    }

    [Fact]
    public async Task A_container_that_is_detached_is_unmounted_at_once_and_not_live_when_its_last_user_has_gone()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        using (Host.Kernel.HoldMount(TestHost.MountOf(Ask.Container("web"))))
        {
            await life.Done(Ask.Unmount("web") with { Detach = true });
            Assert.False(Host.IsMounted(Ask.Container("web")));
        }

        await Agrees(life);
    }

    [Fact]
    public async Task A_detached_container_is_not_active_while_it_may_go_with_its_last_user()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        var activate = Ask.Use(Ask.Container("web"), DeviceUse.Active);
        using (Host.Kernel.HoldMount(TestHost.MountOf(Ask.Container("web"))))
        {
            await life.Done(Ask.Unmount("web") with { Detach = true });

            Assert.Equal(RefusalKind.Busy, (await life.Refused(activate)).Kind);
        }

        await Agrees(life);
        await life.Done(activate);
        await Agrees(life);
    }

    [Fact]
    public async Task A_mount_that_the_kernel_refuses_is_refused_and_the_same_request_may_try_again()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web"));
        var mount = Ask.Mount("web");
        life.Kernel.FailNext(nameof(IKernel.Mount), KernelFault.Invalid);

        await life.Refused(mount);
        await Agrees(life);

        Assert.False((await life.Done(mount)).AlreadySo);
        Assert.True(Host.IsMounted(Ask.Container("web")));
    }

    [Fact]
    public async Task A_refused_mount_is_refused_after_a_restart_too()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web"));
        var mount = Ask.Mount("web");
        life.Kernel.FailNext(nameof(IKernel.Mount), KernelFault.Invalid);
        await life.Refused(mount);
        await life.Die();

        var next = await Reopened();

        Assert.Equal(DeviceUse.Idle, next.State.Find(Ask.Container("web"))!.Use);
        await Agrees(next);
        Assert.False((await next.Done(mount)).AlreadySo);
    }

    [Fact]
    public async Task A_removal_behind_an_unmount_under_way_is_carried_out()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        var held = life.Kernel.HoldNext(nameof(IKernel.Unmount));
        var unmount = life.Ask(Ask.Unmount("web"));
        await held.Reached;
        var removal = await life.Done(Ask.Remove("web"));
        held.Open();

        Assert.IsAssignableFrom<PoolReplies.Success>(await unmount);
        await Agrees(life);
        Assert.DoesNotContain(removal.Device!.Id, Host.Thins);
    }

    public static TheoryData<PoolCommand> ChangesOfUse => [
        Ask.Mount("web"), Ask.Use(Ask.Container("web"), DeviceUse.Active), Ask.Commit("web", Ask.Layer("a"))];

    /// <summary>Were it accepted, it would build on an unmount that the kernel may refuse yet: a commit, for one, would
    /// make a layer of what is mounted and written.</summary>
    [Theory, MemberData(nameof(ChangesOfUse), DisableDiscoveryEnumeration = true)]
    public async Task A_change_behind_an_unmount_under_way_is_busy(PoolCommand behind)
    {
        var life = await Opened();
        await life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        using var user = Host.Kernel.HoldMount(TestHost.MountOf(Ask.Container("web")));
        var held = life.Kernel.HoldNext(nameof(IKernel.Unmount));
        var unmount = life.Ask(Ask.Unmount("web"));
        await held.Reached;

        Assert.Equal(RefusalKind.Busy, (await life.Refused(behind)).Kind);

        held.Open();
        Assert.IsType<PoolReplies.Refused>(await unmount);
        Assert.Equal(DeviceUse.Mounted, life.State.Find(Ask.Container("web"))!.Use);
        await Agrees(life);
    }

    [Fact]
    public async Task A_refused_unmount_does_not_mount_a_container_that_is_being_removed()
    {
        var life = await Opened();
        await life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        using var user = Host.Kernel.HoldMount(TestHost.MountOf(Ask.Container("web")));
        var held = life.Kernel.HoldNext(nameof(IKernel.Unmount));
        var unmount = life.Ask(Ask.Unmount("web"));
        await held.Reached;
        var removed = (await life.Done(Ask.Remove("web"))).Device!;
        held.Open();

        Assert.IsType<PoolReplies.Refused>(await unmount);
        Assert.Equal(DeviceUse.Idle, life.State.Devices[removed.Id].Use);
        user.Dispose();
        await Agrees(life);
    }
}

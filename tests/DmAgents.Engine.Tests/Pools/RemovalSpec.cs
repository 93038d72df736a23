using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Engine.Tests.Support;

namespace DmAgents.Engine.Tests.Pools;

public sealed class RemovalSpec : PoolSpec
{
    [Fact]
    public void The_last_container_of_a_removed_image_takes_its_layers_along()
    {
        var life = WithRemovedImage();
        life.Done(Ask.Create("second", Ask.Layer("top")));

        life.Done(Ask.Remove("first"));
        Assert.NotNull(life.State.Find(Ask.Layer("top")));
        life.Done(Ask.Remove("second"));

        life.RunUntil(() => life.State.Find(Ask.Layer("top")) is null, () => "the layer stays");
        Agrees(life);
        Assert.DoesNotContain(life.State.Devices.Values, device => device.Kind == DeviceKind.Layer);
    }

    [Fact]
    public void The_last_view_of_a_removed_image_takes_its_layers_along()
    {
        var life = WithRemovedImage();
        life.Done(Ask.View("v", Ask.Layer("top")));
        life.Done(Ask.Remove("first"));
        Assert.NotNull(life.State.Find(Ask.Layer("top")));

        life.Done(Ask.Remove(Ask.View("v")));

        life.RunUntil(() => life.State.Find(Ask.Layer("top")) is null, () => "the layer stays");
        Agrees(life);
    }

    [Fact]
    public void An_unneeded_layer_stays_while_an_import_is_under_way_that_may_build_upon_it()
    {
        var life = WithRemovedImage(Settings with { StatusInterval = TimeSpan.FromSeconds(5) });
        using (life.Work.Begin(TestHost.PoolName, Ask.NewRequest()))
        {
            life.Done(Ask.Remove("first"));
            Settled(life);
            Assert.NotNull(life.State.Find(Ask.Layer("top")));
        }

        life.RunUntil(() => life.State.Find(Ask.Layer("top")) is null, () => "the layer stays");
        Agrees(life);
    }

    [Fact]
    public void A_removal_is_answered_before_the_blocks_are_back_and_the_name_is_free()
    {
        var life = Opened();
        life.Done(Ask.Create("web"));
        var held = life.Kernel.HoldNext(nameof(IKernel.DeleteThin));

        var removed = life.Done(Ask.Remove("web")).Device!;
        life.Reach(held);
        Assert.Contains(removed.Id, Host.Thins);
        var again = life.Done(Ask.Create("web")).Device!;
        held.Open();

        Assert.NotEqual(removed.Id, again.Id);
        Agrees(life);
        Assert.DoesNotContain(removed.Id, Host.Thins);
    }

    [Fact]
    public void A_device_that_somebody_holds_is_deleted_when_he_lets_go()
    {
        var life = Opened();
        var device = life.Done(Ask.Create("web")).Device!;
        life.Done(Ask.Use(device.Key, DeviceUse.Active));
        using (Host.Kernel.HoldDevice(TestHost.Thin(device.Id).Path))
        {
            life.Done(Ask.Remove("web"));

            life.RunUntil(
                () => life.Machine.PendingDeletions.TryGetValue(device.Id, out var pending) && pending.Tries >= 3,
                () => "it was not tried again");
            Assert.Contains(device.Id, Host.Thins);
        }

        Agrees(life);
        Assert.DoesNotContain(device.Id, Host.Thins);
    }

    [Fact]
    public void A_mounted_container_that_is_removed_by_force_is_gone_from_its_place_at_once()
    {
        var life = Opened();
        var device = life.Done(Ask.Create("web", use: DeviceUse.Mounted)).Device!;
        using (Host.Kernel.HoldMount(TestHost.MountOf(device.Key)))
        {
            life.Done(Ask.Remove("web", force: true));
            life.RunUntil(() => !Host.IsMounted(device.Key), () => "it is still mounted");
        }

        Agrees(life);
    }

    [Fact]
    public void A_successor_of_the_same_name_keeps_its_mount_while_the_removed_one_is_held()
    {
        var life = Opened();
        var device = life.Done(Ask.Create("web", use: DeviceUse.Mounted)).Device!;
        using (Host.Kernel.HoldMount(TestHost.MountOf(device.Key)))
        {
            life.Done(Ask.Remove("web", force: true));
            life.Done(Ask.Create("web", use: DeviceUse.Mounted));
            life.RunUntil(
                () => life.Machine.PendingDeletions.TryGetValue(device.Id, out var pending) && pending.Tries > 2,
                () => "it was not tried again");
            Assert.True(Host.IsMounted(device.Key));
        }

        Agrees(life);
        Assert.True(Host.IsMounted(device.Key));
        Assert.True(Host.HasDirectory(TestHost.MountOf(device.Key)));
    }

    [Fact]
    public void A_deletion_that_the_kernel_refuses_is_tried_again()
    {
        var life = Opened();
        life.Done(Ask.Create("web"));
        life.Kernel.FailNext(nameof(IKernel.DeleteThin), KernelFault.Failed, count: 2);

        life.Done(Ask.Remove("web"));

        Agrees(life);
    }

    [Fact]
    public void Deletions_wait_for_a_pool_that_takes_no_changes_and_go_on_when_it_does()
    {
        var life = Opened(Settings with { StatusInterval = TimeSpan.FromMilliseconds(20) });
        var device = life.Done(Ask.Create("web")).Device!;
        Agrees(life);
        Host.Kernel.BreakMetadata(TestHost.Pool);
        life.RunUntil(() => life.Machine.Health is { CanChange: false }, () => "the status was not read");
        life.Done(Ask.Remove("web"));

        // An operator deactivates the pool, repairs its metadata, and activates it again. The agent must not read the
        // status meanwhile: it would open the pool that it finds closed.
        var look = life.Kernel.HoldNext(nameof(IKernel.PoolStatus));
        life.Reach(look);
        var assembly = new AssemblyEffects(Host.Kernel, new PoolContext(life.State.Identity!, TestHost.Paths, false));
        Assert.True(Host.Kernel.ClosePool(TestHost.Pool).Succeeded);
        Assert.True(Host.Kernel.ClearNeedsCheck(DeviceNames.Metadata(TestHost.PoolName).Path).Succeeded);
        Assert.True(assembly.Open().Succeeded);
        look.Open();

        Agrees(life);
        Assert.DoesNotContain(device.Id, Host.Thins);
    }

    [Fact]
    public void Blocks_are_discarded_first_where_the_settings_say_so()
    {
        var life = Opened(Settings with { DiscardOnRemove = true });
        var device = life.Done(Ask.Create("web", use: DeviceUse.Active)).Device!;
        Host.Kernel.Write(TestHost.Thin(device.Id).Path, ByteSize.MiB(1), new byte[4096]);
        life.Kernel.ClearCallLog();

        life.Done(Ask.Remove("web"));
        Agrees(life);

        var calls = life.Kernel.CallLog.Select(call => call.Operation).ToList();
        Assert.True(calls.IndexOf(nameof(IKernel.Discard)) is var at and >= 0
            && at < calls.IndexOf(nameof(IKernel.DeleteThin)));
    }

    [Fact]
    public void Removals_that_a_dead_agent_left_are_carried_out_by_the_next()
    {
        var life = Opened();
        life.Done(Ask.Create("web"));
        var held = life.Kernel.HoldNext(nameof(IKernel.DeleteThin));
        life.Done(Ask.Remove("web"));
        life.Reach(held);
        life.Die(held);

        Agrees(Reopened());
    }

    [Fact]
    public void An_image_takes_the_layers_with_it_that_nothing_else_needs()
    {
        var life = Opened();
        MakeLayer(life, "shared");
        MakeLayer(life, "top", Ask.Layer("shared"));
        MakeLayer(life, "other", Ask.Layer("shared"));
        life.Done(Ask.Tag("app:1", Ask.Layer("top")));
        life.Done(Ask.Tag("app:2", Ask.Layer("other")));

        var one = life.Done(Ask.Untag("app:1"));
        Assert.Equal([Ask.Layer("top")], one.Removed.Select(d => d.Key));
        Agrees(life);

        var two = life.Done(Ask.Untag("app:2"));
        Assert.Equal([Ask.Layer("other"), Ask.Layer("shared")], two.Removed.Select(d => d.Key));
        Agrees(life);
        Assert.Equal([DeviceKind.Base], life.State.Devices.Values.Select(d => d.Kind));
    }

    /// <summary>An imported image of two layers, removed while container "first" is made of it.</summary>
    private PoolLife WithRemovedImage(PoolSettings? settings = null)
    {
        var life = Opened(settings);
        Import("below", parent: null);
        Import("top", Ask.Layer("below"));
        life.Done(Ask.Tag("app:1", Ask.Layer("top")));
        life.Done(Ask.Create("first", Ask.Layer("top")));
        life.Done(Ask.Untag("app:1"));
        return life;

        void Import(string name, DeviceKey? parent)
        {
            life.Done(Ask.Create($"making-{name}", parent));
            var commit = Ask.Commit($"making-{name}", Ask.Layer(name));
            life.Done(commit with { Labels = commit.Labels.Add(DeviceLabels.Import, $"{Guid.NewGuid()}") });
        }
    }
}

using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Engine.Tests.Support;

namespace DmAgents.Engine.Tests.Pools;

public sealed class ContainerCreationSpec : PoolSpec
{
    public static TheoryData<KernelFault> Faults => [.. Enum.GetValues<KernelFault>()];

    [Fact]
    public void The_first_container_brings_its_base_with_it()
    {
        var life = Opened();

        var reply = life.Done(Ask.Create("web"));

        Assert.Equal(Ask.Container("web"), reply.Device!.Key);
        Assert.Equal(DevicePhase.Ready, reply.Device.Phase);
        Assert.Equal(DeviceKind.Base, life.State.Devices[reply.Device.Parent!.Value].Kind);
        Agrees(life);
    }

    [Fact]
    public void A_container_of_a_layer_holds_what_the_layer_holds()
    {
        var life = Opened();
        life.Done(Ask.Create("making", use: DeviceUse.Mounted));
        Host.Kernel.WriteFile(TestHost.MountOf(Ask.Container("making")), "hello", "layer"u8);
        life.Done(Ask.Unmount("making"));
        var layer = life.Done(Ask.Commit("making", Ask.Layer("a"))).Layer!;

        var container = life.Done(Ask.Create("web", Ask.Layer("a"), DeviceUse.Mounted)).Device!;

        Assert.Equal(layer.Id, container.Parent);
        Assert.Equal("layer"u8, Host.Kernel.ReadFile(TestHost.MountOf(container.Key), "hello").Value);
        Agrees(life);
    }

    [Fact]
    public void A_container_that_is_to_be_mounted_is_mounted_when_the_answer_comes()
    {
        var life = Opened();

        var reply = life.Done(Ask.Create("web", use: DeviceUse.Mounted));

        Assert.True(Host.IsMounted(reply.Device!.Key));
        Agrees(life);
    }

    [Fact]
    public void A_larger_container_has_a_larger_file_system()
    {
        var life = Opened();
        MakeLayer(life, "a");

        var reply = life.Done(Ask.Create("web", Ask.Layer("a"), size: ByteSize.MiB(128)));

        Assert.Equal(ByteSize.MiB(128), reply.Device!.Size);
        Assert.Contains(life.Kernel.CallLog, call => call.Operation == nameof(IKernel.Grow));
        Agrees(life);
    }

    [Fact]
    public void Create_replies_only_after_the_intent_is_durable()
    {
        var life = Opened();
        MakeLayer(life, "a");
        life.Kernel.ClearCallLog();
        life.HoldJournal();

        var reply = life.Ask(Ask.Create("web", Ask.Layer("a")));
        life.RunUntil(() => life.HeldWrites == 1, () => "nothing came to the journal");
        life.Refused(Ask.Create("other", Ask.Layer("unknown")));

        Assert.DoesNotContain(life.Kernel.CallLog, call => call.Operation == nameof(IKernel.CreateSnapshot));
        Assert.False(reply.IsGiven);

        life.ReleaseJournal();
        Assert.IsAssignableFrom<PoolReplies.Success>(reply.Value);
        Agrees(life);
    }

    [Fact]
    public void Containers_of_a_base_that_is_being_made_wait_for_it()
    {
        var life = Opened();
        var held = life.Kernel.HoldNext(nameof(IKernel.Format));

        var replies = new[] { life.Ask(Ask.Create("one")), life.Ask(Ask.Create("two")), life.Ask(Ask.Create("three")) };
        life.Reach(held);
        life.Refused(Ask.Create("other", Ask.Layer("unknown")));
        Assert.DoesNotContain(life.Kernel.CallLog, call => call.Operation == nameof(IKernel.CreateSnapshot));
        held.Open();

        Assert.All(replies, reply => Assert.IsAssignableFrom<PoolReplies.Success>(reply.Value));
        Assert.Single(life.Kernel.CallLog, call => call.Operation == nameof(IKernel.Format));
        Agrees(life);
    }

    [Theory, MemberData(nameof(Faults))]
    public void A_snapshot_that_the_kernel_refuses_leaves_nothing(KernelFault fault)
    {
        var life = Opened();
        MakeLayer(life, "a");
        var create = Ask.Create("web", Ask.Layer("a"));
        life.Kernel.FailNext(nameof(IKernel.CreateSnapshot), fault);

        var refusal = life.Refused(create);

        Assert.Equal("cannot create container", refusal.What);
        Assert.Contains(fault.ToString(), refusal.Why, StringComparison.Ordinal);
        Assert.Null(life.State.Find(create.Key));
        var inDoubt = fault is KernelFault.TimedOut or KernelFault.Failed or KernelFault.Exists;
        Assert.Equal(inDoubt ? 1 : 0, life.State.Ledger.Quarantine.Count);
        Agrees(life);
        Assert.False(life.Done(create).AlreadySo);
    }

    [Fact]
    public void A_snapshot_of_which_nobody_knows_whether_it_was_made_keeps_its_id_in_quarantine()
    {
        var life = Opened();
        MakeLayer(life, "a");
        life.Kernel.FailNext(nameof(IKernel.CreateSnapshot), KernelFault.TimedOut, afterEffect: true);

        life.Refused(Ask.Create("web", Ask.Layer("a")));

        var id = Assert.Single(life.State.Ledger.Quarantine).Key;
        Assert.Contains(id, Host.Thins);
        Assert.NotEqual(id, life.Done(Ask.Create("web", Ask.Layer("a"))).Device!.Id);
    }

    [Theory]
    [InlineData(nameof(IKernel.CreateThin))]
    [InlineData(nameof(IKernel.ActivateThin))]
    [InlineData(nameof(IKernel.Format))]
    [InlineData(nameof(IKernel.Flush))]
    [InlineData(nameof(IKernel.Remove))]
    public void A_base_that_cannot_be_made_leaves_nothing(string operation)
    {
        var life = Opened();
        life.Kernel.FailNext(operation, KernelFault.NoSpace);

        var refusal = life.Refused(Ask.Create("web"));

        Assert.Equal(RefusalKind.NoSpace, refusal.Kind);
        Assert.Empty(life.State.Devices);
        Agrees(life);
        life.Done(Ask.Create("web"));
        Agrees(life);
    }

    [Fact]
    public void A_missing_mkfs_is_named()
    {
        var life = Opened();
        Host.Kernel.Uninstall("mkfs.ext4");

        var refusal = life.Refused(Ask.Create("web"));

        Assert.Contains("mkfs.ext4", refusal.Why, StringComparison.Ordinal);
        Assert.Contains("not installed", refusal.Why, StringComparison.Ordinal);
        Agrees(life);
    }

    [Theory]
    [InlineData(nameof(IKernel.ActivateThin))]
    [InlineData(nameof(IKernel.Grow))]
    [InlineData(nameof(IKernel.Flush))]
    [InlineData(nameof(IKernel.Remove))]
    public void A_larger_container_that_cannot_be_grown_leaves_nothing(string operation)
    {
        var life = Opened();
        MakeLayer(life, "a");
        life.Kernel.FailNext(operation, KernelFault.NoSpace);

        life.Refused(Ask.Create("web", Ask.Layer("a"), size: ByteSize.MiB(128)));

        Assert.Null(life.State.Find(Ask.Container("web")));
        Agrees(life);
    }

    [Fact]
    public void A_container_that_cannot_be_mounted_is_removed_again_and_may_be_asked_for_again()
    {
        var life = Opened();
        MakeLayer(life, "a");
        var create = Ask.Create("web", Ask.Layer("a"), DeviceUse.Mounted);
        life.Kernel.FailNext(nameof(IKernel.Mount), KernelFault.Invalid);

        var refusal = life.Refused(create);

        Assert.Equal("cannot use", refusal.What);
        Assert.Null(life.State.Find(create.Key));
        Agrees(life);
        Assert.False(life.Done(create).AlreadySo);
        Assert.True(Host.IsMounted(create.Key));
    }

    /// <summary>The base was undone, and the container above it was never started: neither is in doubt.</summary>
    [Fact]
    public void A_failing_mkfs_leaves_nothing_in_quarantine()
    {
        var life = Opened();
        for (var tries = 0; tries < 3; tries++)
        {
            life.Kernel.FailNext(nameof(IKernel.Format), KernelFault.Failed);
            Assert.Contains("Format", life.Refused(Ask.Create("web")).Why, StringComparison.Ordinal);
        }

        Assert.Empty(life.State.Ledger.Quarantine);
        Assert.Empty(life.State.Devices);
        Assert.Empty(Host.Thins);
        Agrees(life);
    }

    [Fact]
    public void A_base_that_cannot_be_taken_back_is_in_quarantine_and_what_waited_for_it_is_not()
    {
        var life = Opened();
        life.Kernel.FailNext(nameof(IKernel.Format), KernelFault.Failed);
        life.Kernel.FailNext(nameof(IKernel.DeleteThin), KernelFault.Failed);

        life.Refused(Ask.Create("web"));

        Assert.Equal(Host.Thins, life.State.Ledger.Quarantine.Keys);
        Assert.Single(life.State.Ledger.Quarantine);
    }

    [Fact]
    public void A_snapshot_whose_origin_could_not_be_suspended_was_never_begun()
    {
        var life = Opened();
        life.Done(Ask.Create("web", use: DeviceUse.Mounted));
        life.Kernel.FailNext(nameof(IKernel.Suspend), KernelFault.TimedOut);

        life.Refused(Ask.CommitLive("web", Ask.Layer("live")));

        Assert.Empty(life.State.Ledger.Quarantine);
        Agrees(life);
    }
}

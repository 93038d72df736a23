using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Engine.Tests.Support;
using DmAgents.Testing.Docker;

namespace DmAgents.Engine.Tests.Pools;

/// <summary>A pool on a kernel older than the one that made its file systems.</summary>
public sealed class FormatSpec : PoolSpec
{
    private static readonly KernelVersion Old = new(5, 1);
    private static readonly KernelVersion Young = new(6, 1);

    [Fact]
    public void A_pool_that_is_taken_over_says_what_this_kernel_does_not_take()
    {
        var life = TakenOver(Old);

        var concern = Assert.Single(life.Machine.Formats);

        Assert.Equal(new ThinId(1), concern.Id);
        Assert.Equal((PoolPhase.Open, new KernelVersion(5, 2)), (life.Machine.Phase, concern.Needs));
    }

    [Fact]
    public void Under_an_older_kernel_the_pool_opens_names_the_feature_and_refuses_the_mount_by_it()
    {
        var life = TakenOver(Young);
        Assert.Empty(life.Machine.Formats);
        life.Done(Ask.Create("mine", Ask.Layer("a"), DeviceUse.Mounted));
        life.Die();
        Host.Kernel.PowerCut();
        Host.Kernel.Running = Old;

        var rolledBack = Reopened();

        Assert.Equal(new ThinId(1), Assert.Single(rolledBack.Machine.Formats).Id);
        Assert.Contains("casefold (from Linux 5.2 on)", rolledBack.Machine.Reason, StringComparison.Ordinal);
        // A mounted device stays wanted, and reports why it is not mounted.
        Assert.Contains("casefold", Assert.Single(rolledBack.Machine.DeviceProblems).Value, StringComparison.Ordinal);
        foreach (var refused in new[]
        {
            rolledBack.Refused(Ask.Create("next", Ask.Layer("a"), DeviceUse.Mounted)),
            rolledBack.Refused(Ask.Use(Ask.Container("web"), DeviceUse.Mounted, readOnly: true)),
        })
        {
            Assert.Contains("does not know the file system's casefold (from Linux 5.2 on)", refused.Why,
                StringComparison.Ordinal);
            Assert.DoesNotContain("errno", refused.Why, StringComparison.Ordinal);
            Assert.Equal("run a kernel that knows what is named", refused.Next);
        }
        // A virtual machine mounts it with its own kernel.
        rolledBack.Done(Ask.Create("for-a-guest", Ask.Layer("a"), DeviceUse.Active));
        rolledBack.Die();
        Host.Kernel.Running = Young;

        var upgraded = Reopened();

        Assert.Empty(upgraded.Machine.Formats);
        Assert.Equal("", upgraded.Machine.Reason);
        Agrees(upgraded);
        Assert.True(Host.IsMounted(Ask.Container("mine")));
    }

    [Fact]
    public void A_device_that_is_removed_is_not_named_any_more()
    {
        var command = new DockerWorld(Host.Kernel, "extent", "casefold")
            .Command(Ask.NewRequest(), TestHost.PoolName, TestHost.PoolUuid);
        Host.Kernel.Running = Old;
        var life = Live();
        // A container whose parents are lost is itself the base of its lineage.
        life.Done(command with { Devices = [command.Devices[2] with { Parent = null }], Images = [] });
        Assert.Equal(new ThinId(3), Assert.Single(life.Machine.Formats).Id);
        life.Done(new PoolCommands.ConfirmTakeover(Ask.NewRequest(), Ask.At));

        life.Done(Ask.Remove("web"));

        Assert.Empty(life.Machine.Formats);
    }

    private PoolLife TakenOver(KernelVersion running)
    {
        Host.Kernel.Running = Young;
        var docker = new DockerWorld(Host.Kernel, "extent", "casefold");
        Host.Kernel.Running = running;
        var life = Live();
        life.Done(docker.Command(Ask.NewRequest(), TestHost.PoolName, TestHost.PoolUuid));
        return life;
    }
}

using DmAgents.Actors.Events;
using DmAgents.Actors.Pools;
using DmAgents.Actors.Tests.Support;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Testing.Docker;

namespace DmAgents.Actors.Tests.Pools;

/// <summary>A pool under a kernel that is older than the one that made its file systems.</summary>
public sealed class FormatSpec : ActorSpec
{
    private static readonly KernelVersion Old = new(5, 1);
    private static readonly KernelVersion Young = new(6, 1);

    [Fact]
    public async Task A_pool_that_is_taken_over_says_what_this_kernel_does_not_take()
    {
        var life = await TakenOver(Old);

        var concern = Assert.Single(life.Picture.Formats);

        Assert.Equal(new ThinId(1), concern.Id);
        Assert.Equal((PoolPhase.Open, new KernelVersion(5, 2)), (life.Picture.Phase, concern.Needs));
    }

    [Fact]
    public async Task Under_an_older_kernel_the_pool_opens_names_the_feature_and_refuses_the_mount_by_it()
    {
        var life = await TakenOver(Young);
        Assert.Empty(life.Picture.Formats);
        await life.Done(Ask.Create("mine", Ask.Layer("a"), DeviceUse.Mounted));
        await life.Die();
        Host.Kernel.PowerCut();
        Host.Kernel.Running = Old;

        var rolledBack = await Reopened();

        Assert.Equal(new ThinId(1), Assert.Single(rolledBack.Picture.Formats).Id);
        Assert.Contains("casefold (from Linux 5.2 on)", rolledBack.Picture.Reason, StringComparison.Ordinal);
        Assert.Contains("casefold", Occurrences.Of(new PoolPhaseNotice(
            TestHost.PoolName, TestHost.PoolUuid, PoolPhase.Open, rolledBack.Picture.Reason, Ask.At)).Text,
            StringComparison.Ordinal);
        // What was mounted stays wanted, and says why it is not.
        Assert.Contains("casefold", Assert.Single(rolledBack.Picture.Problems).Value, StringComparison.Ordinal);
        foreach (var refused in new[]
        {
            await rolledBack.Refused(Ask.Create("next", Ask.Layer("a"), DeviceUse.Mounted)),
            await rolledBack.Refused(Ask.Use(Ask.Container("web"), DeviceUse.Mounted, readOnly: true)),
        })
        {
            Assert.Contains("does not know the file system's casefold (from Linux 5.2 on)", refused.Why,
                StringComparison.Ordinal);
            Assert.DoesNotContain("errno", refused.Why, StringComparison.Ordinal);
            Assert.Equal("run a kernel that knows what is named", refused.Next);
        }
        // A virtual machine mounts it with a kernel of its own.
        await rolledBack.Done(Ask.Create("for-a-guest", Ask.Layer("a"), DeviceUse.Active));
        await rolledBack.Die();
        Host.Kernel.Running = Young;

        var upgraded = await Reopened();

        Assert.Empty(upgraded.Picture.Formats);
        Assert.Equal("", upgraded.Picture.Reason);
        await Agrees(upgraded);
        Assert.True(Host.IsMounted(Ask.Container("mine")));
    }

    [Fact]
    public async Task A_device_that_is_removed_is_not_named_any_more()
    {
        var command = new DockerWorld(Host.Kernel, "extent", "casefold")
            .Command(Ask.NewRequest(), TestHost.PoolName, TestHost.PoolUuid);
        Host.Kernel.Running = Old;
        var life = LiveWithPool();
        // Of a container whose parents are lost, itself is the beginning.
        await life.Done(command with { Devices = [command.Devices[2] with { Parent = null }], Images = [] });
        Assert.Equal(new ThinId(3), Assert.Single(life.Picture.Formats).Id);
        await life.Done(new PoolCommands.ConfirmTakeover(Ask.NewRequest(), Ask.At));

        await life.Done(Ask.Remove("web"));

        Assert.Empty(life.Picture.Formats);
    }

    private async Task<AgentLife> TakenOver(KernelVersion running)
    {
        Host.Kernel.Running = Young;
        var docker = new DockerWorld(Host.Kernel, "extent", "casefold");
        Host.Kernel.Running = running;
        var life = LiveWithPool();
        await life.Done(docker.Command(Ask.NewRequest(), TestHost.PoolName, TestHost.PoolUuid));
        return life;
    }
}

using DmAgents.EndToEnd.Tests.Support;

namespace DmAgents.EndToEnd.Tests.Containers;

/// <summary>Containers larger than their image.</summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class SizeTests(AgentFixture agent)
{
    private const ulong GiB = 1UL << 30;

    /// <summary>ext4's own tables take a few percent of the device.</summary>
    private static readonly (long Low, long High) OfThreeGiB = ((long)(3 * GiB * 95 / 100), (long)(3 * GiB));

    [Fact]
    public async Task A_container_larger_than_the_image_has_a_file_system_of_its_own_size()
    {
        var container = await agent.Container("larger", 3 * GiB);

        Assert.Equal(3 * GiB, container.SizeBytes);
        Assert.InRange(new DriveInfo(container.MountPath).TotalSize, OfThreeGiB.Low, OfThreeGiB.High);
        Assert.True(File.Exists($"{container.MountPath}/etc/debian_version"));
        await agent.Client.Remove(AgentFixture.Direct, "larger");
    }

    [Fact]
    public async Task A_mounted_container_grows_under_a_writer()
    {
        var container = await agent.Container("growing");
        Assert.Equal(GiB, container.SizeBytes);
        await using var writer = new Writer(container.MountPath);
        await writer.Advance(5);

        var grown = await agent.Client.Containers.ResizeAsync(new()
        {
            RequestId = AgentClient.NewId(), Pool = AgentFixture.Direct, Container = "growing", SizeBytes = 3 * GiB,
        });

        await writer.Advance(5);
        Assert.Equal(3 * GiB, grown.SizeBytes);
        Assert.InRange(new DriveInfo(container.MountPath).TotalSize, OfThreeGiB.Low, OfThreeGiB.High);
        await writer.MustBeUnharmed();
        await agent.Client.Remove(AgentFixture.Direct, "growing");
    }

    [Fact]
    public async Task A_stopped_container_has_grown_when_it_is_mounted_again()
    {
        await agent.Container("stopped");
        await agent.Client.Unmount(AgentFixture.Direct, "stopped");

        await agent.Client.Containers.ResizeAsync(new()
        {
            RequestId = AgentClient.NewId(), Pool = AgentFixture.Direct, Container = "stopped", SizeBytes = 3 * GiB,
        });
        var mounted = await agent.Client.Containers.MountAsync(new()
        {
            RequestId = AgentClient.NewId(), Pool = AgentFixture.Direct, Container = "stopped",
        });

        Assert.InRange(new DriveInfo(mounted.Path).TotalSize, OfThreeGiB.Low, OfThreeGiB.High);
        await agent.Client.Remove(AgentFixture.Direct, "stopped");
    }
}

using DmAgents.EndToEnd.Tests.Support;

namespace DmAgents.EndToEnd.Tests.Containers;

/// <summary>Images made of running containers.</summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class CommitTests(AgentFixture agent)
{
    [Fact]
    public async Task A_commit_under_write_load_gives_a_sound_image_of_an_instant()
    {
        var source = await agent.Container("committed");
        await File.WriteAllTextAsync($"{source.MountPath}/before", "before the commit");
        await using var writer = new Writer(source.MountPath);
        await writer.Advance(20);

        var image = await agent.Client.Commit(AgentFixture.Direct, "committed", "e2e/live:1");
        await File.WriteAllTextAsync($"{source.MountPath}/after", "after the commit");
        await writer.Advance(20);
        await writer.MustBeUnharmed();

        Assert.Equal(5, image.Layers.Count);
        var copy = await agent.Client.Create(AgentFixture.Direct, "of-committed", "e2e/live:1", mount: false);
        await using (var device = RawDevice.Activate(agent.Kernel, copy))
            await device.MustBeSound("/usr/sbin/e2fsck", "-fn");
        var mounted = await agent.Client.Containers.MountAsync(new()
        {
            RequestId = AgentClient.NewId(), Pool = AgentFixture.Direct, Container = "of-committed",
        });
        Assert.Equal("before the commit", await File.ReadAllTextAsync($"{mounted.Path}/before"));
        Assert.False(File.Exists($"{mounted.Path}/after"));
        Assert.True(new FileInfo($"{mounted.Path}/written").Length >= 20 * 16 * 1024);
        Assert.Equal("ran\n", await Shell.Must("/usr/sbin/chroot", mounted.Path, "/bin/echo", "ran"));
        await agent.Client.Remove(AgentFixture.Direct, "of-committed");
        await agent.Client.Remove(AgentFixture.Direct, "committed");
        await agent.Client.RemoveImage(AgentFixture.Direct, "e2e/live:1");
        await agent.Client.MustAgree(AgentFixture.Direct);
    }
}

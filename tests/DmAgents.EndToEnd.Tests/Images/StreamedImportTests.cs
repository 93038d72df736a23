using DmAgents.EndToEnd.Tests.Support;

namespace DmAgents.EndToEnd.Tests.Images;

/// <summary>Archives that come through a pipe, by the command line, and archives by xz and bzip2.</summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class StreamedImportTests(AgentFixture agent)
{
    private const string Pool = AgentFixture.Direct;

    [Theory]
    [InlineData("cat", "piped")]
    [InlineData("gzip", "piped-gzip")]
    [InlineData("xz", "piped-xz")]
    [InlineData("bzip2", "piped-bzip2")]
    public async Task A_root_file_system_from_a_pipe(string filter, string name)
    {
        var tar = await SmallImage.Write(name, dataLength: 3 << 20, seed: 40);

        await Import($"{filter} < {tar}", 0, "--reference", $"e2e/{name}:1");

        await MustHold($"e2e/{name}:1", name);
    }

    [Fact]
    public async Task An_image_from_a_pipe_with_its_own_name()
    {
        var (layout, _) = await OciLayout.Write(
            "sent", await SmallImage.Write("sent-1", dataLength: 1 << 20, seed: 41));

        await Import($"tar -C {layout} -c . | gzip", 0);

        await MustHold("sent:1", "sent");
    }

    [Fact]
    public async Task A_pipe_that_ends_in_the_middle_leaves_nothing()
    {
        var tar = await SmallImage.Write("ends", dataLength: 3 << 20, seed: 42);
        // The first import of a pool makes its base, which stays.
        await Import($"cat {tar}", 0, "--reference", "e2e/whole:1");
        var before = await agent.DirectMeter.Content();

        await Import($"head -c 1000000 {tar}", 1, "--reference", "e2e/ends:1");
        await Import($"head -c 1000000 {tar}", 1, "--reference", "e2e/ends:1", "--format", "rootfs");
        await Import("true", 4, "--reference", "e2e/ends:1");

        Assert.Equal(before, await agent.DirectMeter.Content());
        agent.Places.MustShowNoImport(Pool);
        await agent.Client.MustAgree(Pool);
        Assert.Empty(await Archives.Of(agent.Agent));
        await agent.Client.RemoveImage(Pool, "e2e/whole:1");
    }

    private async Task Import(string source, int status, params string[] options)
    {
        var ended = await Shell.Run(
            "/bin/sh", "-c",
            $"{source} | {Places.Cli} image import - --pool {Pool} --socket {agent.Places.Socket} "
            + string.Join(' ', options));
        Assert.True(ended.Status == status, $"{source}: {ended}");
    }

    private async Task MustHold(string image, string name)
    {
        var container = await agent.Client.Create(Pool, $"of-{name}", image);
        Assert.Equal(SmallImage.Text, await File.ReadAllTextAsync($"{container.MountPath}/etc/name"));
        Assert.Empty(await Archives.Of(agent.Agent));
        await agent.Client.Remove(Pool, container.Name);
        await agent.Client.RemoveImage(Pool, image);
    }
}

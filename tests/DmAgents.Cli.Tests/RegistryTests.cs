using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Tests.Support;

namespace DmAgents.Cli.Tests;

public class RegistryTests
{
    [Fact]
    public async Task A_pull_shows_where_the_image_comes_from_and_then_the_image()
    {
        await using var agent = await WithAsync("");

        var run = await Run.Of(
            agent, "image", "pull", "debian:12", "--authfile", "/root/auth.json", "--insecure", "--from-registry", "-t",
            "mine:1", "--platform", "linux/arm64");

        Assert.Equal(0, run.Code);
        Assert.Equal(
            new PullImageRequest
            {
                RequestId = Run.RequestId, Pool = "fast", Image = "debian:12", Reference = "mine:1",
                FromRegistry = true, Platform = "linux/arm64",
                Access = new RegistryAccess { AuthFile = "/root/auth.json", Insecure = true },
            },
            agent.Request<PullImageRequest>());
        Assert.Equal(
            "debian:12 of the registry is cccccccccccc in pool fast: 2 layers, 120 MiB mapped", run.Lines[^1]);
        Assert.Contains(run.Lines, line => line.StartsWith("from the registry: 5 MiB", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_pull_from_another_host_names_it()
    {
        await using var agent = await WithAsync("host-2");

        var run = await Run.Of(agent, "image", "pull", "debian:12");

        Assert.StartsWith("debian:12 of host-2 is cccccccccccc", run.Lines[^1], StringComparison.Ordinal);
        Assert.Equal("debian:12\n", (await Run.Of(agent, "image", "pull", "debian:12", "-q")).Out);
        Assert.StartsWith(
            "{\"pulled\":{\"image\":{\"reference\":\"debian:12\"",
            (await Run.Of(agent, "image", "pull", "debian:12", "--json")).Lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_push_says_where_the_image_is()
    {
        await using var agent = await WithAsync("");

        var run = await Run.Of(agent, "image", "push", "app:1", "registry.example:5000/app:1");

        Assert.Equal(0, run.Code);
        Assert.Equal("app:1 is registry.example:5000/app:1 as cccccccccccc", run.Lines[^1]);
        Assert.Equal(
            new PushImageRequest
            {
                Pool = "fast", Image = "app:1", Destination = "registry.example:5000/app:1",
                Access = new RegistryAccess(),
            },
            agent.Request<PushImageRequest>());
    }

    private static async Task<FakeAgent> WithAsync(string host)
    {
        var agent = await FakeAgent.WithPoolsAsync("fast");
        agent.Streams<PullImageRequest>(_ => new PullImageReply[]
        {
            new() { Fetching = new RegistryProgress { Bytes = 5 * Samples.MiB } },
            new() { Importing = new ImportProgress { Phase = ImportProgress.Types.Phase.Unpacking } },
            new() { Pulled = new PulledImage { Image = Samples.Image(), FromHost = host } },
        });
        agent.Streams<PushImageRequest>(request => new PushImageReply[]
        {
            new() { Exporting = new ExportProgress { LayerIndex = 1, LayerCount = 2 } },
            new() { Sending = new RegistryProgress() },
            new()
            {
                Pushed = new PushedImage
                {
                    Reference = "app:1", Destination = request.Destination, Id = Samples.Image().Id,
                },
            },
        });
        return agent;
    }
}

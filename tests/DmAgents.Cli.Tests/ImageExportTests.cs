using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Tests.Support;
using Format = DmAgents.Api.Admin.V1.ExportImageRequest.Types.Format;

namespace DmAgents.Cli.Tests;

public class ImageExportTests
{
    [Theory]
    [InlineData("oci", Format.Unspecified)]
    [InlineData("oci-archive", Format.OciArchive)]
    [InlineData("docker-archive", Format.DockerArchive)]
    public async Task An_export_says_what_is_where_and_under_which_id(string word, Format format)
    {
        await using var agent = await ExportingAsync();

        var run = await Run.Of(agent, "image", "export", "app:1", "/backup/app", "--format", word);

        Assert.Equal(0, run.Code);
        Assert.Equal("app:1 is in /backup/app as cccccccccccc: 2 layers, 3 MiB", run.Lines[^1]);
        Assert.Equal(
            new ExportImageRequest { Pool = "fast", Image = "app:1", Path = "/backup/app", Format = format },
            agent.Request<ExportImageRequest>());
        Assert.Equal(
            "dmagent: warning: left out: 1 socket\ndmagent: warning: left out: 2 attributes trusted.overlay.*\n", run.Error);
    }

    [Fact]
    public async Task For_scripts_the_last_line_is_what_was_exported()
    {
        await using var agent = await ExportingAsync();

        var run = await Run.Of(agent, "image", "export", "app:1", "/a", "--uncompressed", "--json");

        Assert.StartsWith("{\"exported\":{\"reference\":\"app:1\"", run.Lines[^1], StringComparison.Ordinal);
        Assert.True(agent.Request<ExportImageRequest>().Uncompressed);
        Assert.Equal("/backup/app\n", (await Run.Of(agent, "image", "export", "app:1", "/a", "-q")).Out);
        Assert.Equal(2, (await Run.Of(agent, "image", "export", "app:1", "/a", "--format", "zip")).Code);
    }

    private static async Task<FakeAgent> ExportingAsync()
    {
        var agent = await FakeAgent.WithPoolsAsync("fast");
        agent.Streams<ExportImageRequest>(_ => new ExportImageReply[]
        {
            new() { Progress = new ExportProgress { LayerIndex = 1, LayerCount = 2, BytesWritten = 1 << 20 } },
            new()
            {
                Exported = new ExportedImage
                {
                    Reference = "app:1", Path = "/backup/app", Id = Samples.Image().Id, Bytes = 3 * Samples.MiB,
                    DiffIds = { "sha256:1", "sha256:2" }, SocketsLeftOut = 1, OverlayAttributesLeftOut = 2,
                },
            },
        });
        return agent;
    }
}

using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Tests.Support;

namespace DmAgents.Cli.Tests;

public class ImportTests
{
    [Fact]
    public async Task Without_a_terminal_progress_is_plain_lines_that_do_not_repeat()
    {
        await using var agent = await ImportingAsync();

        var run = await Run.Of(agent, "image", "import", "debian-oci", "--reference", "debian:12");

        Assert.Equal(0, run.Code);
        Assert.Empty(run.Error);
        Assert.Equal(
            [
                "layer 1/2 aaaaaaaaaaaa unpacking: 10% of 100 MiB",
                "layer 1/2 aaaaaaaaaaaa unpacking: 50% of 100 MiB",
                "layer 2/2 aaaaaaaaaaaa present: 100% of 100 MiB",
                "debian:12 is cccccccccccc in pool fast: 2 layers, 120 MiB mapped",
            ],
            run.Lines.Select(WithoutRate));
    }

    [Fact]
    public async Task The_request_carries_all_that_was_said_with_an_absolute_path()
    {
        await using var agent = await ImportingAsync();
        await Run.Of(
            agent, "image", "import", "./all.tar", "-t", "debian:12", "--select", "bookworm", "--pool", "slow",
            "--platform", "linux/arm64", "--format", "docker", "--copies", "3");
        Assert.Equal(
            new ImportImageRequest
            {
                RequestId = Run.RequestId, Path = "/somewhere/all.tar", Pool = "slow", Reference = "debian:12",
                Select = "bookworm", Platform = "linux/arm64", Format = ArchiveFormat.Docker, Copies = 3,
            },
            agent.Request<ImportImageRequest>());
    }

    [Fact]
    public async Task What_the_agent_says_of_its_choice_comes_before_the_result()
    {
        await using var agent = (await FakeAgent.WithPoolsAsync("fast")).Streams<ImportImageRequest>(_ =>
        [
            new ImportImageReply
            {
                Notes = new ImportNotes
                {
                    Findings =
                    {
                        new Finding
                        {
                            Severity = Severity.Info, Object = "debian:12", What = "taken for linux/amd64",
                            Why = "this host's platform", Next = "take another with --platform",
                        },
                    },
                },
            },
            new ImportImageReply { Image = Samples.Image() },
        ]);

        var people = await Run.Of(agent, "image", "import", "x");
        var script = await Run.Of(agent, "image", "import", "x", "--json");

        Assert.Equal(
            [
                "info: debian:12: taken for linux/amd64", "  why:  this host's platform",
                "  next: take another with --platform",
            ],
            people.Lines[..3]);
        Assert.StartsWith("""{"notes":{"findings":[{"severity":"info",""", script.Lines[0], StringComparison.Ordinal);
        Assert.Equal("debian:12\n", (await Run.Of(agent, "image", "import", "x", "-q")).Out);
    }

    [Fact]
    public async Task A_format_that_does_not_exist_is_a_usage_error()
    {
        await using var agent = await ImportingAsync();

        var run = await Run.Of(agent, "image", "import", "x", "--format", "zip");

        Assert.Equal(2, run.Code);
        Assert.Contains("rootfs", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_a_terminal_a_bar_moves_and_only_the_result_stays()
    {
        await using var agent = await ImportingAsync();
        var run = await Run.Of(agent, Run.Terminal(), "image", "import", "debian-oci");
        Assert.Equal(0, run.Code);
        Assert.Contains("\u001b[", run.Out, StringComparison.Ordinal);
        Assert.EndsWith(
            "debian:12 is cccccccccccc in pool fast: 2 layers, 120 MiB mapped\n", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task For_scripts_each_step_is_a_line_and_the_image_is_the_last()
    {
        await using var agent = await ImportingAsync();
        var run = await Run.Of(agent, "image", "import", "debian-oci", "--json");
        Assert.Equal(5, run.Lines.Length);
        Assert.Equal(
            """{"progress":{"phase":"unpacking","layer_index":1,"layer_count":2,"diff_id":"DIFF ID","""
                .Replace("DIFF ID", Samples.LowerLayer, StringComparison.Ordinal)
            + "\"compressed_bytes_read\":10485760,\"compressed_bytes_total\":104857600}}",
            run.Lines[0]);
        Assert.StartsWith("""{"image":{"reference":"debian:12",""", run.Lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_left_out_is_said_before_the_result()
    {
        await using var agent = (await FakeAgent.WithPoolsAsync("fast")).Streams<ImportImageRequest>(_ =>
        [
            new ImportImageReply
            {
                LeftOut = new LeftOut
                {
                    Attributes =
                    {
                        Lost("com.apple.quarantine", 12, "/bin/a", LostAttribute.Types.Reason.NotSupported),
                        Lost("user.x", 1, "/b", LostAttribute.Types.Reason.NotPermitted),
                    },
                },
            },
            new ImportImageReply { Image = Samples.Image() },
        ]);

        var run = await Run.Of(agent, "image", "import", "debian-oci");
        var scripted = await Run.Of(agent, "image", "import", "debian-oci", "--json");

        Assert.Equal(
            [
                "left out: com.apple.quarantine of 12 files, the first /bin/a: the file system has no such attributes",
                "left out: user.x of 1 file, the first /b: the kernel does not allow it on a file of this type",
                "debian:12 is cccccccccccc in pool fast: 2 layers, 120 MiB mapped",
            ],
            run.Lines);
        Assert.Equal(
            """{"left_out":{"attributes":[{"name":"com.apple.quarantine","reason":"not_supported","files":12,"""
                + "\"first\":\"/bin/a\"},{\"name\":\"user.x\",\"reason\":\"not_permitted\",\"files\":1,\"first\":\"/b\"}]}}",
            scripted.Lines[0]);
        Assert.Equal(
            "debian:12\n", (await Run.Of(agent, "image", "import", "debian-oci", "--quiet")).Out);
    }

    private static LostAttribute Lost(string name, ulong files, string first, LostAttribute.Types.Reason why) =>
        new() { Name = name, Files = files, First = first, Reason = why };

    [Fact]
    public async Task Quietly_only_the_name_is_printed()
    {
        await using var agent = await ImportingAsync();
        Assert.Equal("debian:12\n", (await Run.Of(agent, "image", "import", "x", "--quiet")).Out);
        var both = await Run.Of(agent, "image", "import", "x", "--quiet", "--json");
        Assert.StartsWith("{\n  \"image\": {\n", both.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_the_total_is_unknown_the_bytes_are_told()
    {
        await using var agent = (await FakeAgent.WithPoolsAsync("fast")).Streams<ImportImageRequest>(_ =>
        [
            new ImportImageReply
            {
                Progress = new ImportProgress
                {
                    Phase = ImportProgress.Types.Phase.Reading, CompressedBytesRead = 3 * Samples.MiB,
                },
            },
            new ImportImageReply { Image = Samples.Image() },
        ]);
        var run = await Run.Of(agent, "image", "import", "x");
        Assert.Equal("reading: 3 MiB read", WithoutRate(run.Lines[0]));
    }

    internal static ImportImageReply Progress(uint layer, ImportProgress.Types.Phase phase, ulong mebibytes) => new()
    {
        Progress = new ImportProgress
        {
            Phase = phase,
            LayerIndex = layer,
            LayerCount = 2,
            DiffId = Samples.LowerLayer,
            CompressedBytesRead = mebibytes * Samples.MiB,
            CompressedBytesTotal = 100 * Samples.MiB,
        },
    };

    private static async Task<FakeAgent> ImportingAsync() =>
        (await FakeAgent.WithPoolsAsync("fast")).Streams<ImportImageRequest>(_ =>
        [
            Progress(1, ImportProgress.Types.Phase.Unpacking, 10),
            Progress(1, ImportProgress.Types.Phase.Unpacking, 12),
            Progress(1, ImportProgress.Types.Phase.Unpacking, 50),
            Progress(2, ImportProgress.Types.Phase.Present, 100),
            new ImportImageReply { Image = Samples.Image() },
        ]);

    private static string WithoutRate(string line) =>
        line.EndsWith("/s", StringComparison.Ordinal) ? line[..line.LastIndexOf(',')] : line;
}

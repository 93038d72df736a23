using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Tests.Support;

namespace DmAgents.Cli.Tests;

public class TransferTests
{
    private const ulong MiB = 1UL << 20;

    [Fact]
    public async Task A_copy_shows_each_layer_and_then_the_image()
    {
        await using var agent = await CopyingAsync();

        var run = await Run.Of(agent, "image", "copy", "debian:12", "--from", "host-1");

        Assert.Equal(0, run.Code);
        Assert.Equal(
            new CopyImageRequest
            {
                RequestId = Run.RequestId, Image = "debian:12", FromHost = "host-1", Pool = "fast",
            },
            agent.Request<CopyImageRequest>());
        Assert.Collection(
            run.Lines,
            line => Assert.StartsWith("asking: ", line, StringComparison.Ordinal),
            line => Assert.StartsWith("layer 1/2 receiving: 25% of 100 MiB", line, StringComparison.Ordinal),
            line => Assert.StartsWith("layer 2/2 present: 100% of 100 MiB", line, StringComparison.Ordinal),
            line => Assert.Equal(
                "debian:12 of host-1 is cccccccccccc in pool fast: 2 layers, 120 MiB mapped", line));
    }

    [Fact]
    public async Task A_copy_for_scripts_is_a_line_for_each_step_and_the_image_is_the_last()
    {
        await using var agent = await CopyingAsync();

        var run = await Run.Of(agent, "image", "copy", "debian:12", "--from", "host-1", "--json");

        Assert.Equal(4, run.Lines.Length);
        Assert.Contains("\"bytes_total\":104857600", run.Lines[1], StringComparison.Ordinal);
        Assert.StartsWith("{\"image\":{\"reference\":\"debian:12\"", run.Lines[3], StringComparison.Ordinal);
        Assert.Equal(
            "debian:12\n", (await Run.Of(agent, "image", "copy", "debian:12", "--from", "host-1", "-q")).Out);
    }

    [Fact]
    public async Task A_copy_without_a_source_is_a_usage_error()
    {
        await using var agent = await CopyingAsync();

        Assert.Equal(2, (await Run.Of(agent, "image", "copy", "debian:12")).Code);
    }

    [Fact]
    public async Task A_copy_to_other_hosts_shows_each_of_them_and_the_bytes_of_all()
    {
        await using var agent = await FakeAgent.StartAsync();
        agent.Streams<CopyImageRequest>(_ =>
        [
            new CopyImageReply { Progress = To("host-2", 25 * MiB) },
            new CopyImageReply { Progress = To("host-3", 75 * MiB) },
            // What is between two tenths of all is no line of its own, whichever host says it.
            new CopyImageReply { Progress = To("host-2", 26 * MiB) },
            new CopyImageReply { Progress = To("host-3", 76 * MiB) },
            new CopyImageReply
            {
                Copied = new CopiedImage { Reference = "debian:12", Hosts = { "host-2", "host-3" } },
            },
        ]);

        var run = await Run.Of(agent, "image", "copy", "debian:12", "--to", "host-2", "host-3");

        Assert.Equal(
            new CopyImageRequest { RequestId = Run.RequestId, Image = "debian:12", ToHosts = { "host-2", "host-3" } },
            agent.Request<CopyImageRequest>());
        Assert.Collection(
            run.Lines,
            line => Assert.StartsWith("host-2: layer 1/2 receiving: 25% of 100 MiB", line, StringComparison.Ordinal),
            line => Assert.StartsWith(
                "host-2: layer 1/2 receiving; host-3: layer 1/2 receiving: 50% of 200 MiB", line,
                StringComparison.Ordinal),
            line => Assert.Equal("debian:12 is on host-2, host-3", line));

        static RunningTransfer To(string host, ulong received)
        {
            var running = Running(RunningTransfer.Types.Phase.Receiving, 1, received);
            running.ToHost = host;
            return running;
        }
    }

    [Fact]
    public async Task The_transfers_under_way_are_listed_with_their_progress()
    {
        await using var agent = await FakeAgent.StartAsync();
        agent.On<ListTransfersRequest>(_ => new ListTransfersReply
        {
            Transfers = { Running(RunningTransfer.Types.Phase.Receiving, 1, 25 * MiB) },
        });

        var run = await Run.Of(agent, "transfer", "list");

        Assert.Contains("layer 1/2 receiving", run.Out, StringComparison.Ordinal);
        Assert.Contains("25% of 100 MiB", run.Out, StringComparison.Ordinal);
        Assert.Contains("host-1", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_transfers_of_the_fleet_name_the_host_that_brings_each_and_the_hosts_that_are_silent()
    {
        await using var agent = await FakeAgent.StartAsync();
        var running = Running(RunningTransfer.Types.Phase.Receiving, 1, 25 * MiB);
        running.ToHost = "host-2";
        agent.On<ListTransfersRequest>(_ => new ListTransfersReply
        {
            Transfers = { running }, Silent = { new SilentHost { Host = "host-3", Why = "nothing came" } },
        });

        var run = await Run.Of(agent, "transfer", "list", "--fleet");

        Assert.True(agent.Request<ListTransfersRequest>().Fleet);
        Assert.Contains("TO", run.Lines[0], StringComparison.Ordinal);
        Assert.Contains("host-2", run.Lines[1], StringComparison.Ordinal);
        Assert.DoesNotContain("host-2:", run.Out, StringComparison.Ordinal);
        Assert.Contains("the transfers of host host-3 are missing: nothing came", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_transfer_is_cancelled_by_the_beginning_of_its_id()
    {
        await using var agent = await FakeAgent.StartAsync();
        agent.On<CancelTransferRequest>(_ => new CancelTransferReply
        {
            Transfer = Running(RunningTransfer.Types.Phase.Receiving, 1, 0),
        });

        var run = await Run.Of(agent, "transfer", "cancel", "4f1c");

        Assert.Equal("4f1c", agent.Request<CancelTransferRequest>().Id);
        Assert.Equal(["the copy of debian:12 from host-1 is cancelled and undone"], run.Lines);
    }

    [Fact]
    public async Task A_cancelled_transfer_names_the_host_of_the_fleet_that_ended_it()
    {
        await using var agent = await FakeAgent.StartAsync();
        var running = Running(RunningTransfer.Types.Phase.Receiving, 1, 0);
        running.ToHost = "host-2";
        agent.On<CancelTransferRequest>(_ => new CancelTransferReply { Transfer = running });

        var run = await Run.Of(agent, "transfer", "cancel", "4f1c");
        var json = await Run.Of(agent, "transfer", "cancel", "4f1c", "--json");

        Assert.Equal(["the copy of debian:12 from host-1 is cancelled and undone on host-2"], run.Lines);
        Assert.Contains("\"to_host\": \"host-2\"", json.Out, StringComparison.Ordinal);
    }

    private static async Task<FakeAgent> CopyingAsync() =>
        (await FakeAgent.WithPoolsAsync("fast")).Streams<CopyImageRequest>(_ =>
        [
            new CopyImageReply { Progress = Running(RunningTransfer.Types.Phase.Asking, 0, 0, 0) },
            new CopyImageReply { Progress = Running(RunningTransfer.Types.Phase.Receiving, 1, 25 * MiB) },
            new CopyImageReply { Progress = Running(RunningTransfer.Types.Phase.Present, 2, 100 * MiB) },
            new CopyImageReply { Image = Samples.Image() },
        ]);

    private static RunningTransfer Running(
        RunningTransfer.Types.Phase phase, uint layer, ulong received, ulong total = 100 * MiB) => new()
    {
        Id = "4f1c0000-0000-0000-0000-000000000000", Image = "debian:12", FromHost = "host-1", Pool = "fast",
        Phase = phase, LayerIndex = layer, LayerCount = 2, BytesReceived = received, BytesTotal = total,
    };
}

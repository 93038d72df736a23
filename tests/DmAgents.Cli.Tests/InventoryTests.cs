using System.Text.Json;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Tests.Support;
using Grpc.Core;

namespace DmAgents.Cli.Tests;

/// <summary>What the hosts of a fleet have.</summary>
public sealed class InventoryTests
{
    private const ulong GiB = 1UL << 30;

    private static InventoryHost Web2 => new()
    {
        Host = "web2", State = InventoryHost.Types.State.Lost, Since = Samples.ThreeMinutesAgo, AgentVersion = "1.2.0",
        Pools =
        {
            new InventoryPool
            {
                Pool = "fast", DataTotalBytes = 10 * GiB, DataFreeBytes = 4 * GiB, DataPromisedBytes = GiB,
                MetadataTotalBytes = GiB, MetadataFreeBytes = GiB / 2, Admits = true,
            },
        },
    };

    [Fact]
    public async Task Hosts_are_listed_with_their_state_and_what_they_have_free()
    {
        await using var agent = (await FakeAgent.StartAsync()).On<ListFleetHostsRequest>(_ => new ListFleetHostsReply
        {
            Hosts =
            {
                new InventoryHost
                {
                    Host = "web1", State = InventoryHost.Types.State.Up, Since = Samples.ThreeMinutesAgo,
                    AgentVersion = "1.2.0", IsThisHost = true,
                },
                Web2,
            },
        });

        var run = await Run.Of(agent, "host", "list");

        Assert.Matches(@"web1 +up +3 minutes ago +1\.2\.0 +- +- +- +this host", run.Lines[1]);
        Assert.Matches(@"web2 +lost +3 minutes ago +1\.2\.0 +fast +4 GiB of 10 GiB +512 MiB of 1 GiB", run.Lines[2]);
        Assert.Equal("web1\nweb2\n", (await Run.Of(agent, "host", "list", "-q")).Out);
        var json = JsonDocument.Parse((await Run.Of(agent, "host", "list", "--json")).Out).RootElement;
        Assert.Equal("lost", json.GetProperty("hosts")[1].GetProperty("state").GetString());
    }

    [Fact]
    public async Task A_host_is_shown_with_each_pool_and_what_is_promised()
    {
        await using var agent = (await FakeAgent.StartAsync()).On<ShowFleetHostRequest>(_ => Web2);

        var run = await Run.Of(agent, "host", "show", "web2");

        Assert.Contains(run.Lines, line => line.Contains("lost, since 3 minutes ago", StringComparison.Ordinal));
        Assert.Contains(run.Lines, line => line.Contains("it is not heard now", StringComparison.Ordinal));
        Assert.Matches(@"fast +4 GiB of 10 GiB +1 GiB +512 MiB of 1 GiB +0 B +taken", run.Lines[^1]);
        Assert.Equal("web2", agent.Request<ShowFleetHostRequest>().Host);
    }

    [Fact]
    public async Task The_fleets_images_are_listed_with_their_hosts()
    {
        await using var agent = (await FakeAgent.StartAsync()).On<ListFleetImagesRequest>(_ => new ListFleetImagesReply
        {
            Images =
            {
                new InventoryImage
                {
                    Reference = "debian:12", Id = "sha256:cccccccccccccccc", CopiesWanted = 2, Hosts = { "web1", "web3" },
                    OtherHosts = { "web2" }, CopiedTo = { "web4" }, Layers = 3, DataBytes = GiB,
                },
            },
        });

        var run = await Run.Of(agent, "image", "list", "--fleet");

        Assert.Matches(
            @"debian:12 +c+ +3 +1 GiB +2 +web1, web3 +not whole on web2; copied to web4", run.Lines[1]);
        Assert.Equal("debian:12\n", (await Run.Of(agent, "image", "list", "--fleet", "-q")).Out);
    }

    [Fact]
    public async Task An_image_is_shown_with_its_hosts_and_copies_also_if_this_host_lacks_it()
    {
        var details = new ImageDetails
        {
            Reference = "debian:12", Id = "sha256:cccccccccccccccc",
            Fleet = new ImageInFleet
            {
                Hosts =
                {
                    new ImageOnHost
                    {
                        Host = "web2", Pool = "fast", Reference = "debian:12", Id = "sha256:cccccccccccccccc",
                        Layers = 3, ContentDigest = "blake3:0123456789abcdef", ImportedAt = Samples.ThreeMinutesAgo,
                    },
                },
                InFlight =
                {
                    new ImageInFlight
                    {
                        ToHost = "web3", FromHost = "web2", StartedAt = Samples.ThreeMinutesAgo, LayerIndex = 2,
                        LayerCount = 3, BytesReceived = GiB / 2, BytesTotal = GiB,
                    },
                },
                Silent = { new SilentHost { Host = "web4", Why = "it cannot be reached" } },
            },
        };
        // This host has no pool.
        await using var agent = (await FakeAgent.WithPoolsAsync()).On<ShowImageRequest>(_ => details);

        var run = await Run.Of(agent, "image", "show", "debian:12");

        Assert.Contains("  pool                    this host does not have it", run.Lines);
        Assert.Contains(run.Lines, line =>
            line.StartsWith("web2 ", StringComparison.Ordinal) && line.Contains(" 0123456789ab ", StringComparison.Ordinal));
        Assert.Equal(
            "  on its way to web3 from web2, begun 3 minutes ago: layer 2/3, 50% of 1 GiB", run.Lines[^1]);
        Assert.Equal(
            "dmagent: warning: what host web4 has is not known: it cannot be reached\n", run.Error);
        Assert.True(agent.Request<ShowImageRequest>().Fleet);
        var json = JsonDocument.Parse((await Run.Of(agent, "image", "show", "debian:12", "--json")).Out).RootElement;
        Assert.Equal("web3", json.GetProperty("fleet").GetProperty("in_flight")[0].GetProperty("to_host").GetString());
    }

    [Fact]
    public async Task A_layer_is_shown_on_each_host_with_its_content()
    {
        await using var agent = (await FakeAgent.StartAsync()).On<LocateLayersRequest>(_ => new LocateLayersReply
        {
            Layers =
            {
                new LocatedLayer
                {
                    ChainId = "sha256:aaaaaaaaaaaaaaaa",
                    Copies =
                    {
                        new LocatedCopy
                        {
                            Host = "web1", ContentDigest = "blake3:0123456789abcdef", Verified = true,
                            Since = Samples.ThreeMinutesAgo,
                        },
                        new LocatedCopy { Host = "web2", Since = Samples.ThreeMinutesAgo },
                    },
                    UnderWay = { new LocatedTransfer { Host = "web3", FromHost = "web1" } },
                },
            },
        });

        var run = await Run.Of(agent, "layer", "where", "debian:12");

        Assert.Matches(@"a+ +web1 +0123456789ab +3 minutes ago", run.Lines[1]);
        Assert.Matches(@"a+ +web2 +- +3 minutes ago +its content is computed yet", run.Lines[2]);
        Assert.Matches(@"a+ +web3 +- +- +is copied from web1", run.Lines[3]);
        Assert.Equal("web1\nweb2\n", (await Run.Of(agent, "layer", "where", "debian:12", "-q")).Out);
    }

    [Fact]
    public async Task Without_a_database_the_reason_and_the_next_step_are_printed()
    {
        await using var agent = (await FakeAgent.StartAsync()).Refuses<ListFleetHostsRequest>(
            StatusCode.FailedPrecondition,
            new Problem
            {
                Kind = Problem.Types.Kind.Refused, What = "cannot list hosts", Object = "fleet",
                Why = "the fleet has no database: fleet.database is not set", Next = "make one",
            });

        var run = await Run.Of(agent, "host", "list");

        Assert.Equal(4, run.Code);
        Assert.Contains("fleet.database is not set\n  next: make one", run.Error, StringComparison.Ordinal);
    }
}

using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Tests.Support;

namespace DmAgents.Cli.Tests;

public sealed class PoolAdoptTests
{
    [Fact]
    public async Task A_dry_run_shows_what_would_be_taken_over_and_what_to_do_next()
    {
        var reply = new AdoptPoolReply
        {
            Pool = "fast", DryRun = true, Images = { "app:1" }, QuarantinedThinIds = { 9 },
            Devices =
            {
                new AdoptedDevice
                {
                    ThinId = 1, Kind = DeviceKind.Layer, Key = "sha256:0123", SizeBytes = 1UL << 30,
                    MappedBytes = 1UL << 20,
                },
                new AdoptedDevice
                {
                    ThinId = 3, Kind = DeviceKind.Container, Key = "web", SizeBytes = 1UL << 30, Removing = true,
                },
            },
            Findings =
            {
                new Finding
                {
                    Severity = Severity.Warning, Object = "thin id 9", What = "it goes to quarantine",
                    Why = "nobody claims it",
                    Next = "dmagent pool quarantine list --pool fast",
                },
            },
        };
        await using var agent = (await FakeAgent.WithPoolsAsync()).On<AdoptPoolRequest>(_ => reply);

        var run = await Run.Of(agent, "pool", "adopt", "fast", "--dry-run");

        Assert.Equal(0, run.Code);
        Assert.True(agent.Request<AdoptPoolRequest>().DryRun);
        Assert.Contains(run.Lines, line => line.Contains("sha256:0123", StringComparison.Ordinal));
        Assert.Contains(run.Lines, line => line.Contains("is removed", StringComparison.Ordinal));
        Assert.Contains("warning: thin id 9: it goes to quarantine", run.Lines);
        Assert.Contains(
            "pool fast would be taken over with 2 devices, 1 image and 0 views; 1 in quarantine", run.Lines);
        Assert.Contains("Nothing was changed. To take it over: dmagent pool adopt fast", run.Lines);
    }

    public static TheoryData<string, AdoptPoolRequest> Places => new()
    {
        {
            "--data /dev/a /dev/b --metadata /dev/c", new AdoptPoolRequest
            {
                Direct = new DirectBacking { DataDevices = { "/dev/a", "/dev/b" }, MetadataDevice = "/dev/c" },
            }
        },
        { "--disk /dev/a", new AdoptPoolRequest { SingleDisk = new SingleDiskBacking { Device = "/dev/a" } } },
        { "--loop /srv", new AdoptPoolRequest { Loop = new LoopBacking { Directory = "/srv" } } },
        { "--existing vg-pool", new AdoptPoolRequest { Existing = new ExistingBacking { DmName = "vg-pool" } } },
    };

    [Theory, MemberData(nameof(Places))]
    public async Task Where_no_file_tells_the_operator_says_what_the_pool_lies_on(
        string given, AdoptPoolRequest expected)
    {
        await using var agent = (await FakeAgent.WithPoolsAsync()).On<AdoptPoolRequest>(
            _ => new AdoptPoolReply { Pool = "fast" });

        await Run.Of(agent, ["pool", "adopt", "fast", .. given.Split(' ')]);

        expected.Pool = "fast";
        expected.RequestId = Run.RequestId;
        Assert.Equal(expected, agent.Request<AdoptPoolRequest>());
    }

    [Fact]
    public async Task What_was_taken_over_is_told()
    {
        await using var agent = (await FakeAgent.WithPoolsAsync()).On<AdoptPoolRequest>(
            _ => new AdoptPoolReply { Pool = "fast" });

        var run = await Run.Of(agent, "pool", "adopt", "fast");

        Assert.Equal(0, run.Code);
        Assert.Contains("pool fast is taken over with 0 devices, 0 images and 0 views; 0 in quarantine", run.Lines);
        Assert.Equal(
            new AdoptPoolRequest { Pool = "fast", RequestId = Run.RequestId }, agent.Request<AdoptPoolRequest>());
    }
}

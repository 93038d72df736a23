using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Tests.Support;
using Action = DmAgents.Api.Admin.V1.MendPlan.Types.Action;
using Fate = DmAgents.Api.Admin.V1.MendedDevice.Types.Fate;

namespace DmAgents.Cli.Tests;

public class MetadataRepairTests
{
    private static MendPlan Plan() => new()
    {
        Pool = "fast", Action = Action.Replace, Verdict = "bad checksum in metadata block", Present = "/dev/vdc",
        Place = "/dev/vde", PlaceBytes = 64 * Samples.MiB, TransactionId = 5, JournalTransactionId = 7, Whole = 3,
        Steps = { new Step { What = "take the pool down", Object = "fast", Index = 1, Count = 1 } },
        Devices =
        {
            new MendedDevice { ThinId = 9, Key = "container web", Fate = Fate.Lost },
            new MendedDevice
            {
                ThinId = 4, Key = "container db", Fate = Fate.Short, MappedBeforeBytes = 2 * Samples.MiB,
                MappedAfterBytes = Samples.MiB,
            },
        },
        Warnings = { "they are of another time" },
    };

    [Fact]
    public async Task Without_execute_a_repair_only_tells_what_would_come_of_it()
    {
        await using var agent = (await FakeAgent.WithPoolsAsync("fast")).Streams<MendMetadataRequest>(_ =>
        [
            new MendMetadataReply { Step = new Step { What = "trying it out on copies", Object = "fast" } },
            new MendMetadataReply { Plan = Plan() },
        ]);

        var run = await Run.Of(agent, "pool", "repair-metadata", "--into", "vde", "--force");

        Assert.Equal(0, run.Code);
        Assert.Equal(
            """
            trying it out on copies: fast
            fast: its metadata at /dev/vdc are DAMAGED: bad checksum in metadata block
            The new ones have 3 devices as the journal has them, and transaction id 5; the journal expects 7
            Their place: /dev/vde, 64 MiB

            DEVICE         THIN ID  BECOMES
            container web        9  LOST
            container db         4  short: maps 1 MiB of 2 MiB
            mind: they are of another time

            dmagent pool repair-metadata fast --into /somewhere/vde --force --execute would:
              1/1 take the pool down: fast
            """.Split('\n'),
            run.Lines);
        Assert.Equal(
            new MendMetadataRequest { Pool = "fast", RequestId = Run.RequestId, Into = "/somewhere/vde", Force = true },
            agent.Request<MendMetadataRequest>());
    }

    [Theory]
    [InlineData(Problem.Types.Kind.Unspecified, 4)]
    [InlineData(Problem.Types.Kind.Refused, 4)]
    [InlineData(Problem.Types.Kind.NoSpace, 5)]
    [InlineData(Problem.Types.Kind.NotFound, 3)]
    public async Task What_cannot_be_done_is_told_with_its_next_step(Problem.Types.Kind kind, int code)
    {
        var plan = Plan();
        plan.ObstacleKind = kind;
        (plan.Obstacle, plan.ObstacleNext) = ("it has no spare disk", "dmagent pool spare add fast DISK");
        await using var agent = (await FakeAgent.WithPoolsAsync("fast"))
            .On<MendMetadataRequest>(_ => new MendMetadataReply { Plan = plan });

        var run = await Run.Of(agent, "pool", "repair-metadata", "fast");

        Assert.Equal(code, run.Code);
        Assert.Contains("It cannot be done: it has no spare disk", run.Lines);
        Assert.Contains("  next: dmagent pool spare add fast DISK", run.Lines);
    }

    [Fact]
    public async Task A_restore_that_is_executed_ends_with_what_is_so_then()
    {
        await using var agent = (await FakeAgent.WithPoolsAsync("fast")).Streams<MendMetadataRequest>(_ =>
        [
            new MendMetadataReply { Plan = Plan() },
            new MendMetadataReply { Step = new Step { What = "taking the pool down", Object = "fast" } },
            new MendMetadataReply { Done = new CheckPoolReply { Pool = "fast", Agrees = true, JournalDevices = 5 } },
        ]);

        var run = await Run.Of(agent, "pool", "restore-metadata", "fast", "20260102T030405Z", "--execute");

        Assert.Equal(0, run.Code);
        Assert.StartsWith(
            "fast: its metadata can be made of backup 20260102T030405Z", run.Out, StringComparison.Ordinal);
        Assert.Contains("they agree", run.Out, StringComparison.Ordinal);
        Assert.Equal(
            new MendMetadataRequest
            {
                Pool = "fast", RequestId = Run.RequestId, Backup = "20260102T030405Z", Execute = true,
            },
            agent.Request<MendMetadataRequest>());
    }

    [Fact]
    public async Task Sound_metadata_have_a_mark_cleared()
    {
        var plan = new MendPlan { Pool = "fast", Action = Action.ClearMark, Present = "/dev/vdc" };
        await using var agent = (await FakeAgent.WithPoolsAsync("fast"))
            .On<MendMetadataRequest>(_ => new MendMetadataReply { Plan = plan });

        var run = await Run.Of(agent, "pool", "repair-metadata");

        Assert.Equal(0, run.Code);
        Assert.StartsWith("fast: its metadata are sound", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Backups_are_listed_and_made()
    {
        var backup =
            new Backup { Name = "20260102T030405Z", At = Samples.ThreeMinutesAgo, SizeBytes = 2048, TransactionId = 7 };
        await using var agent = (await FakeAgent.WithPoolsAsync("fast"))
            .On<ListBackupsRequest>(_ => new ListBackupsReply { Pool = "fast", Backups = { backup } })
            .On<BackUpRequest>(_ => new BackUpReply
            {
                Pool = "fast", Backup = backup, ThinDevices = 12, TookMilliseconds = 1234,
            });

        var listed = await Run.Of(agent, "pool", "backup", "list");
        var made = await Run.Of(agent, "pool", "backup", "now");

        Assert.Contains("20260102T030405Z  3 minutes ago", listed.Out, StringComparison.Ordinal);
        Assert.EndsWith("not tried", listed.Lines[1], StringComparison.Ordinal);
        Assert.Equal(
            "fast: backup 20260102T030405Z has 12 thin devices and takes 2 KiB; made in 1.2 s; not yet proved to be "
                + "restorable",
            made.Lines[0]);
        backup.Proof = new BackupProof { At = Samples.ThreeMinutesAgo, TookMilliseconds = 5 };
        Assert.EndsWith(
            "proved 3 minutes ago", (await Run.Of(agent, "pool", "backup", "list")).Lines[1], StringComparison.Ordinal);
        backup.Proof.WhyNot = "out of bounds";
        Assert.EndsWith(
            "NOT PROVED: out of bounds", (await Run.Of(agent, "pool", "backup", "list")).Lines[1],
            StringComparison.Ordinal);
        var json = (await Run.Of(agent, "pool", "backup", "list", "--json")).Out;
        Assert.Contains("out of bounds", json, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_kept_is_given_up()
    {
        await using var agent = (await FakeAgent.WithPoolsAsync("fast"))
            .On<DiscardMetadataRequest>(_ => new DiscardMetadataReply
            {
                Pool = "fast", Discarded = { new KeptMetadata { Place = "/dev/vdc from 1 MiB on" } },
            });

        var run = await Run.Of(agent, "pool", "discard-metadata", "fast");

        Assert.Equal("fast: the metadata that were kept at /dev/vdc from 1 MiB on are gone", run.Lines[0]);
    }
}

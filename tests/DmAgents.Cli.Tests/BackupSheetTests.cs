using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Tests.Support;

namespace DmAgents.Cli.Tests;

/// <summary>What a pool's sheet says of the last backup of its metadata.</summary>
public sealed class BackupSheetTests
{
    private const string Name = "20260102T030405Z";
    private const string Earlier = "20260102T020405Z";

    [Fact]
    public async Task A_pool_without_a_backup_has_no_such_row()
    {
        var sheet = await SheetOf(null);

        Assert.DoesNotContain("metadata backup", sheet, StringComparison.Ordinal);
        Assert.DoesNotContain("latest proved", sheet, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_backup_that_was_proved_is_the_latest_proved()
    {
        var sheet = await SheetOf(Made(new BackupProof { At = Samples.ThreeMinutesAgo }, latestProved: Name));

        AssertRow(
            sheet, "metadata backup", $"{Name}, 3 minutes ago; restored on a copy and found sound 3 minutes ago");
        Assert.DoesNotContain("latest proved", sheet, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_a_backup_that_failed_its_proof_it_says_why_and_which_one_is_proved()
    {
        var proof = new BackupProof { At = Samples.ThreeMinutesAgo, WhyNot = "out of bounds" };

        var sheet = await SheetOf(Made(proof, latestProved: Earlier));

        AssertRow(
            sheet, "metadata backup", $"{Name}, 3 minutes ago; NOT PROVED to be restorable: out of bounds");
        AssertRow(sheet, "latest proved", Earlier);
    }

    [Fact]
    public async Task Of_a_backup_that_was_not_tried_it_says_so_and_that_none_is_proved()
    {
        var sheet = await SheetOf(Made(proof: null, latestProved: ""));

        AssertRow(sheet, "metadata backup", $"{Name}, 3 minutes ago; not yet proved to be restorable");
        AssertRow(sheet, "latest proved", "none");
    }

    [Fact]
    public async Task Of_a_backup_that_could_not_be_made_it_says_why_and_which_one_is_the_last()
    {
        var status = Made(new BackupProof { At = Samples.ThreeMinutesAgo }, latestProved: Name);
        status.WhyNot = "no space";

        AssertRow(await SheetOf(status), "metadata backup", $"FAILED 3 minutes ago: no space; the last one is {Name}");
        status.Name = status.LatestProved = "";
        AssertRow(await SheetOf(status), "metadata backup", "FAILED 3 minutes ago: no space; the last one is none");
    }

    private static BackupStatus Made(BackupProof? proof, string latestProved) =>
        new() { Name = Name, At = Samples.ThreeMinutesAgo, Proof = proof, LatestProved = latestProved };

    private static async Task<string> SheetOf(BackupStatus? status)
    {
        var pool = Samples.LoopPool();
        pool.LastBackup = status;
        await using var agent = (await FakeAgent.WithPoolsAsync("try")).On<ShowPoolRequest>(_ => pool);
        return (await Run.Of(agent, "pool", "show")).Out;
    }

    private static void AssertRow(string sheet, string name, string value) =>
        Assert.Contains($"  {name,-24}{value}\n", sheet, StringComparison.Ordinal);
}

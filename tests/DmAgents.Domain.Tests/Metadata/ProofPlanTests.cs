using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Tests.Deciding;

namespace DmAgents.Domain.Tests.Metadata;

public sealed class ProofPlanTests
{
    private static readonly ProofSettings Each = new(TimeSpan.Zero, SharePercent: 5);

    private static readonly BackupName Name = new(Given.At);

    private static readonly BackupRecord Latest = new(Name.ToString(), Why: null, Given.At);

    [Fact]
    public void The_latest_backup_is_proved_once()
    {
        Assert.Equal(Name, ProofPlan.Due(Each, Latest, BackupProofs.None, Given.At));
        Assert.Null(ProofPlan.Due(Each, Latest, Tried(Name, why: null, 1), Given.At + TimeSpan.FromDays(99)));
    }

    [Fact]
    public void Switched_off_or_without_a_backup_there_is_nothing_to_prove()
    {
        Assert.Null(ProofPlan.Due(ProofSettings.Never, Latest, BackupProofs.None, Given.At));
        Assert.Null(ProofPlan.Due(Each, latest: null, BackupProofs.None, Given.At));
        Assert.Null(ProofPlan.Due(Each, new BackupRecord(null, "no space", Given.At), BackupProofs.None, Given.At));
    }

    [Fact]
    public void A_proof_that_took_a_minute_is_followed_by_nineteen_without()
    {
        var before = Tried(Earlier, why: null, seconds: 60);

        Assert.Null(ProofPlan.Due(Each, Latest, before, Given.At + TimeSpan.FromMinutes(18.9)));
        Assert.Equal(Name, ProofPlan.Due(Each, Latest, before, Given.At + TimeSpan.FromMinutes(19)));
    }

    [Fact]
    public void No_more_than_one_is_proved_in_the_time_that_the_operator_sets()
    {
        var daily = Each with { Every = TimeSpan.FromDays(1) };
        var before = Tried(Earlier, why: null, seconds: 1);

        Assert.Null(ProofPlan.Due(daily, Latest, before, Given.At + TimeSpan.FromHours(23)));
        Assert.Equal(Name, ProofPlan.Due(daily, Latest, before, Given.At + TimeSpan.FromHours(24)));
    }

    [Fact]
    public void One_that_failed_is_tried_again_after_an_hour()
    {
        var failed = Tried(Name, "no space", seconds: 1);

        Assert.Null(ProofPlan.Due(Each, Latest, failed, Given.At + TimeSpan.FromMinutes(59)));
        Assert.Equal(Name, ProofPlan.Due(Each, Latest, failed, Given.At + TimeSpan.FromMinutes(60)));
    }

    [Fact]
    public void Only_the_latest_proofs_are_remembered()
    {
        var proofs = Enumerable.Range(0, 100).Aggregate(BackupProofs.None, (all, hour) => all.With(
            new BackupName(Given.At + TimeSpan.FromHours(hour)).ToString(),
            new BackupProof(hour < 90 ? null : "damaged", TimeSpan.Zero, Given.At + TimeSpan.FromHours(hour))));

        Assert.Equal(64, proofs.ByName.Count);
        Assert.Equal(Given.At + TimeSpan.FromHours(99), proofs.Last?.At);
        Assert.Equal(new BackupName(Given.At + TimeSpan.FromHours(89)).ToString(), proofs.LatestProved);
    }

    private static BackupName Earlier => new(Given.At - TimeSpan.FromHours(1));

    private static BackupProofs Tried(BackupName name, string? why, int seconds) =>
        BackupProofs.None.With(name.ToString(), new BackupProof(why, TimeSpan.FromSeconds(seconds), Given.At));
}

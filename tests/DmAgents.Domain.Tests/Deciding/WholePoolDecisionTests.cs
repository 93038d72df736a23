using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Units;
using static DmAgents.Domain.Tests.Deciding.Given;

namespace DmAgents.Domain.Tests.Deciding;

/// <summary>Commands that have the pool to themselves, and reports on it.</summary>
public sealed class WholePoolDecisionTests
{
    private static readonly BackupOutcome.Made Made = new(
        new BackupName(At), new TransactionId(3), Thins: 2, ByteSize.KiB(1), TimeSpan.FromSeconds(1));

    [Fact]
    public void A_pool_that_holds_something_is_removed_by_force_only()
    {
        var used = Pool.Do(Create(Container("web")));

        Assert.Equal(RefusalKind.WrongState, RefusedBy(used, Retire(force: false)).Kind);
        Assert.Empty(Accepted(used, Retire(force: true)).Events);
        Assert.Empty(Accepted(Pool, Retire(force: false)).Events);
    }

    [Fact]
    public void An_accepted_transaction_id_becomes_the_checkpoint()
    {
        var accept = new PoolCommands.Repair(NewRequest(), new TransactionId(77), At);

        Assert.Equal(new TransactionId(77), Pool.After(Accepted(Pool, accept).Events).Checkpoint.Reached);
        Assert.Empty(Accepted(Pool, accept with { Accept = null }).Events);
    }

    [Fact]
    public void The_outcome_of_a_backup_is_journaled_once()
    {
        var noted = Pool.After(Accepted(Pool, Note(Made)).Events);

        Assert.Equal(new BackupRecord(Made.Name.ToString(), Why: null, At), noted.LastBackup);
        Assert.IsType<Decision.AlreadySo>(PoolDecider.Decide(noted, Health, Note(Made)));
        var failed = noted.After(Accepted(noted, Note(new BackupOutcome.Failed("no space"))).Events);
        Assert.Equal("no space", failed.LastBackup?.Why);
        Assert.IsType<Decision.AlreadySo>(
            PoolDecider.Decide(failed, Health, Note(new BackupOutcome.Failed("no space"))));
    }

    [Fact]
    public void Only_another_programs_pool_is_given_back() => Assert.Equal(
        RefusalKind.WrongState, RefusedBy(Pool, new PoolCommands.Return(NewRequest(), At)).Kind);

    [Fact]
    public void Without_kept_metadata_there_is_nothing_to_discard() => Assert.IsType<Decision.AlreadySo>(
        PoolDecider.Decide(Pool, Health, new PoolCommands.DiscardMetadata(NewRequest(), At)));

    [Fact]
    public void Metadata_that_the_kernel_uses_are_not_repaired() => Assert.Equal(
        RefusalKind.WrongState,
        RefusedBy(Pool, new PoolCommands.RepairMetadata(
            NewRequest(), new MetadataSource.Present(), Next: null, At)).Kind);

    private static PoolCommands.Retire Retire(bool force) => new(NewRequest(), force, At);

    private static PoolCommands.NoteBackup Note(BackupOutcome outcome) => new(NewRequest(), outcome, At);

    private static Decision.Accepted Accepted(PoolState state, PoolCommand command) =>
        Assert.IsType<Decision.Accepted>(PoolDecider.Decide(state, Health, command));
}

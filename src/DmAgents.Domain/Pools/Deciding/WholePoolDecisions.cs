using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Pools.Takeover;

namespace DmAgents.Domain.Pools.Deciding;

/// <summary>
/// Decides commands that need exclusive use of the pool, and reports about it. Pure. If a command is accepted without
/// events, its outcome changes the journal.
/// </summary>
internal static class WholePoolDecisions
{
    private static readonly Decision.Accepted Go = new([], Subject: null);

    /// <param name="state">The state of a pool that has an identity.</param>
    public static Decision Decide(PoolState state, PoolHealth? health, PoolCommand command) => command switch
    {
        PoolCommands.Retire c => Retire(state, c),
        PoolCommands.Repair c => Repair(state, c),
        PoolCommands.Trim => Go,
        PoolCommands.RepairMetadata c => MetadataRepairDecider.Refuse(state, health, c.Source, c.Next) is { } refusal
            ? new Decision.Refused(refusal)
            : Go,
        PoolCommands.DiscardMetadata => DiscardMetadata(state),
        PoolCommands.Return => Return(state),
        PoolCommands.NoteBackup c => NoteBackup(state, c),
        _ => throw new InvalidOperationException($"a pool does not know the command {command.GetType().Name}"),
    };

    private static Decision Retire(PoolState state, PoolCommands.Retire c)
    {
        var name = state.Identity!.Name;
        if (state.Takeover is { IsConfirmed: false } takeover)
        {
            return takeover.CanBeUndone
                ? No("cannot remove pool", state, $"it is {takeover.Program}'s until the adoption is confirmed",
                    $"give it back: dmagent pool adopt-docker --undo {name}")
                : No("cannot remove pool", state, $"it is being given back to {takeover.Program}",
                    "correct what keeps it; it is tried again every few seconds");
        }
        var inUse = state.Devices.Values.Count(d => d.Kind != DeviceKind.Base && d.Phase != DevicePhase.Removing);
        return inUse > 0 && !c.Force
            ? No("cannot remove pool", state, $"it holds {inUse} layers and containers",
                "remove them first, or lose them with --force")
            : Go;
    }

    /// <remarks>An accepted transaction id becomes the checkpoint: the next comparison finds that pool and journal
    /// belong together.</remarks>
    private static Decision.Accepted Repair(PoolState state, PoolCommands.Repair c) =>
        c.Accept is { } accepted && accepted != state.Checkpoint.Reached
            ? new Decision.Accepted([new PoolEvents.CheckpointReached(accepted, c.At)], Subject: null)
            : Go;

    private static Decision DiscardMetadata(PoolState state) =>
        state.Kept.IsEmpty ? new Decision.AlreadySo(null)
        : MetadataRepairDecider.Foreign(state, "cannot discard metadata") is { } foreign ? new Decision.Refused(foreign)
        : Go;

    private static Decision Return(PoolState state)
    {
        const string What = "cannot undo adoption";
        var next = $"to remove it: dmagent pool remove {state.Identity!.Name}";
        return state.Takeover?.Phase switch
        {
            null => No(What, state, "it was never another program's", next),
            TakeoverPhase.Confirmed => No(What, state, "it was confirmed, and what was removed since is gone", next),
            _ => Go,
        };
    }

    /// <remarks>A failure with the same reason as the last one is recorded once.</remarks>
    private static Decision NoteBackup(PoolState state, PoolCommands.NoteBackup c) => c.Outcome switch
    {
        BackupOutcome.Made made when state.LastBackup?.Name == made.Name.ToString() => new Decision.AlreadySo(null),
        BackupOutcome.Made made => new Decision.Accepted(
            [new PoolEvents.BackedUp(made.Name.ToString(), made.TransactionId, made.Thins, made.Size, made.Took, c.At)],
            Subject: null),
        BackupOutcome.Failed failed when state.LastBackup?.Why == failed.Why => new Decision.AlreadySo(null),
        BackupOutcome.Failed failed => new Decision.Accepted(
            [new PoolEvents.BackupFailed(failed.Why, c.At)], Subject: null),
        BackupOutcome.Proved proved => new Decision.Accepted(
            [new PoolEvents.BackupProved(proved.Name.ToString(), proved.Took, c.At)], Subject: null),
        BackupOutcome.NotProved not => new Decision.Accepted(
            [new PoolEvents.BackupNotProved(not.Name.ToString(), not.Why, not.Took, c.At)], Subject: null),
        _ => throw new InvalidOperationException("an outcome of no known kind"),
    };

    private static Decision.Refused No(string what, PoolState state, string why, string next) =>
        new(new Refusal(RefusalKind.WrongState, what, state.Identity!.Name.Value, why, next));
}

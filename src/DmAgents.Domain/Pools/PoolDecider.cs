using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Deciding;

namespace DmAgents.Domain.Pools;

/// <summary>
/// Decides a pool's response to a command. Pure: the same state, health and command give the same decision.
/// </summary>
/// <remarks>
/// Gives each command to the class of its topic, in the folder <c>Deciding</c>. Every command has an answer in every
/// phase of every device; <see cref="PoolState.Apply"/> accepts each event of a decision.
/// </remarks>
public static class PoolDecider
{
    /// <param name="state">The state by the journal.</param>
    /// <param name="health">The pool's latest status; null before it was opened.</param>
    /// <param name="command">The command.</param>
    public static Decision Decide(PoolState state, PoolHealth? health, PoolCommand command)
    {
        if (state.Requests.Knows(command.Request, out var subject))
            return new Decision.AlreadySo(subject);
        if (command is PoolCommands.Initialize initialize)
            return NewPoolDecisions.Initialize(state, initialize);
        if (command is PoolCommands.Adopt adopt)
            return NewPoolDecisions.Adopt(state, adopt);
        if (command is PoolCommands.TakeOver takeOver)
            return TakeoverDecisions.TakeOver(state, takeOver);
        if (state.Identity is null)
        {
            return Answers.No(
                RefusalKind.NotFound, "cannot change pool", "?", "it was never created", "dmagent pool create");
        }
        if (TakeoverDecisions.ChangesForeign(state, command) is { } foreign)
            return foreign;
        var decision = Answer(state, health, command);
        return decision is Decision.Accepted accepted
            && RemovalDecisions.StockInTheMaking(state, accepted) is { } creating
            ? new Decision.NotYet(creating)
            : decision;
    }

    private static Decision Answer(PoolState state, PoolHealth? health, PoolCommand command) => command switch
    {
        PoolCommands.CreateSnapshot c => SnapshotDecisions.Create(state, health, c),
        PoolCommands.Receive c => TransferDecisions.Receive(state, health, c),
        PoolCommands.NoteContent c => TransferDecisions.NoteContent(state, c),
        PoolCommands.CreateView c => ViewDecisions.Create(state, health, c),
        PoolCommands.SetLabels c => LabelDecisions.Set(state, c),
        PoolCommands.Commit c => CommitDecisions.Commit(state, c),
        PoolCommands.CommitLive c => CommitDecisions.CommitLive(state, health, c),
        PoolCommands.SetUse c => UseDecisions.SetUse(state, c),
        PoolCommands.Confirm c => UseDecisions.Confirm(state, c),
        PoolCommands.Resize c => UseDecisions.Resize(state, health, c),
        PoolCommands.Remove c => RemovalDecisions.Remove(state, c),
        PoolCommands.TagImage c => ImageDecisions.Tag(state, c),
        PoolCommands.UntagImage c => ImageDecisions.Untag(state, c),
        PoolCommands.Grow c => BackingDecisions.Grow(state, health, c),
        PoolCommands.SetSpares c => BackingDecisions.SetSpares(state, c),
        PoolCommands.ConfirmTakeover c => TakeoverDecisions.Confirm(state, c),
        PoolCommands.Purge c => QuarantineDecisions.Purge(state, c),
        PoolCommands.Undelete c => QuarantineDecisions.Undelete(state, c),
        _ => WholePoolDecisions.Decide(state, health, command),
    };

    /// <inheritdoc cref="UnneededLayerDecisions.RemoveImports"/>
    public static ImmutableArray<PoolEvent> RemoveUnneededImports(
        PoolState state, DateTimeOffset at, IEnumerable<DeviceRecord> among) =>
        UnneededLayerDecisions.RemoveImports(state, at, among);

    /// <inheritdoc cref="UnneededLayerDecisions.FreedBy"/>
    public static ThinId? FreedBy(PoolState state, PoolEvent happened) =>
        UnneededLayerDecisions.FreedBy(state, happened);
}

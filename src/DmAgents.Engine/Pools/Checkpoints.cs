using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Engine.Pools.Jobs;

namespace DmAgents.Engine.Pools;

/// <summary>Checkpoints, which tie pool and journal together, and snapshots of the state, each behind one.</summary>
internal sealed class Checkpoints(PoolMachine machine) : PoolPart(machine)
{
    /// <summary>What waits for the checkpoint under way; null if none is.</summary>
    private Action? _then;

    public bool IsUnderWay => _then is not null;

    /// <summary>
    /// Writes the next transaction id to journal, pool and journal, in that order: a crash at any point leaves a pair
    /// that the opening accepts. One at a time: two that overlap could intend an id that the pool has left behind.
    /// </summary>
    public void Begin(Action then)
    {
        var isUnderWay = IsUnderWay;
        _then += then;
        if (isUnderWay)
            return;
        var isOpening = Phase == PoolPhase.Opening;
        var found = Health!.Status.TransactionId;
        if (Pool.Identity.Backing is PoolBacking.Existing { OwnedByLvm: true })
            Core.Record([new PoolEvents.CheckpointReached(found, Now)], Reached);
        else if (Health.CanChange && (isOpening || State.Checkpoint.Intended is null))
        {
            // What the pool had at opening is what both agree on; later it is what was reached last.
            var from = isOpening ? found : State.Checkpoint.Reached;
            Core.Record(
                [new PoolEvents.CheckpointIntended(from, from.Next, Now)],
                () => Core.Give(new PoolJobs.Mark(Pool, from, from.Next)));
        }
        else if (!State.WasOpened)
            Fail(new KernelError(
                KernelFault.Failed, 0, "open", Pool.Device.Value, $"the pool is {Health.Condition}"));
        else
            Core.Record([], Reached);
    }

    public void On(PoolResults.Marked marked)
    {
        if (marked.Outcome.Error is not { } error)
        {
            Core.Record([new PoolEvents.CheckpointReached(marked.Next, Now)], Reached);
            return;
        }
        Core.Warn($"checkpoint {marked.Next} was not set: {error}");
        // Settles the intent if the pool can be asked: the next one must not begin at an id that is long past.
        if (!State.WasOpened)
            Fail(error);
        else if (marked.Found is { } found && State.Checkpoint.Allows(found))
            Core.Record([new PoolEvents.CheckpointReached(found, Now)], Reached);
        else
            Reached();
    }

    /// <summary>
    /// Without a first checkpoint the journal does not know that the pool's metadata may hold devices: the next opening
    /// would format them. Such a pool is not opened.
    /// </summary>
    private void Fail(KernelError error)
    {
        _then = null;
        Machine.Opening.OnFailed(error);
    }

    private void Reached()
    {
        var then = _then;
        _then = null;
        then?.Invoke();
    }

    public void StoreIfDue()
    {
        if (Core.EventsSinceSnapshot < Settings.SnapshotEvery || Phase != PoolPhase.Open || IsUnderWay)
            return;
        Core.EventsSinceSnapshot = 0;
        Begin(Store);
    }

    /// <summary>The state runs ahead of the journal: it is stored when all that it holds at this moment is durable.
    /// </summary>
    private void Store()
    {
        Core.Record([], () => { });
        var state = State;
        Core.AfterWrites(() => Core.Put(new PoolOutputs.Store(state)));
    }
}

using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Engine.Pools.Jobs;

namespace DmAgents.Engine.Pools;

/// <summary>Checkpoints, which tie pool and journal together, and snapshots of the state, each after a
/// checkpoint.</summary>
internal sealed class Checkpoints(PoolMachine machine) : PoolPart(machine)
{
    /// <summary>Runs after the checkpoint under way; null if none is.</summary>
    private Action? _then;

    public bool IsUnderWay => _then is not null;

    /// <summary>
    /// Writes the next transaction id to journal, pool and journal, in that order: a crash at any point leaves a pair
    /// that the opening accepts. One at a time: of two that overlap, one could intend an id that the pool has already
    /// passed.
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
            // At opening start from the pool's id, which the journal accepts; later from the last reached id.
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
        Core.Say(PoolLog.CheckpointFailed(Core.Scene.Name, marked.Next, error));
        // Settle the intent if the pool's id is known: the next checkpoint must not start from an outdated id.
        if (!State.WasOpened)
            Fail(error);
        else if (marked.Found is { } found && State.Checkpoint.Allows(found))
            Core.Record([new PoolEvents.CheckpointReached(found, Now)], Reached);
        else
            Reached();
    }

    /// <summary>
    /// Without a first checkpoint the journal does not record that the pool's metadata may hold devices, and the next
    /// opening would format them. Such a pool is not opened.
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

    /// <summary>The state is ahead of the journal: store it once all its present events are durable.</summary>
    private void Store()
    {
        Core.Record([], () => { });
        var state = State;
        Core.AfterWrites(() => Core.Put(new PoolOutputs.Store(state)));
    }
}

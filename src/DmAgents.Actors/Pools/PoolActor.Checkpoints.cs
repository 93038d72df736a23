using Akka.Actor;
using Akka.Event;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;

namespace DmAgents.Actors.Pools;

/// <summary>Checkpoints, which tie pool and journal together, and snapshots of the state, each behind one.</summary>
public sealed partial class PoolActor
{
    /// <summary>What waits for the checkpoint under way; null where none is.</summary>
    private Action? _afterCheckpoint;
    private int _eventsSinceSnapshot;

    /// <summary>
    /// Writes the next transaction id to journal, pool and journal, in that order: a crash at any point leaves a pair
    /// that the opening accepts. One at a time: two that overlap could intend an id that the pool has left behind.
    /// </summary>
    private void BeginCheckpoint(Action done)
    {
        var isUnderWay = _afterCheckpoint is not null;
        _afterCheckpoint += done;
        if (isUnderWay)
            return;
        var isOpening = _phase == PoolPhase.Opening;
        var found = _health!.Status.TransactionId;
        if (Pool.Identity.Backing is PoolBacking.Existing { OwnedByLvm: true })
            Record([new PoolEvents.CheckpointReached(found, Now)], Reached);
        else if (_health.CanChange && (isOpening || _state.Checkpoint.Intended is null))
        {
            // What the pool had at opening is what both agree on; later it is what was reached last.
            var from = isOpening ? found : _state.Checkpoint.Reached;
            Record([new PoolEvents.CheckpointIntended(from, from.Next, Now)],
                () => _lane.Tell(new LaneJobs.Mark(Pool, from, from.Next)));
        }
        else if (!_state.WasOpened)
            OnNotMarked(new KernelError(
                KernelFault.Failed, 0, "open", Pool.Device.Value, $"the pool is {_health.Condition}"));
        else
            Record([], Reached);
    }

    private void OnMarked(LaneResults.Marked marked)
    {
        if (marked.Outcome.Error is { } error)
        {
            _log.Warning("pool {0}: checkpoint {1} was not set: {2}", _setup.Name, marked.Next, error);
            // Settles the intent where the pool tells: the next one must not begin at an id that is long past.
            if (!_state.WasOpened)
                OnNotMarked(error);
            else if (marked.Found is { } found && _state.Checkpoint.Allows(found))
                Record([new PoolEvents.CheckpointReached(found, Now)], Reached);
            else
                Reached();
            return;
        }
        Record([new PoolEvents.CheckpointReached(marked.Next, Now)], Reached);
    }

    /// <summary>
    /// Without a first checkpoint the journal does not know that the pool's metadata may hold devices: the next opening
    /// would format them. Such a pool is not opened.
    /// </summary>
    private void OnNotMarked(KernelError error)
    {
        _afterCheckpoint = null;
        OnOpenFailed(error);
    }

    private void Reached()
    {
        var done = _afterCheckpoint;
        _afterCheckpoint = null;
        done?.Invoke();
        RetireWhenQuiet();
    }

    private void StoreSnapshotWhereDue()
    {
        if (_eventsSinceSnapshot < _setup.Settings.SnapshotEvery
            || _phase != PoolPhase.Open || _afterCheckpoint is not null)
            return;
        _eventsSinceSnapshot = 0;
        BeginCheckpoint(SaveState);
    }

    /// <summary>The state runs ahead of the journal: it is stored when all that it holds at this moment is durable.
    /// </summary>
    private void SaveState()
    {
        Record([], () => { });
        DeferAsync(_state, state => SaveSnapshot(state));
    }
}

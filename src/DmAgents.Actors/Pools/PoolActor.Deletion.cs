using System.Collections.Immutable;
using Akka.Event;
using DmAgents.Actors.Devices;
using DmAgents.Actors.Serialization;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Care;
using DmAgents.Domain.Pools.Effects;

namespace DmAgents.Actors.Pools;

/// <summary>
/// The blocks of removed devices on their way back to the pool. Thin ids are deleted one at a time; of one large device
/// at a time the blocks are discarded before, in pieces, and between two pieces small deletions have their turn.
/// </summary>
public sealed partial class PoolActor
{
    private const string DeletionTimer = "deletion";
    private const string PieceTimer = "piece";

    private ImmutableSortedDictionary<ThinId, PendingDeletion> _deletions =
        ImmutableSortedDictionary<ThinId, PendingDeletion>.Empty;

    /// <summary>How many pending deletions there are of devices that began with the blocks of each.</summary>
    private readonly Dictionary<ThinId, int> _heirsGoing = [];

    /// <summary>The device whose deletion has a job under way.</summary>
    private ThinId? _deleting;

    /// <summary>Devices of which blocks are still to be discarded; the first of them at this moment.</summary>
    private ImmutableList<Discarding> _discards = [];
    private bool _isDiscarding;

    /// <summary>A deletion, or a piece of one, is at work on a device.</summary>
    private bool IsDeleting => _deleting is not null || _isDiscarding;

    /// <summary>The pool needs the blocks back more than its users need their latency.</summary>
    private bool IsHastened => _health is
    {
        Condition: PoolCondition.LowData or PoolCondition.LowMetadata or PoolCondition.OutOfData,
    };

    private bool MayDelete => _phase == PoolPhase.Open && _heldRetire is null && _health is not { CanChange: false };

    private void Enqueue(ThinId id)
    {
        AddDeletion(id);
        _problems = _problems.Remove(id);
        DeleteNext();
    }

    private void AddDeletion(ThinId id)
    {
        if (!_deletions.ContainsKey(id) && _state.Devices[id].Source is { } origin)
            _heirsGoing[origin] = _heirsGoing.GetValueOrDefault(origin) + 1;
        _deletions = _deletions.SetItem(id, new PendingDeletion(id, "", Tries: 0));
    }

    /// <summary>A comparison knows anew what is to be deleted.</summary>
    private void ForgetDeletions()
    {
        _deletions = _deletions.Clear();
        _heirsGoing.Clear();
        _discards = [];
    }

    /// <param name="origin">The source that the device had.</param>
    private void DropDeletion(ThinId id, ThinId? origin)
    {
        _deletions = _deletions.Remove(id);
        if (origin is { } source && --_heirsGoing[source] == 0)
            _heirsGoing.Remove(source);
    }

    /// <summary>One at a time: a deletion holds the pool's lock in the kernel, and others have to get a turn.</summary>
    private void DeleteNext()
    {
        if (_deleting is not null || !MayDelete || NextDeletion() is not { } id)
            return;
        _deleting = id;
        var device = _state.Devices[id];
        _devices.Give(id, DeletionOf(device));
    }

    private DeviceJobs.Delete DeletionOf(DeviceRecord device) => new(
        Pool, device with { Source = OriginOf(device) }, IsOrigin(device.Id), KeyHasSuccessor(device));

    /// <summary>Who began with another's blocks goes before him: only then are the other's blocks nobody
    /// else's.</summary>
    private ThinId? NextDeletion()
    {
        ThinId? after = null;
        foreach (var pending in _deletions.Values)
        {
            if ((pending.Tries > 0 && Timers.IsTimerActive(DeletionTimer)) || _discards.Any(d => d.Id == pending.Id))
                continue;
            if (!_heirsGoing.ContainsKey(pending.Id))
                return pending.Id;
            after ??= pending.Id;
        }
        // Those who would go before are held, or being discarded: a device whose heir comes late costs time, not space.
        return _discards.IsEmpty ? after : null;
    }

    /// <summary>The nearest device in the pool with whose blocks this one began.</summary>
    private ThinId? OriginOf(DeviceRecord device) =>
        device.Source is { } source && _state.Devices.ContainsKey(source) ? source
        : device.Parent is { } parent && _state.Devices.ContainsKey(parent) ? parent
        : null;

    private bool IsOrigin(ThinId id) => _state.Devices.Values.Any(device => device.Source == id);

    private bool KeyHasSuccessor(DeviceRecord device) => _state.Find(device.Key) is not null;

    private void OnDeleted(DeviceResults.Deleted result)
    {
        _deleting = null;
        if (result.Outcome is DeletionResult.ToDiscard discards)
        {
            _discards = _discards.Add(new Discarding(
                result.Id, DiscardPlan.Of(discards.Blocks), IsOrigin(result.Id), OriginOf(_state.Devices[result.Id])));
        }
        else if (result.Outcome is DeletionResult.Gone)
        {
            DropDeletion(result.Id, _state.Devices[result.Id].Source);
            Outcome(new PoolEvents.Removed(result.Id, Now));
            // Who was refused for want of space is not to wait for the next regular reading.
            if (_deletions.IsEmpty && _health is not { Condition: PoolCondition.Writable })
                LookAtStatus();
        }
        else
        {
            OnDeletionWaits(result.Id, result.Outcome);
        }
        Show();
        GoOnDeleting();
    }

    private void OnDeletionWaits(ThinId id, DeletionResult result)
    {
        var why = result switch
        {
            DeletionResult.Held held => $"held by {HolderText.Of(held.Holders)}",
            DeletionResult.Failed failed => failed.Error.ToString(),
            _ => "",
        };
        var tries = _deletions[id].Tries + 1;
        _deletions = _deletions.SetItem(id, new PendingDeletion(id, why, tries));
        if (tries == 1)
            _log.Info("pool {0}: removal of device {1} waits: {2}", _setup.Name, id, why);
        if (!Timers.IsTimerActive(DeletionTimer))
            Timers.StartSingleTimer(DeletionTimer, DeleteAgain.Instance, _setup.Settings.RetryInterval);
    }

    /// <summary>A device that is discarded to its end goes before those whose turn has not come.</summary>
    private void GoOnDeleting()
    {
        DiscardNext();
        DeleteNext();
        StopWhenDone();
        RetireWhenQuiet();
    }

    /// <summary>The next piece of the first device that is to be discarded, or the end of its deletion.</summary>
    private void DiscardNext()
    {
        if (_isDiscarding || _discards.IsEmpty || Timers.IsTimerActive(PieceTimer))
            return;
        if (!MayDelete)
        {
            // What is discarded is discarded: whoever deletes it next begins with what is left.
            _discards = [];
            return;
        }
        var (id, plan, wasOrigin, origin) = _discards[0];
        if (plan.IsDone && _deleting is not null)
            return;
        var device = _state.Devices[id];
        if (plan.IsDone)
        {
            _discards = _discards.RemoveAt(0);
            _deleting = id;
            // Heirs or origin went between two pieces: what it shared with them is its own by now.
            _devices.Give(id, (wasOrigin && !IsOrigin(id)) || origin != OriginOf(device)
                ? DeletionOf(device)
                : new DeviceJobs.EndDeletion(Pool, device, KeyHasSuccessor(device)));
            DiscardNext();
            return;
        }
        _isDiscarding = true;
        _devices.Give(id, new DeviceJobs.Discard(Pool, device, plan.Next));
    }

    private void OnDiscarded(DeviceResults.Discarded result)
    {
        _isDiscarding = false;
        // The pool was compared anew meanwhile, and all deletions begin again.
        if (_discards.IsEmpty || _discards[0].Id != result.Id)
        {
            GoOnDeleting();
            return;
        }
        if (result.Outcome.Error is { } error)
        {
            _discards = _discards.RemoveAt(0);
            OnDeletionWaits(result.Id, new DeletionResult.Failed(error));
        }
        else
        {
            var plan = _discards[0].Plan.After(result.Took);
            _discards = _discards.SetItem(0, _discards[0] with { Plan = plan });
            _deletions = _deletions.SetItem(result.Id, _deletions[result.Id] with { BlocksLeft = plan.BlocksLeft });
            if (!IsHastened && !plan.IsDone)
            {
                Timers.StartSingleTimer(
                    PieceTimer, NextPiece.Instance, _setup.Settings.Background.PauseAfter(result.Took));
            }
        }
        Show();
        GoOnDeleting();
    }

    /// <summary>Pauses that were begun when the pool had time.</summary>
    private void HastenDeletions()
    {
        if (!IsHastened || !Timers.IsTimerActive(PieceTimer))
            return;
        Timers.Cancel(PieceTimer);
        DiscardNext();
    }

    /// <summary>A device of which blocks are still to be discarded.</summary>
    /// <param name="IsOrigin">Others had begun with its blocks when it was found out which are its own.</param>
    /// <param name="Origin">With whose blocks it had begun, of those that were there at that time.</param>
    private sealed record Discarding(ThinId Id, DiscardPlan Plan, bool IsOrigin, ThinId? Origin);

    private sealed record DeleteAgain : ILocalMessage
    {
        public static DeleteAgain Instance { get; } = new();
    }

    private sealed record NextPiece : ILocalMessage
    {
        public static NextPiece Instance { get; } = new();
    }
}

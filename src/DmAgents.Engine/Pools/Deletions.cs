using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Care;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Engine.Pools.Jobs;

namespace DmAgents.Engine.Pools;

/// <summary>
/// Returns the blocks of removed devices to the pool. Thin ids are deleted one at a time. The blocks of one large
/// device at a time are discarded beforehand, in pieces; small deletions run between the pieces.
/// </summary>
internal sealed class Deletions(PoolMachine machine) : PoolPart(machine)
{
    /// <summary>For each device, the number of its snapshots whose deletion is pending.</summary>
    private readonly Dictionary<ThinId, int> _snapshots = [];

    /// <summary>The device whose deletion has a job under way.</summary>
    private ThinId? _deleting;

    /// <summary>Devices with blocks to discard; the first one is current.</summary>
    private ImmutableList<Discarding> _discards = [];
    private bool _isDiscarding;

    public ImmutableSortedDictionary<ThinId, PendingDeletion> Pending { get; private set; } =
        ImmutableSortedDictionary<ThinId, PendingDeletion>.Empty;

    /// <summary>A job of a deletion is running on a device.</summary>
    public bool AreAtWork => _deleting is not null || _isDiscarding;

    private bool MayDelete => Phase == PoolPhase.Open && !Machine.Exclusive.RemovalIsHeld
        && Health is not { CanChange: false };

    public void Enqueue(ThinId id)
    {
        Add(id);
        Machine.Problems.Forget(id);
        Next();
    }

    public void Add(ThinId id)
    {
        if (!Pending.ContainsKey(id) && State.Devices[id].Source is { } origin)
            _snapshots[origin] = _snapshots.GetValueOrDefault(origin) + 1;
        Pending = Pending.SetItem(id, new PendingDeletion(id, "", Tries: 0));
    }

    /// <summary>Clears everything: a comparison determines the deletions again.</summary>
    public void ForgetAll()
    {
        Pending = Pending.Clear();
        _snapshots.Clear();
        _discards = [];
    }

    /// <param name="origin">The device that it was a snapshot of.</param>
    private void Drop(ThinId id, ThinId? origin)
    {
        Pending = Pending.Remove(id);
        if (origin is { } source && --_snapshots[source] == 0)
            _snapshots.Remove(source);
    }

    /// <summary>Starts one deletion at a time: it holds the pool's lock in the kernel, and other requests need a
    /// turn.</summary>
    public void Next()
    {
        if (_deleting is not null || !MayDelete || NextDevice() is not { } id)
            return;
        _deleting = id;
        Core.Give(id, DeletionOf(State.Devices[id]));
    }

    private DeviceJobs.Delete DeletionOf(DeviceRecord device) => new(
        Pool, device with { Source = OriginOf(device) }, IsOrigin(device.Id), KeyHasSuccessor(device));

    /// <summary>Snapshots before their origin: only then are the origin's blocks unshared.</summary>
    private ThinId? NextDevice()
    {
        ThinId? after = null;
        foreach (var pending in Pending.Values)
        {
            if ((pending.Tries > 0 && Core.IsWaiting(PoolTimer.Deletion)) || _discards.Any(d => d.Id == pending.Id))
                continue;
            if (!_snapshots.ContainsKey(pending.Id))
                return pending.Id;
            after ??= pending.Id;
        }
        // Its snapshots are busy or being discarded: deleting the origin before them costs time, not space.
        return _discards.IsEmpty ? after : null;
    }

    /// <summary>The device in the pool that this one is a snapshot of.</summary>
    private ThinId? OriginOf(DeviceRecord device) =>
        device.Source is { } source && State.Devices.ContainsKey(source) ? source
        : device.Parent is { } parent && State.Devices.ContainsKey(parent) ? parent
        : null;

    private bool IsOrigin(ThinId id) => State.Devices.Values.Any(device => device.Source == id);

    private bool KeyHasSuccessor(DeviceRecord device) => State.Find(device.Key) is not null;

    public void OnDeleted(DeviceResults.Deleted result)
    {
        _deleting = null;
        if (result.Outcome is DeletionResult.ToDiscard discards)
        {
            _discards = _discards.Add(new Discarding(
                result.Id, DiscardPlan.Of(discards.Blocks), IsOrigin(result.Id), OriginOf(State.Devices[result.Id])));
        }
        else if (result.Outcome is DeletionResult.Gone)
        {
            Drop(result.Id, State.Devices[result.Id].Source);
            Core.Outcome(new PoolEvents.Removed(result.Id, Now));
            // A caller that was refused for lack of space should not wait for the next regular reading.
            if (Pending.IsEmpty && Health is not { Condition: PoolCondition.Writable })
                Machine.Care.LookAtStatus();
        }
        else
        {
            Wait(result.Id, result.Outcome);
        }
        Core.Show();
        Continue();
    }

    private void Wait(ThinId id, DeletionResult result)
    {
        var why = result switch
        {
            DeletionResult.Held held => $"held by {HolderText.Of(held.Holders)}",
            DeletionResult.Failed failed => failed.Error.ToString(),
            _ => "",
        };
        var before = Pending[id];
        Pending = Pending.SetItem(id, new PendingDeletion(id, why, before.Tries + 1));
        if (result is DeletionResult.Failed && why != before.Why)
            Core.Say(PoolLog.RemovalFailed(Core.Scene.Name, id, why));
        else if (result is DeletionResult.Held && before.Tries == 0)
            Core.Say(PoolLog.RemovalWaits(Core.Scene.Name, id, why));
        if (!Core.IsWaiting(PoolTimer.Deletion))
            Core.Start(PoolTimer.Deletion, Settings.RetryInterval);
    }

    /// <summary>Finishes a completely discarded device before it starts others.</summary>
    private void Continue()
    {
        DiscardNext();
        Next();
        Machine.Exclusive.StopWhenDone();
    }

    /// <summary>Discards the next piece of the current device, or ends its deletion.</summary>
    public void DiscardNext()
    {
        if (_isDiscarding || _discards.IsEmpty || Core.IsWaiting(PoolTimer.Piece))
            return;
        if (!MayDelete)
        {
            // Discarded blocks stay discarded: the next deletion starts with the rest.
            _discards = [];
            return;
        }
        var (id, plan, wasOrigin, origin) = _discards[0];
        if (plan.IsDone && _deleting is not null)
            return;
        var device = State.Devices[id];
        if (plan.IsDone)
        {
            _discards = _discards.RemoveAt(0);
            _deleting = id;
            // If snapshots or the origin were deleted between two pieces, blocks shared with them are now unshared.
            Core.Give(id, (wasOrigin && !IsOrigin(id)) || origin != OriginOf(device)
                ? DeletionOf(device)
                : new DeviceJobs.EndDeletion(Pool, device, KeyHasSuccessor(device)));
            DiscardNext();
            return;
        }
        _isDiscarding = true;
        Core.Give(id, new DeviceJobs.Discard(Pool, device, plan.Next));
    }

    public void OnDiscarded(DeviceResults.Discarded result)
    {
        _isDiscarding = false;
        // A comparison has restarted all deletions meanwhile.
        if (_discards.IsEmpty || _discards[0].Id != result.Id)
        {
            Continue();
            return;
        }
        if (result.Outcome.Error is { } error)
        {
            _discards = _discards.RemoveAt(0);
            Wait(result.Id, new DeletionResult.Failed(error));
        }
        else
        {
            var plan = _discards[0].Plan.After(result.Took);
            _discards = _discards.SetItem(0, _discards[0] with { Plan = plan });
            Pending = Pending.SetItem(result.Id, Pending[result.Id] with { BlocksLeft = plan.BlocksLeft });
            if (!Machine.Care.IsHastened && !plan.IsDone)
                Core.Start(PoolTimer.Piece, Settings.Background.PauseAfter(result.Took));
        }
        Core.Show();
        Continue();
    }

    /// <summary>Ends a pause that started when the pool was healthy.</summary>
    public void Hasten()
    {
        if (!Machine.Care.IsHastened || !Core.IsWaiting(PoolTimer.Piece))
            return;
        Core.Cancel(PoolTimer.Piece);
        DiscardNext();
    }

    /// <summary>A device with blocks to discard.</summary>
    /// <param name="IsOrigin">It had snapshots when its unshared blocks were read.</param>
    /// <param name="Origin">The device that it is a snapshot of, if that existed at that time.</param>
    private sealed record Discarding(ThinId Id, DiscardPlan Plan, bool IsOrigin, ThinId? Origin);
}

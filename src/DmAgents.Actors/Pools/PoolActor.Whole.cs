using System.Collections.Immutable;
using Akka.Actor;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;

namespace DmAgents.Actors.Pools;

/// <summary>What happens to the pool as a whole while it is open: growth, the quarantine, the end.</summary>
public sealed partial class PoolActor
{
    /// <summary>Thin ids whose purge has been handed to the lane, and the requests that wait for it.</summary>
    private readonly Dictionary<ThinId, ImmutableList<RequestId>> _purges = [];

    /// <summary>Labels what is to be added before the journal has it; see
    /// <see cref="Domain.Pools.Effects.AssemblyEffects.PrepareGrowth"/>.</summary>
    private void PrepareGrowth(PoolCommands.Grow command, ImmutableArray<IActorRef> waiting)
    {
        _operations[command.Request] = new Operation(
            command, Subject: null, Before: null, Pool.Identity.Backing, [], waiting);
        var grown = Pool with { Identity = Pool.Identity with { Backing = command.Backing } };
        _lane.Tell(new LaneJobs.PrepareGrowth(grown, command.Request));
    }

    private void OnGrowthPrepared(LaneResults.GrowthPrepared result)
    {
        if (!_operations.TryGetValue(result.Request, out var operation))
            return;
        if (result.Outcome.Error is { } error)
        {
            FailGrowth(result.Request, operation, error);
            return;
        }
        _operations.Remove(result.Request);
        Take(operation.Command, operation.Waiting);
    }

    private void OnPoolGrown(LaneResults.Grown result)
    {
        if (result.Outcome.Error is not { } error)
        {
            Self.Tell(ReadStatus.Instance);
            Succeed(result.Request);
            return;
        }
        if (!_operations.TryGetValue(result.Request, out var operation))
            return;
        var withdrawn = new PoolEvents.RequestWithdrawn(result.Request, Now);
        // The kernel may have grown it: then the journal stays with the larger one, which the next opening makes so.
        ImmutableArray<PoolEvent> events = error.LeavesStateUnknown
            ? [withdrawn]
            : [
                new PoolEvents.BackingChanged(Request: null, operation.Backing, Now), .. SparesAgain(operation),
                withdrawn];
        Record(events, () =>
        {
            UseIdentity();
            FailGrowth(result.Request, operation, error);
        });
    }

    /// <summary>A spare disk that did not become a part of the pool is a spare still.</summary>
    private IEnumerable<PoolEvent> SparesAgain(Operation operation)
    {
        var used = operation.Spares.Except(_state.Spares).Where(disk => IsPart(_state.Identity!.Backing, disk))
            .ToList();
        return used.Count == 0 ? [] : [new PoolEvents.SparesChanged(Fresh(), [.. used, .. _state.Spares], Now)];

        static bool IsPart(PoolBacking backing, DevicePath disk) =>
            backing is PoolBacking.Disks disks && disks.Data.Concat(disks.Metadata).Any(part => part.Disk == disk);
    }

    private void FailGrowth(RequestId request, Operation operation, KernelError error)
    {
        // Nobody has asked for an extension, and so nobody would hear of it.
        if (operation.Waiting.IsEmpty)
            OnNotExtended(error.ToString());
        Fail(request, new Refusal(
            error.Fault == KernelFault.NoSpace ? RefusalKind.NoSpace : RefusalKind.Failed,
            "cannot grow pool", _setup.Name.Value, error.ToString(), "correct what is named, then try again"));
    }

    private void Purge(ThinId id, RequestId? request)
    {
        if (!_purges.TryGetValue(id, out var waiting))
            _lane.Tell(new LaneJobs.Purge(Pool, id));
        _purges[id] = request is { } asked ? (waiting ?? []).Add(asked) : waiting ?? [];
    }

    private void OnPurged(LaneResults.Purged result)
    {
        if (!_purges.Remove(result.Id, out var waiting))
            return;
        if (result.Outcome.Error is not { } error)
        {
            Record([new PoolEvents.Purged(result.Id, Now)], () => waiting.ForEach(Succeed));
            return;
        }
        // The intent stays, and is tried again by timer: what is half deleted is nobody's any more.
        RetryLater();
        foreach (var request in waiting)
        {
            Record([new PoolEvents.RequestWithdrawn(request, Now)], () => Fail(request, new Refusal(
                error.Fault == KernelFault.Busy ? RefusalKind.Busy : RefusalKind.Failed,
                "cannot purge thin id", result.Id.ToString(), error.ToString(),
                "end what uses it; it is tried again every few seconds")));
        }
    }

    /// <summary>A pool that is to go, once what its background work has under way is done.</summary>
    private (IActorRef To, PoolCommands.Retire Command)? _heldRetire;

    private const string Removing = "it is being removed";

    /// <summary>Nothing works on a device, nor does the lane: what it takes down is touched by nobody else.</summary>
    private bool MayRetire => !IsDeleting && !_isTrimming && (_phase != PoolPhase.Open || !_devices.AreAtWork)
        && _purges.Count == 0 && !_isPlanningExtension && _afterCheckpoint is null && !_isDiscardingMetadata;

    private void OnRetire(PoolCommands.Retire retire)
    {
        if (_heldRetire is null && _operations.Count == 0 && !MayRetire)
            _heldRetire = (Sender, retire);
        else
            Retire(retire, Sender);
    }

    private void RetireWhenQuiet()
    {
        if (_heldRetire is not { } held || !MayRetire)
            return;
        _heldRetire = null;
        Retire(held.Command, held.To);
        // If it was refused, what has waited goes on.
        DeleteNext();
        if (!_problems.IsEmpty)
            RetryLater();
    }

    private void Retire(PoolCommands.Retire retire, IActorRef to)
    {
        if (_retiring is not null || _heldRetire is not null || _isToStop || _operations.Count > 0
            || IsWorkedIn)
        {
            Answer(to, new PoolReplies.Refused(retire.Request, new Refusal(
                RefusalKind.Busy, "cannot remove pool", _setup.Name.Value,
                IsWorkedIn ? "an import or a commit is under way" : "operations are under way",
                "try again in a moment")));
            return;
        }
        if (PoolDecider.Decide(_state, _health, retire) is Decision.Refused refused)
        {
            Answer(to, new PoolReplies.Refused(retire.Request, refused.Refusal));
            return;
        }
        _retiring = (to, retire);
        Enter(PoolPhase.Stopping, Removing);
        Timers.Cancel(StatusTimer);
        _isDeaf = true;
        GiveLaneWhenFilesRest(new LaneJobs.Retire(Pool, [.. _state.Devices.Values], _state.Kept));
    }

    private void OnRetired(LaneResults.Retired result)
    {
        if (_retiring is not { } retiring)
            return;
        _retiring = null;
        if (result.Outcome.Error is { } error)
        {
            _isDeaf = false;
            StartProjection();
            Answer(retiring.To, new PoolReplies.Refused(retiring.Command.Request, new Refusal(
                error.Fault == KernelFault.Busy ? RefusalKind.Busy : RefusalKind.Failed,
                "cannot remove pool", _setup.Name.Value, error.ToString(), "end what uses it, then try again")));
            if (_isToStop)
                Context.Stop(Self);
            else
                Open();
            return;
        }
        ReportEnd("it was removed");
        Answer(retiring.To, PoolSuccess.Of(retiring.Command, alreadySo: false));
        Context.Stop(Self);
    }
}

using Akka.Actor;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;

namespace DmAgents.Actors.Pools;

/// <summary>What happens to the pool as a whole while it is open: growth, the quarantine, the end.</summary>
public sealed partial class PoolActor
{
    private void OnPoolGrown(LaneResults.Grown result)
    {
        if (result.Result.Error is not { } error)
        {
            Self.Tell(ReadStatus.Instance);
            Succeed(result.Request);
            return;
        }
        var refusal = new Refusal(
            error.Fault == KernelFault.NoSpace ? RefusalKind.NoSpace : RefusalKind.Failed,
            "cannot grow pool", _setup.Name.Value, error.ToString(), "mend what is named, then try again");
        if (!_operations.TryGetValue(result.Request, out var operation) || error.LeavesStateUnknown)
        {
            // The kernel may have grown it: the journal stays with the larger one, which the next opening makes so.
            Fail(result.Request, refusal);
            return;
        }
        Record([new PoolEvents.BackingChanged(Request: null, operation.Backing, Now)], () =>
        {
            UseIdentity();
            Fail(result.Request, refusal);
        });
    }

    private void OnPurged(LaneResults.Purged result)
    {
        if (result.Result.Error is not { } error)
        {
            Record([new PoolEvents.Purged(result.Id, Now)], () => Succeed(result.Request));
            return;
        }
        Fail(result.Request, new Refusal(
            error.Fault == KernelFault.Busy ? RefusalKind.Busy : RefusalKind.Failed,
            "cannot purge thin id", result.Id.ToString(), error.ToString(), "end what uses it, then try again"));
    }

    private void OnRetire(PoolMessages.Retire retire)
    {
        var inUse = _state.Devices.Values.Count(d => d.Kind != DeviceKind.Base && d.Phase != DevicePhase.Removing);
        var refusal = _retiring is not null || _operations.Count > 0
            ? new Refusal(RefusalKind.Busy, "cannot remove pool", _setup.Name.Value,
                "operations are under way", "try again in a moment")
            : inUse > 0 && !retire.Force
                ? new Refusal(RefusalKind.WrongState, "cannot remove pool", _setup.Name.Value,
                    $"it holds {inUse} layers and containers", "remove them first, or lose them with --force")
                : null;
        if (refusal is not null)
        {
            Answer(Sender, new PoolReplies.Refused(retire.Request, refusal));
            return;
        }
        _retiring = (Sender, retire.Request);
        Enter(PoolPhase.Stopping, "it is being removed");
        Timers.Cancel(StatusTimer);
        _isDeaf = true;
        _lane.Tell(new LaneJobs.Retire(Pool, [.. _state.Devices.Values]));
    }

    private void OnRetired(LaneResults.Retired result)
    {
        if (_retiring is not { } retiring)
            return;
        _retiring = null;
        if (result.Result.Error is { } error)
        {
            _isDeaf = false;
            Answer(retiring.To, new PoolReplies.Refused(retiring.Request, new Refusal(
                error.Fault == KernelFault.Busy ? RefusalKind.Busy : RefusalKind.Failed,
                "cannot remove pool", _setup.Name.Value, error.ToString(), "end what uses it, then try again")));
            Open();
            return;
        }
        Answer(retiring.To, new PoolReplies.Done(retiring.Request, Device: null, [], AlreadySo: false));
        Context.Parent.Tell(new PoolMessages.Ended(_setup.Name, _setup.Uuid, "it was removed"));
        Context.Stop(Self);
    }
}

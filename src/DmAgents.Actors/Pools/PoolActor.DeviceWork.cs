using System.Collections.Immutable;
using Akka.Event;
using DmAgents.Actors.Devices;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;

namespace DmAgents.Actors.Pools;

/// <summary>What device actors are asked, and what becomes of their answers.</summary>
public sealed partial class PoolActor
{
    /// <summary>Devices whose source is not in the pool yet, by source: a base that is being formatted. And those whose
    /// place in mnt/ is not free yet, by the removed device that is mounted there.</summary>
    private readonly Dictionary<ThinId, List<(ThinId Id, bool MadeBefore)>> _waitingForSource = [];

    /// <summary>Removed devices that are being unmounted, and what they were called.</summary>
    private readonly Dictionary<ThinId, DeviceKey> _leavingPlace = [];

    /// <summary>Devices that are not live as their record wants, and why.</summary>
    private ImmutableSortedDictionary<ThinId, string> _problems = ImmutableSortedDictionary<ThinId, string>.Empty;

    private void StartCreation(DeviceRecord device, bool madeBefore)
    {
        if (device.Source is not { } sourceId)
        {
            _devices.Give(device.Id, device.Kind == DeviceKind.Base
                ? new DeviceJobs.CreateBase(Pool, device, StartAgain: madeBefore)
                : new DeviceJobs.CreateBlank(Pool, device, madeBefore));
            return;
        }
        if (!_state.Devices.TryGetValue(sourceId, out var source))
        {
            // Made before its source went, or never to be made.
            source = madeBefore ? device : null;
        }
        if (source is null)
        {
            OnCreationFailed(device.Id, new KernelError(KernelFault.NotFound, 0, "create_snap", device.Key.Name,
                "what it was to be a snapshot of is gone"));
            return;
        }
        if (source.Phase == DevicePhase.Creating && source.Id != device.Id)
        {
            if (!_waitingForSource.TryGetValue(sourceId, out var waiting))
                _waitingForSource[sourceId] = waiting = [];
            waiting.Add((device.Id, madeBefore));
            return;
        }
        if (device.Use == DeviceUse.Mounted && LeavesPlaceTo(device) is { } leaving)
        {
            if (!_waitingForSource.TryGetValue(leaving, out var behind))
                _waitingForSource[leaving] = behind = [];
            behind.Add((device.Id, madeBefore));
            return;
        }
        var runsIn = source.Kind == DeviceKind.Container ? sourceId : device.Id;
        _devices.Give(runsIn, new DeviceJobs.CreateSnapshot(Pool, device, source, madeBefore));
    }

    /// <summary>Unmounts a removed device ahead of its deletion, which may wait for its turn: a successor of its name
    /// may be mounted in its place.</summary>
    private void FreePlace(ThinId id, RequestId removal)
    {
        if (_operations.GetValueOrDefault(removal)?.Before is not { Use: DeviceUse.Mounted } device)
            return;
        _leavingPlace[id] = device.Key;
        _devices.Give(id, new DeviceJobs.Detach(Pool, device));
    }

    /// <summary>The removed device that may still be mounted where <paramref name="device"/> is to be.</summary>
    private ThinId? LeavesPlaceTo(DeviceRecord device)
    {
        foreach (var (id, key) in _leavingPlace)
        {
            if (key == device.Key)
                return id;
        }
        return null;
    }

    /// <summary>Starts what waited for the place. If it is not free, the mount there is refused with the truth. In a
    /// pool that is not open the next opening starts it.</summary>
    private void OnDetached(DeviceResults.Detached result)
    {
        _leavingPlace.Remove(result.Id);
        if (_waitingForSource.Remove(result.Id, out var waiting) && _phase is (PoolPhase.Open or PoolPhase.Stopping))
            waiting.ForEach(w => StartCreation(_state.Devices[w.Id], w.MadeBefore));
    }

    private void OnCreated(DeviceResults.Created result)
    {
        if (!OutcomeOf(result))
            return;
        var device = _state.Devices[result.Id];
        var request = RequestOf(result.Id);
        if (result.Settled.Error is { } error)
        {
            Record(TakenBack(request, new PoolEvents.RemovalIntended(Request: null, device.Id, Now)), () =>
            {
                Enqueue(device.Id);
                if (request is { } waiting)
                    Fail(waiting, RefusalOf("cannot use", device, error, holders: ""));
            });
            return;
        }
        if (device.Key.IsStock)
            KeepStockSoon();
        if (request is not { } done)
            return;
        if (_operations[done].Command is PoolCommands.CommitLive { InPlaceOfIt: true } && device.Source is { } container
            && _state.Devices.GetValueOrDefault(container) is { IsPresent: true })
        {
            Record([new PoolEvents.RemovalIntended(Request: null, container, Now)], () =>
            {
                Enqueue(container);
                Succeed(done);
            });
            return;
        }
        Succeed(done);
    }

    /// <summary>What undoes a request's intent, so that the same request again is not taken for done.</summary>
    private ImmutableArray<PoolEvent> TakenBack(RequestId? request, params ImmutableArray<PoolEvent> undoing) =>
        request is { } known ? undoing.Add(new PoolEvents.RequestWithdrawn(known, Now)) : undoing;

    /// <summary>Records how a creation went. False where it failed, and what waited for it has been told.</summary>
    private bool OutcomeOf(DeviceResults.Created result)
    {
        if (!_state.Devices.TryGetValue(result.Id, out var device) || device.Phase != DevicePhase.Creating)
            return false;
        if (result.Made.Error is { } error)
        {
            OnCreationFailed(result.Id, error);
            return false;
        }
        Outcome(new PoolEvents.Created(result.Id, Now));
        if (_waitingForSource.Remove(result.Id, out var waiting))
            waiting.ForEach(w => StartCreation(_state.Devices[w.Id], w.MadeBefore));
        return true;
    }

    private void OnCreationFailed(ThinId id, KernelError error)
    {
        var device = _state.Devices[id];
        var inDoubt = error.LeavesStateUnknown || (error.Fault == KernelFault.Exists && !error.WasUndone);
        var request = RequestOf(id);
        var views = _operations.Where(o => o.Value.Subject == id && o.Value.Command is PoolCommands.CreateView)
            .Select(o => o.Key).ToList();
        Record([new PoolEvents.CreationFailed(id, error.ToString(), inDoubt, Now)], () =>
        {
            _recovering.Remove(id);
            if (request is { } waiting)
                Fail(waiting, RefusalOf($"cannot create {device.Key.Space}", device, error, holders: ""));
            foreach (var view in views)
                Fail(view, RefusalOf("cannot create view", device, error, holders: ""));
            if (_plan is not null)
                CompleteOpening();
        });
        // A container that was suspended for its snapshot may not have been resumed.
        if (device.Source is { } source
            && _state.Devices.GetValueOrDefault(source) is { Kind: DeviceKind.Container, Use: not DeviceUse.Idle })
            SettleInBackground(source);
        if (!_waitingForSource.Remove(id, out var dependents))
            return;
        // The kernel was not asked for any of these, unless an agent that died had asked it.
        foreach (var (dependent, madeBefore) in dependents)
            OnCreationFailed(dependent, error with { WasUndone = !madeBefore });
    }

    private void OnSettled(DeviceResults.Settled result)
    {
        if (!_state.Devices.TryGetValue(result.Id, out var device))
            return;
        if (result.Request is not { } request || result.Outcome.Error is not { } error)
        {
            Note(result.Id, result.Outcome, result.Holders);
            if (result.Request is { } done)
                Succeed(done);
            return;
        }
        var operation = _operations.GetValueOrDefault(request);
        if (operation?.Command is PoolCommands.CreateView view)
        {
            Record(TakenBack(request, new PoolEvents.ViewRemoved(Request: null, view.Key, Now)), () =>
            {
                Fail(request, RefusalOf("cannot create view", device, error, result.Holders));
                SettleInBackground(device.Id);
            });
            return;
        }
        if (operation is not { Before: { } before, Command: PoolCommands.SetUse command })
            return;
        var what = command.Use == DeviceUse.Idle ? "cannot unmount" : "cannot mount";
        var refusal = RefusalOf(what, device, error, result.Holders);
        // One that is being removed meanwhile stays what its removal made of it.
        ImmutableArray<PoolEvent> back = device.Phase == DevicePhase.Removing
            ? []
            : [new PoolEvents.UseChanged(Request: null, device.Id, before.Use, before.ReadOnly, Now)];
        Record(TakenBack(request, back), () =>
        {
            Fail(request, refusal);
            SettleInBackground(device.Id);
        });
    }

    private void OnDeviceGrown(DeviceResults.Grown result)
    {
        if (!_state.Devices.TryGetValue(result.Id, out var device))
            return;
        if (device.GrowingTo is not { } size)
        {
            // Two were under way, and the other has done it.
            if (result.Request is { } done && result.Outcome.Succeeded)
                Succeed(done);
            return;
        }
        if (result.Outcome.Error is { } error)
        {
            // The intent stays: the device may be longer than its file system, and only growing on mends that.
            Note(result.Id, result.Outcome, holders: "");
            if (result.Request is { } waiting)
            {
                Record(TakenBack(waiting),
                    () => Fail(waiting, RefusalOf("cannot resize", device, error, holders: "")));
            }
            return;
        }
        Note(result.Id, result.Outcome, holders: "");
        Outcome(new PoolEvents.Resized(result.Id, size, Now));
        if (result.Request is { } request)
            Succeed(request);
    }

    private void OnSealed(DeviceResults.Sealed result)
    {
        if (!_operations.Remove(result.Request, out var operation))
            return;
        var commit = (PoolCommands.Commit)operation.Command;
        if (result.Inodes.Succeeded)
            Take(commit with { Inodes = result.Inodes.Value }, operation.Waiting);
        else if (result.Inodes.FailedWith(KernelFault.Busy))
            // Somebody goes on writing: the layer is what it holds at this moment, and the rest goes with him.
            Take(new PoolCommands.CommitLive(commit.Request, commit.Key, commit.NewKey, commit.Labels, commit.At)
            {
                InPlaceOfIt = true,
            }, operation.Waiting);
        else
            Finish(result.Request, operation.Waiting, new PoolReplies.Refused(
                result.Request, RefusalOf("cannot commit", operation.Before!, result.Inodes.Error, holders: "")));
        // Where no layer came of it, it is live again.
        if (_state.Devices.GetValueOrDefault(result.Id) is { Kind: DeviceKind.Container })
            SettleInBackground(result.Id);
    }

    private void SettleInBackground(ThinId id)
    {
        if (_state.Devices.TryGetValue(id, out var device) && device.Phase == DevicePhase.Ready)
            _devices.Give(id, new DeviceJobs.Settle(Pool, device, Request: null));
    }

    private void Note(ThinId id, KernelResult result, string holders)
    {
        if (result.Error is not { } error)
        {
            if (!_problems.ContainsKey(id))
                return;
            _problems = _problems.Remove(id);
            Show();
            return;
        }
        _problems = _problems.SetItem(id, error + (holders.Length == 0 ? "" : $", held by {holders}"));
        _log.Warning("pool {0}: device {1}: {2}", _setup.Name, id, _problems[id]);
        Show();
        RetryLater();
    }

    private RequestId? RequestOf(ThinId id)
    {
        foreach (var (request, operation) in _operations)
        {
            if (operation.Subject == id && operation.Command
                is PoolCommands.CreateSnapshot or PoolCommands.CommitLive or PoolCommands.Receive)
                return request;
        }
        return null;
    }

    private Refusal RefusalOf(string what, DeviceRecord device, KernelError error, string holders) => new(
        error.Fault switch
        {
            KernelFault.Busy => RefusalKind.Busy,
            KernelFault.NoSpace => RefusalKind.NoSpace,
            KernelFault.TimedOut => RefusalKind.TimedOut,
            _ => RefusalKind.Failed,
        },
        what,
        device.Key.Name,
        error + (holders.Length == 0 ? "" : $"; it is held by {holders}"),
        error.Fault switch
        {
            KernelFault.Busy => "end what uses it, then try again",
            KernelFault.NoSpace => $"remove images or containers, or grow the pool: dmagent pool grow {_setup.Name}",
            KernelFault.Exists => "the id is in quarantine now: try again",
            // Without a number: the kernel does not know a feature of the file system.
            KernelFault.NotSupported when error is { Operation: "mount", Errno: 0 } =>
                "run a kernel that knows what is named",
            KernelFault.NotSupported => "install or replace what is named, then try again",
            KernelFault.Failed when error.ExitStatus != 0 =>
                $"check what {error.Operation} reports, and the kernel's log (dmesg), then try again",
            _ => "see the kernel's log (dmesg), then try again",
        });
}

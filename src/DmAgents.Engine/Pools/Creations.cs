using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Engine.Pools.Jobs;

namespace DmAgents.Engine.Pools;

/// <summary>Devices in creation, and what they wait for.</summary>
internal sealed class Creations(PoolMachine machine) : PoolPart(machine)
{
    /// <summary>Waiting devices: by a source that is not in the pool yet (a base being formatted), or by a removed
    /// device that is still mounted on their directory in mnt/.</summary>
    private readonly Dictionary<ThinId, List<(ThinId Id, bool MadeBefore)>> _waiting = [];

    /// <summary>Removed devices that are being unmounted, and their keys.</summary>
    private readonly Dictionary<ThinId, DeviceKey> _leavingPlace = [];

    /// <param name="madeBefore">An agent that died may already have called the kernel.</param>
    public void Start(DeviceRecord device, bool madeBefore)
    {
        if (device.Source is not { } sourceId)
        {
            Core.Give(device.Id, device.Kind == DeviceKind.Base
                ? new DeviceJobs.CreateBase(Pool, device, StartAgain: madeBefore)
                : new DeviceJobs.CreateBlank(Pool, device, madeBefore));
            return;
        }
        if (!State.Devices.TryGetValue(sourceId, out var source))
        {
            // Either created before its source was deleted, or impossible to create.
            source = madeBefore ? device : null;
        }
        if (source is null)
        {
            Fail(device.Id, new KernelError(KernelFault.NotFound, 0, "create_snap", device.Key.Name,
                "what it was to be a snapshot of is gone"));
            return;
        }
        if (source.Phase == DevicePhase.Creating && source.Id != device.Id)
            Wait(device, sourceId, madeBefore);
        else if (device.Use == DeviceUse.Mounted && LeavesPlaceTo(device) is { } leaving)
            Wait(device, leaving, madeBefore);
        else
            Core.Give(
                source.Kind == DeviceKind.Container ? sourceId : device.Id,
                new DeviceJobs.CreateSnapshot(Pool, device, source, madeBefore));
    }

    private void Wait(DeviceRecord device, ThinId behind, bool madeBefore)
    {
        if (!_waiting.TryGetValue(behind, out var waiting))
            _waiting[behind] = waiting = [];
        waiting.Add((device.Id, madeBefore));
    }

    private void StartBehind(ThinId id)
    {
        if (_waiting.Remove(id, out var waiting))
            waiting.ForEach(w => Start(State.Devices[w.Id], w.MadeBefore));
    }

    /// <summary>Unmounts a removed device ahead of its deletion, which may have to wait: a successor of its name may be
    /// mounted on the same directory.</summary>
    public void FreePlace(ThinId id, RequestId removal)
    {
        if (Machine.Requests.Find(removal)?.Before is not { Use: DeviceUse.Mounted } device)
            return;
        _leavingPlace[id] = device.Key;
        Core.Give(id, new DeviceJobs.Detach(Pool, device));
    }

    /// <summary>The removed device that may still be mounted on the directory of <paramref name="device"/>.</summary>
    private ThinId? LeavesPlaceTo(DeviceRecord device) => _leavingPlace
        .Where(leaving => leaving.Value == device.Key).Select(leaving => (ThinId?)leaving.Key).FirstOrDefault();

    /// <summary>Starts the devices that waited for the directory. If it is not free, the mount is refused with the
    /// actual reason. If the pool is not open, the next opening starts them.</summary>
    public void OnDetached(DeviceResults.Detached result)
    {
        _leavingPlace.Remove(result.Id);
        if (Phase is PoolPhase.Open or PoolPhase.Stopping)
            StartBehind(result.Id);
        else
            _waiting.Remove(result.Id);
    }

    /// <summary>For an open pool.</summary>
    public void OnCreated(DeviceResults.Created result)
    {
        if (!Note(result))
            return;
        var device = State.Devices[result.Id];
        var request = Machine.Requests.CreatorOf(result.Id);
        if (result.Settled.Error is { } error)
        {
            Core.Record(
                Machine.Changes.Withdrawn(request, new PoolEvents.RemovalIntended(Request: null, device.Id, Now)), () =>
                {
                    Machine.Deletions.Enqueue(device.Id);
                    if (request is { } waiting)
                    {
                        Machine.Requests.Fail(
                            waiting, Machine.Changes.RefusalOf("cannot use", device, error, holders: ""));
                    }
                });
            return;
        }
        if (device.Key.IsStock)
            Machine.Stock.KeepSoon();
        if (request is not { } done)
            return;
        if (Machine.Requests.Find(done)!.Command is PoolCommands.CommitLive { InPlaceOfIt: true }
            && Core.DeviceOrNull(device.Source) is { IsPresent: true } container)
        {
            Core.Record([new PoolEvents.RemovalIntended(Request: null, container.Id, Now)], () =>
            {
                Machine.Deletions.Enqueue(container.Id);
                Machine.Requests.Succeed(done);
            });
            return;
        }
        Machine.Requests.Succeed(done);
    }

    /// <summary>Records the outcome of a creation.</summary>
    /// <returns>False if it failed, and all its waiting callers were answered.</returns>
    public bool Note(DeviceResults.Created result)
    {
        if (Core.DeviceOrNull(result.Id) is not { Phase: DevicePhase.Creating })
            return false;
        if (result.Made.Error is { } error)
        {
            Fail(result.Id, error);
            return false;
        }
        Core.Outcome(new PoolEvents.Created(result.Id, Now));
        StartBehind(result.Id);
        return true;
    }

    private void Fail(ThinId id, KernelError error)
    {
        var device = State.Devices[id];
        var inDoubt = error.LeavesStateUnknown || (error.Fault == KernelFault.Exists && !error.WasUndone);
        var request = Machine.Requests.CreatorOf(id);
        var views = Machine.Requests.ViewsOf(id);
        if (inDoubt)
            Core.Say(PoolLog.ThinQuarantined(Core.Scene.Name, id, error.ToString()));
        Core.Record([new PoolEvents.CreationFailed(id, error.ToString(), inDoubt, Now)], () =>
        {
            if (request is { } waiting)
                Refuse(waiting, $"cannot create {device.Key.Space}");
            foreach (var view in views)
                Refuse(view, "cannot create view");
            Machine.Opening.OnRecovered(id);
        });
        // A container that was suspended for its snapshot may still be suspended.
        if (Core.DeviceOrNull(device.Source) is { Kind: DeviceKind.Container, Use: not DeviceUse.Idle } source)
            Machine.Changes.SettleInBackground(source.Id);
        if (!_waiting.Remove(id, out var dependents))
            return;
        // The kernel was not called for any of these, unless an agent that died did so.
        foreach (var (dependent, madeBefore) in dependents)
            Fail(dependent, error with { WasUndone = !madeBefore });

        void Refuse(RequestId waiting, string what) =>
            Machine.Requests.Fail(waiting, Machine.Changes.RefusalOf(what, device, error, holders: ""));
    }
}

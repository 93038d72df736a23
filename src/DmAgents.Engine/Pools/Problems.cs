using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Logs;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Engine.Pools.Jobs;

namespace DmAgents.Engine.Pools;

/// <summary>Devices whose live state differs from their record, with the reason: retried by timer.</summary>
internal sealed class Problems(PoolMachine machine) : PoolPart(machine)
{
    public ImmutableSortedDictionary<ThinId, string> All { get; private set; } =
        ImmutableSortedDictionary<ThinId, string>.Empty;

    public void Note(ThinId id, KernelResult result, string holders)
    {
        if (result.Error is not { } error)
        {
            Forget(id);
            return;
        }
        var why = error + (holders.Length == 0 ? "" : $", held by {holders}");
        if (All.GetValueOrDefault(id) != why)
            Core.Say(PoolLog.DeviceDiffers(Core.Scene.Name, id, why));
        All = All.SetItem(id, why);
        Core.Show();
        RetryLater();
    }

    public void Forget(ThinId id)
    {
        if (!All.ContainsKey(id))
            return;
        All = All.Remove(id);
        Core.Show();
    }

    public void ForgetAll() => All = All.Clear();

    public void RetryLater()
    {
        if (!Core.IsWaiting(PoolTimer.Retry))
            Core.Start(PoolTimer.Retry, Settings.RetryInterval);
    }

    /// <summary>Starts the retry timer if there are any.</summary>
    public void RetryLaterIfAny()
    {
        if (!All.IsEmpty)
            RetryLater();
    }

    /// <summary>If the pool is not open, the comparison settles its devices instead.</summary>
    public void Retry()
    {
        if (Phase != PoolPhase.Open || Machine.Exclusive.RemovalIsHeld)
            return;
        foreach (var id in All.Keys)
        {
            if (Core.DeviceOrNull(id) is not { Phase: DevicePhase.Ready } device)
                All = All.Remove(id);
            else if (device.GrowingTo is not null)
                Core.Give(id, new DeviceJobs.Grow(Pool, device, Request: null));
            else
                Machine.Changes.SettleInBackground(id);
        }
        Machine.Purges.BeginIntended();
    }
}

/// <summary>Quarantined thin ids whose deletion was requested.</summary>
internal sealed class Purges(PoolMachine machine) : PoolPart(machine)
{
    /// <summary>The ids with a running job, and the requests that wait for it.</summary>
    private readonly Dictionary<ThinId, ImmutableList<RequestId>> _underWay = [];
    private readonly Dictionary<ThinId, LoggedReason> _whyNotPurged = [];

    public int Count => _underWay.Count;

    public bool IsUnderWay(ThinId id) => _underWay.ContainsKey(id);

    public void Begin(ThinId id, RequestId? request)
    {
        if (!_underWay.TryGetValue(id, out var waiting))
            Core.Give(new PoolJobs.Purge(Pool, id));
        _underWay[id] = request is { } asked ? (waiting ?? []).Add(asked) : waiting ?? [];
    }

    /// <summary>Starts purges that a failure or a restart interrupted.</summary>
    public void BeginIntended()
    {
        foreach (var id in State.Purging)
            Begin(id, request: null);
    }

    public void On(PoolResults.Purged result)
    {
        if (!_underWay.Remove(result.Id, out var waiting))
            return;
        if (result.Outcome.Error is not { } error)
        {
            _whyNotPurged.Remove(result.Id);
            Core.Record([new PoolEvents.Purged(result.Id, Now)], () => waiting.ForEach(Machine.Requests.Succeed));
            return;
        }
        if (!_whyNotPurged.TryGetValue(result.Id, out var logged))
            _whyNotPurged[result.Id] = logged = new LoggedReason();
        if (logged.Add(error.ToString()))
            Core.Say(PoolLog.PurgeFailed(Core.Scene.Name, result.Id, error));
        // The intent remains, and a timer retries it: a half-deleted thin id belongs to no device.
        Machine.Problems.RetryLater();
        foreach (var request in waiting)
        {
            var refusal = new Refusal(
                error.Fault == KernelFault.Busy ? RefusalKind.Busy : RefusalKind.Failed,
                "cannot purge thin id", result.Id.ToString(), error.ToString(),
                "end what uses it; it is tried again every few seconds");
            Core.Record(
                [new PoolEvents.RequestWithdrawn(request, Now)], () => Machine.Requests.Fail(request, refusal));
        }
    }
}

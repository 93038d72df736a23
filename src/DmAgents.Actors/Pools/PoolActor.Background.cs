using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using Akka.Persistence;
using DmAgents.Actors.Devices;
using DmAgents.Actors.Journals;
using DmAgents.Actors.Serialization;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Pools;

/// <summary>The journal, what runs by itself, and the end.</summary>
public sealed partial class PoolActor
{
    private const string StatusTimer = "status";
    private const string RetryTimer = "retry";
    private const string OutcomeTimer = "outcome";
    private const string StopTimer = "stop";
    private const string NoticeTimer = "notice";

    /// <summary>How far listeners may be behind.</summary>
    private static readonly TimeSpan NoticeDelay = TimeSpan.FromMilliseconds(50);

    private readonly List<PoolNotice> _untold = [];

    private readonly List<PoolEvent> _outcomes = [];
    private (IActorRef To, PoolCommand Command)? _retiring;
    private bool _isDeaf;
    private bool _isToStop;

    /// <summary>
    /// Decides events: the state has them at once, <paramref name="whenDurable"/> runs when the journal has them.
    /// Outcomes that were waiting for a write ride along in front.
    /// </summary>
    private void Record(ImmutableArray<PoolEvent> events, Action whenDurable)
    {
        foreach (var happened in events)
            _state = _state.Apply(happened);
        ImmutableArray<PoolEvent> written = [.. _outcomes, .. events];
        _outcomes.Clear();
        Timers.Cancel(OutcomeTimer);
        if (written.IsEmpty)
        {
            whenDurable();
            return;
        }
        var left = written.Length;
        PersistAllAsync(written, happened =>
        {
            Publish(happened);
            if (--left > 0)
                return;
            Show();
            whenDurable();
            StoreSnapshotWhereDue();
        });
    }

    /// <summary>Notes an outcome, which recovery could ask of the pool: it waits for a write to ride along with.
    /// </summary>
    private void Outcome(PoolEvent outcome)
    {
        _state = _state.Apply(outcome);
        _outcomes.Add(outcome);
        if (!Timers.IsTimerActive(OutcomeTimer))
            Timers.StartSingleTimer(OutcomeTimer, WriteOutcomes.Instance, _setup.Settings.OutcomeDelay);
    }

    private void Publish(PoolEvent happened)
    {
        _eventsSinceSnapshot++;
        _untold.Add(PoolNoticeOf.Event(LastSequenceNr, happened, _state));
        if (!Timers.IsTimerActive(NoticeTimer))
            Timers.StartSingleTimer(NoticeTimer, TellNotices.Instance, NoticeDelay);
    }

    private void TellWhatHappened()
    {
        if (_untold.Count == 0)
            return;
        var notices = new PoolNotices(_setup.Name, _setup.Uuid, [.. _untold]);
        _untold.Clear();
        Context.System.EventStream.Publish(notices);
        _setup.Board.Feed.Publish(notices);
        _projection.Tell(new ProjectionActor.Happened([.. notices.Notices.Select(notice => notice.Event)], _state));
    }

    /// <summary>Messages that mean the same in every phase.</summary>
    private void WhenAny(object message)
    {
        switch (message)
        {
            case Project when _phase == PoolPhase.Open:
                RebuildFiles();
                break;
            case Project:
                break;
            case ProjectionActor.Finished when _phase == PoolPhase.Stopping:
                Context.Stop(Self);
                break;
            case TellNotices:
                TellWhatHappened();
                break;
            case WriteOutcomes:
                Record([], () => { });
                break;
            case ReadStatus:
                LookAtStatus();
                break;
            case PoolMessages.LookAtStatus:
                LookAtStatus();
                break;
            case LaneResults.Status status:
                OnStatus(status.Outcome);
                break;
            case LaneResults.GrowthPlanned planned:
                OnGrowthPlanned(planned.Plan);
                break;
            case LaneResults.NoSpaceSet set:
                OnNoSpaceSet(set);
                break;
            case EndWaiting:
                EndWaitOfWriters();
                break;
            case LaneResults.Marked marked:
                OnMarked(marked);
                break;
            case LaneResults.MadeIdle idle:
                OnMadeIdle(idle.Outcome);
                break;
            case LaneResults.GivenBack back:
                OnGivenBack(back.Outcome);
                break;
            case LaneResults.LetGone gone:
                OnLetGone(gone.Outcome);
                break;
            case LaneResults.Purged purged:
                OnPurged(purged);
                break;
            case DeviceResults.Detached detached:
                OnDetached(detached);
                break;
            case DeviceResults.Deleted deleted:
                OnDeleted(deleted);
                break;
            case KeepStock:
                OnKeepStock();
                break;
            case DeviceResults.Discarded discarded:
                OnDiscarded(discarded);
                break;
            case DeviceResults.Trimmed trimmed:
                OnTrimmed(trimmed);
                break;
            case DeleteAgain:
                DeleteNext();
                break;
            case NextPiece:
                DiscardNext();
                break;
            case NextTrim:
                TrimNext();
                break;
            case RetryProblems when _phase == PoolPhase.Open && _heldRetire is null:
                Retry();
                break;
            // The comparison settles what is not as it should be; the next opening tries the rest again.
            case RetryProblems:
                break;
            case Terminated ended when ended.ActorRef.Equals(_projection):
                OnProjectionStopped();
                break;
            case GiveUpStopping:
                _log.Warning(
                    "pool {0}: {1} operations are still under way at the stop", _setup.Name, _operations.Count);
                Context.Stop(Self);
                break;
            case SaveSnapshotSuccess saved:
                Context.System.EventStream.Publish(new JournalMessages.SnapshotStored(saved.Metadata.PersistenceId));
                break;
            case SaveSnapshotFailure failure:
                _log.Warning("pool {0}: its snapshot was not stored: {1}", _setup.Name, failure.Cause.Message);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Retry()
    {
        foreach (var id in _problems.Keys)
        {
            if (!_state.Devices.TryGetValue(id, out var device) || device.Phase != DevicePhase.Ready)
                _problems = _problems.Remove(id);
            else if (device.GrowingTo is not null)
                _devices.Give(id, new DeviceJobs.Grow(Pool, device, Request: null));
            else
                SettleInBackground(id);
        }
        PurgeIntended();
    }

    private void RetryLater()
    {
        if (!Timers.IsTimerActive(RetryTimer))
            Timers.StartSingleTimer(RetryTimer, RetryProblems.Instance, _setup.Settings.RetryInterval);
    }

    /// <summary>Purges that a failure or a restart interrupted.</summary>
    private void PurgeIntended()
    {
        foreach (var id in _state.Purging)
            Purge(id, request: null);
    }

    private void BeginStop()
    {
        _isToStop = true;
        if (_phase == PoolPhase.Stopping)
            return;
        Enter(PoolPhase.Stopping, "the agent is stopping");
        Timers.StartSingleTimer(StopTimer, GiveUpStopping.Instance, _setup.Settings.StopDeadline);
        StopWhenDone();
    }

    private void StopWhenDone()
    {
        if (_phase != PoolPhase.Stopping || _isDeaf || _operations.Count > 0 || IsDeleting || _isTrimming)
            return;
        _isDeaf = true;
        Timers.Cancel(StatusTimer);
        BeginCheckpoint(FinishFiles);
    }

    private void RebuildFiles()
    {
        TellWhatHappened();
        _projection.Tell(new ProjectionActor.Rebuild(_state));
    }

    /// <summary>The files are the journal's state at the stop: they are what an adoption has, should the journal be
    /// lost, or come back from an older copy, before the next start.</summary>
    private void FinishFiles()
    {
        if (Timers.IsTimerActive(ProjectionTimer))
            RebuildFiles();
        TellWhatHappened();
        _projection.Tell(ProjectionActor.Finish.Instance);
    }

    private sealed record TellNotices : ILocalMessage
    {
        public static TellNotices Instance { get; } = new();
    }

    private sealed record WriteOutcomes : ILocalMessage
    {
        public static WriteOutcomes Instance { get; } = new();
    }

    private sealed record ReadStatus : ILocalMessage
    {
        public static ReadStatus Instance { get; } = new();
    }

    private sealed record RetryProblems : ILocalMessage
    {
        public static RetryProblems Instance { get; } = new();
    }

    private sealed record GiveUpStopping : ILocalMessage
    {
        public static GiveUpStopping Instance { get; } = new();
    }
}

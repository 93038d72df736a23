using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using Akka.Persistence;
using DmAgents.Actors.Journals;
using DmAgents.Actors.Serialization;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Engine.Pools;

namespace DmAgents.Actors.Pools;

/// <summary>One pool's mailbox, journal, timers and workers. The <see cref="PoolMachine"/> decides what happens, and in
/// which order: each message becomes an input, and the actor executes the outputs.</summary>
/// <remarks>Never blocks: kernel calls are jobs of the workers. A journal failure stops the actor: the outcome of
/// unanswered requests is unknown to their callers, and the next start determines it.</remarks>
public sealed class PoolActor : UntypedPersistentActor, IWithTimers
{
    /// <summary>How far listeners may be behind.</summary>
    private static readonly TimeSpan NoticeDelay = TimeSpan.FromMilliseconds(50);

    private readonly PoolSetup _setup;
    private readonly PoolMachine _machine;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly PoolActivity _activity = new();
    private readonly Dictionary<ThinId, IActorRef> _workers = [];
    private readonly List<PoolNotice> _untold = [];
    private readonly List<PoolOutputs.Reply> _lastWords = [];

    private IActorRef _poolWorker = ActorRefs.Nobody;
    private IActorRef _projection = ActorRefs.Nobody;
    private string? _failure;
    private int _snapshotsUnderWay;
    private bool _isToStop;

    /// <summary>Numbers the children: a stopped child holds its name for a moment longer.</summary>
    private int _children;

    public PoolActor(PoolSetup setup)
    {
        _setup = setup;
        _machine = new PoolMachine(
            new PoolScene(setup.Name, setup.Uuid, setup.StateDirectory, setup.Settings, setup.Board.Work, Guid.NewGuid),
            setup.Time.GetUtcNow());
    }

    public override string PersistenceId => PersistenceIdOf(_setup.Uuid);

    public ITimerScheduler Timers { get; set; } = null!;

    public static string PersistenceIdOf(PoolUuid pool) => $"pool-{pool}";

    public static Props Props(PoolSetup setup) => Akka.Actor.Props.Create(() => new PoolActor(setup));

    /// <summary>If a child throws, the effect of its job is unknown: the pool restarts from its journal.</summary>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Escalate);

    protected override void PreStart()
    {
        _poolWorker = Context.ActorOf(KernelWorker.Props(_setup, device: null), "pool-worker");
        StartProjection();
        Show();
        base.PreStart();
    }

    /// <summary>Callers whose outcome is unknown are answered once the board shows that the actor has stopped: they
    /// retry at once, and must not ask an actor that is gone.</summary>
    protected override void PostStop()
    {
        FlushNotices();
        _setup.Board.Leave(_setup.Name, Self);
        foreach (var word in _lastWords)
            Reply(word);
        base.PostStop();
    }

    protected override void OnRecover(object message)
    {
        switch (message)
        {
            case SnapshotOffer { Snapshot: PoolState state }:
                _machine.Restore(state);
                break;
            // Older events are deleted only before a snapshot: without it the remaining ones give a state that never
            // existed.
            case PoolEvent when ReferenceEquals(_machine.State, PoolState.Empty) && LastSequenceNr > 1:
                throw new InvalidOperationException(
                    $"the journal of pool {_setup.Name} begins with event {LastSequenceNr}, and the snapshot before it "
                    + "is missing");
            case PoolEvent happened:
                _machine.Replay(happened);
                break;
            case RecoveryCompleted:
                Step(PoolInputs.Replayed.Instance);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <remarks>Akka stops the actor after this; its parent restarts it.</remarks>
    protected override void OnRecoveryFailure(Exception reason, object? message = null)
    {
        base.OnRecoveryFailure(reason, message!);
        Fail($"its journal cannot be replayed: {reason.GetBaseException().Message}");
    }

    protected override void OnCommand(object message)
    {
        switch (message)
        {
            case PoolCommand command:
                Step(new PoolInputs.Asked(command, new Caller(Sender)));
                break;
            case KernelWorker.Done done:
                Step(new PoolInputs.Worked(done.Worker, done.Result));
                _activity.End();
                break;
            case Due due:
                Step(new PoolInputs.Due(due.Timer));
                break;
            case FlushDue:
                FlushNotices();
                break;
            case PoolMessages.LookAtStatus:
                Step(PoolInputs.LookAtStatus.Instance);
                break;
            case PoolMessages.EndIfNeverMade:
                Step(PoolInputs.EndIfNeverMade.Instance);
                break;
            case PoolMessages.Forgotten:
                StopWhenStored();
                break;
            case PoolMessages.Stop when _isToStop:
                Context.Stop(Self);
                break;
            case PoolMessages.Stop:
                Step(PoolInputs.Stop.Instance);
                break;
            case ProjectionActor.Finished:
                Step(PoolInputs.FilesFinished.Instance);
                break;
            case Terminated ended when ended.ActorRef.Equals(_projection):
                Step(PoolInputs.FilesStopped.Instance);
                break;
            case SaveSnapshotSuccess saved:
                OnSnapshotEnded();
                Context.System.EventStream.Publish(new JournalMessages.SnapshotStored(saved.Metadata.PersistenceId));
                break;
            case SaveSnapshotFailure failure:
                OnSnapshotEnded();
                _log.Write(PoolActorLog.SnapshotNotStored(_setup.Name, failure.Cause.Message));
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <summary>A journal that rejects an event counts as dead: the actor would report a decision that is not true
    /// after the next start.</summary>
    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr)
    {
        base.OnPersistRejected(cause, @event, sequenceNr);
        OnJournalFailure($"the journal does not take what happens: {cause.Message}", cause);
        Context.Stop(Self);
    }

    /// <remarks>Akka stops the actor after this. Its parent restarts it from what the journal has by then.</remarks>
    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr)
    {
        base.OnPersistFailure(cause, @event, sequenceNr);
        OnJournalFailure($"the journal fails: {cause.Message}", cause);
    }

    private void OnJournalFailure(string reason, Exception cause)
    {
        Fail(reason);
        var why = cause.GetBaseException().Message.TrimEnd('.');
        _lastWords.AddRange(_machine.LastWords(request => Unknown(request, why)));
    }

    /// <summary>The write may be durable all the same.</summary>
    private PoolReplies.Refused Unknown(RequestId request, string why) => new(request, new Refusal(
        RefusalKind.TimedOut, "the journal failed", _setup.Name.Value,
        $"{_setup.StateDirectory}/journal cannot be written: {why}; whether it was done is unknown",
        "make room on its disk, or repair it; it is tried again every few seconds, "
            + "and the same request id gives the answer"));

    /// <summary>The machine gets no further input.</summary>
    private void Fail(string reason)
    {
        _failure = reason;
        OnEntered(new PoolOutputs.Entered(PoolPhase.Unavailable, reason, _setup.Time.GetUtcNow()));
        Show();
    }

    private void Step(PoolInput input)
    {
        if (_failure is not null)
            return;
        _activity.Begin();
        foreach (var output in _machine.Step(input, _setup.Time.GetUtcNow()))
            Do(output);
        _activity.End();
    }

    private void Do(PoolOutput output)
    {
        switch (output)
        {
            case PoolOutputs.Persist persist:
                Persist(persist.Events);
                break;
            case PoolOutputs.Work work:
                _activity.Begin();
                WorkerOf(work.Worker).Tell(new KernelWorker.Work(work.Job), Self);
                break;
            case PoolOutputs.Release release:
                if (_workers.Remove(release.Worker, out var idle))
                    Context.Stop(idle);
                break;
            case PoolOutputs.Reply reply:
                Reply(reply);
                break;
            case PoolOutputs.StartTimer { Repeats: true } start:
                Timers.StartPeriodicTimer(start.Timer, Due.Of(start.Timer), start.After);
                break;
            case PoolOutputs.StartTimer start:
                Timers.StartSingleTimer(start.Timer, Due.Of(start.Timer), start.After);
                break;
            case PoolOutputs.CancelTimer cancel:
                Timers.Cancel(cancel.Timer);
                break;
            case PoolOutputs.Show:
                Show();
                break;
            case PoolOutputs.Entered entered:
                OnEntered(entered);
                break;
            case PoolOutputs.Store store:
                _snapshotsUnderWay++;
                SaveSnapshot(store.State);
                break;
            case PoolOutputs.RebuildFiles rebuild:
                FlushNotices();
                _projection.Tell(new ProjectionActor.Rebuild(rebuild.State));
                break;
            case PoolOutputs.FinishFiles:
                FlushNotices();
                _projection.Tell(ProjectionActor.Finish.Instance);
                break;
            case PoolOutputs.StopFiles:
                Context.Watch(_projection);
                Context.Stop(_projection);
                break;
            case PoolOutputs.StartFiles:
                StartProjection();
                break;
            case PoolOutputs.Say say:
                _log.Write(say.Line);
                break;
            case PoolOutputs.Ended ended:
                _setup.Board.Leave(_setup.Name, Self);
                Context.Parent.Tell(new PoolMessages.Ended(_setup.Name, _setup.Uuid, ended.Why));
                break;
            case PoolOutputs.Stop:
                StopWhenStored();
                break;
            default:
                throw new InvalidOperationException($"an output of no known kind: {output.GetType().Name}");
        }
    }

    private void OnSnapshotEnded()
    {
        _snapshotsUnderWay--;
        if (_isToStop)
            StopWhenStored();
    }

    /// <summary>The host deletes a forgotten pool's rows once this actor has stopped. A snapshot stored later would
    /// survive, and a pool with the same id would start from it.</summary>
    private void StopWhenStored()
    {
        _isToStop = true;
        if (_snapshotsUnderWay == 0)
            Context.Stop(Self);
    }

    private void Persist(ImmutableArray<PoolEvent> events)
    {
        var left = events.Length;
        _activity.Begin();
        PersistAllAsync(events, happened =>
        {
            _untold.Add(PoolNoticeOf.Event(LastSequenceNr, happened, _machine.State));
            if (!Timers.IsTimerActive(FlushDue.Instance))
                Timers.StartSingleTimer(FlushDue.Instance, FlushDue.Instance, NoticeDelay);
            if (--left > 0)
                return;
            Step(new PoolInputs.Durable(events.Length));
            _activity.End();
        });
    }

    private IActorRef WorkerOf(ThinId? device)
    {
        if (device is not { } id)
            return _poolWorker;
        if (!_workers.TryGetValue(id, out var worker))
            _workers[id] = worker = Context.ActorOf(KernelWorker.Props(_setup, id), $"device-{id}-{++_children}");
        return worker;
    }

    private void Reply(PoolOutputs.Reply reply) => ((IActorRef)reply.To.Reference).Tell(reply.Message, Self);

    private void StartProjection() => _projection = Context.ActorOf(
        ProjectionActor.Props(_setup.Kernel, _setup.Files, _setup.Paths), $"projection-{++_children}");

    private void OnEntered(PoolOutputs.Entered entered)
    {
        FlushNotices();
        var notice = new PoolPhaseNotice(_setup.Name, _setup.Uuid, entered.Phase, entered.Reason, entered.Since);
        Context.System.EventStream.Publish(notice);
        _setup.Board.Feed.Publish(notice);
    }

    private void FlushNotices()
    {
        if (_untold.Count == 0)
            return;
        var notices = new PoolNotices(_setup.Name, _setup.Uuid, [.. _untold]);
        _untold.Clear();
        Context.System.EventStream.Publish(notices);
        _setup.Board.Feed.Publish(notices);
        _projection.Tell(new ProjectionActor.Happened(
            [.. notices.Notices.Select(notice => notice.Event)], _machine.State));
    }

    private void Show() => _setup.Board.Show(new PoolPicture(
        _setup.Name, _setup.Uuid, _setup.Paths, _failure is null ? _machine.Phase : PoolPhase.Unavailable,
        _failure ?? _machine.Reason, _machine.Since, new PoolContents(_machine.State), _machine.Health,
        _machine.PendingDeletions, _machine.DeviceProblems)
    {
        Actor = Self, Number = LastSequenceNr, Activity = _activity, StockClaims = _machine.StockClaims,
        NextTrim = _machine.NextTrim, IsTrimming = _machine.IsTrimming,
        MetadataAreDamaged = _machine.MetadataAreDamaged, Sectors = _machine.Sectors, Formats = _machine.Formats,
    });

    private sealed record Due(PoolTimer Timer) : ILocalMessage
    {
        private static readonly ImmutableArray<Due> _all =
            [.. Enum.GetValues<PoolTimer>().Order().Select(timer => new Due(timer))];

        public static Due Of(PoolTimer timer) => _all[(int)timer];
    }

    private sealed record FlushDue : ILocalMessage
    {
        public static FlushDue Instance { get; } = new();
    }
}

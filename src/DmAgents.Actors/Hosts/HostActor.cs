using Akka.Actor;
using Akka.Event;
using Akka.Persistence;
using DmAgents.Actors.Journals;
using DmAgents.Actors.Pools;
using DmAgents.Actors.Serialization;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Hosts;

/// <summary>Knows the host's pools, and keeps an actor for each.</summary>
/// <remarks>A pool actor that stops by itself (its journal failed) is restarted after a pause.</remarks>
public sealed class HostActor : UntypedPersistentActor, IWithTimers
{
    /// <summary>Each pool adds three events over its life. A snapshot bounds the replay and the journal's
    /// size.</summary>
    private const int SnapshotEvery = 200;

    private readonly Func<PoolName, PoolUuid, PoolSetup> _setupOf;
    private readonly TimeProvider _time;
    private readonly IActorRef _sweeper;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<PoolName, RegisteredPool> _pools = [];
    private readonly Dictionary<IActorRef, PoolName> _actors = [];
    private readonly Dictionary<IActorRef, PoolUuid> _writers = [];

    /// <summary>When each pool's actor last stopped by itself.</summary>
    private readonly Dictionary<PoolName, DateTimeOffset> _stops = [];
    private HostState _state = HostState.Empty;
    private int _eventsSinceSnapshot;
    private IActorRef _stopper = ActorRefs.Nobody;
    private bool _isStopping;

    /// <summary>The request that waits for the pool whose registration is being written.</summary>
    private (IActorRef To, RequestId Request)? _founder;

    /// <param name="setupOf">Returns the setup of a pool's actor.</param>
    /// <param name="sweeper">Deletes the rows of forgotten pools.</param>
    public HostActor(Func<PoolName, PoolUuid, PoolSetup> setupOf, TimeProvider time, IActorRef sweeper) =>
        (_setupOf, _time, _sweeper) = (setupOf, time, sweeper);

    public override string PersistenceId => "host";

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(
        Func<PoolName, PoolUuid, PoolSetup> setupOf, TimeProvider time, IActorRef sweeper) =>
        Akka.Actor.Props.Create(() => new HostActor(setupOf, time, sweeper));

    /// <summary>An exception is a bug or a dead journal: the pool actor stops, and is restarted from its journal after
    /// a pause.</summary>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    /// <remarks>Akka stops the actor after this; its keeper restarts it.</remarks>
    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr)
    {
        base.OnPersistFailure(cause, @event, sequenceNr);
        if (_founder is not { } founder)
            return;
        _founder = null;
        // The caller retries as soon as it has this answer: by then the keeper must know that this actor fails.
        Context.Parent.Tell(HostMessages.Failing.Instance);
        founder.To.Tell(new PoolReplies.Refused(founder.Request, new Refusal(
            RefusalKind.TimedOut, "the journal failed", "the list of pools",
            $"it cannot be written: {cause.GetBaseException().Message.TrimEnd('.')}; whether it was done is unknown",
            "make room on the disk of the state directory, or repair it; "
                + "then try again with the same request id")), Self);
    }

    protected override void OnRecover(object message)
    {
        switch (message)
        {
            case SnapshotOffer { Snapshot: HostState state }:
                _state = state;
                foreach (var known in state.Pools)
                    _pools[known.Name] = new RegisteredPool(known.Name, known.Uuid, ActorRefs.Nobody);
                break;
            case HostEvent happened:
                Apply(happened);
                break;
            case RecoveryCompleted:
                Context.Parent.Tell(HostMessages.Recovered.Instance);
                EraseForgotten();
                foreach (var pool in _pools.Values.ToList())
                    Start(pool).Tell(PoolMessages.EndIfNeverMade.Instance);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    protected override void OnCommand(object message)
    {
        switch (message)
        {
            case HostMessages.ToPool { Command: PoolCommands.Initialize create }:
                Register(create.Name, create.Uuid, create);
                break;
            case HostMessages.ToPool { Command: PoolCommands.Adopt adopt }:
                Register(adopt.Identity.Name, adopt.Identity.Uuid, adopt);
                break;
            case HostMessages.ToPool { Command: PoolCommands.TakeOver takeOver }:
                Register(takeOver.Name, takeOver.Uuid, takeOver);
                break;
            case HostMessages.ToPool to:
                Forward(to);
                break;
            case PoolMessages.Ended ended:
                Persist(new HostEvents.PoolForgotten(ended.Name, ended.Uuid, ended.Why, _time.GetUtcNow()), Note);
                break;
            case JournalMessages.Erased erased:
                OnErased(erased);
                break;
            case SaveSnapshotSuccess saved:
                Context.System.EventStream.Publish(new JournalMessages.SnapshotStored(saved.Metadata.PersistenceId));
                break;
            case SaveSnapshotFailure failure:
                _log.Write(HostLog.SnapshotNotStored(failure.Cause.Message));
                break;
            case Terminated terminated:
                OnTerminated(terminated.ActorRef);
                break;
            case StartAgain again when !_isStopping && _pools.TryGetValue(again.Pool, out var pool):
                Start(pool).Tell(PoolMessages.EndIfNeverMade.Instance);
                break;
            case StartAgain:
                break;
            case HostMessages.AwaitReady:
                Sender.Tell(new HostMessages.Ready([.. _pools.Keys]));
                break;
            case HostMessages.Stop:
                Stop();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Register(PoolName name, PoolUuid uuid, PoolCommand command)
    {
        if (_pools.TryGetValue(name, out var known))
        {
            // The pool knows whether this is the request that created it.
            if (IsDown(known))
                Sender.Tell(Busy(command.Request, name));
            else
                known.Actor.Forward(command);
            return;
        }
        if (_state.Forgotten.Contains(uuid))
        {
            Sender.Tell(new PoolReplies.Refused(command.Request, new Refusal(
                RefusalKind.Busy, "cannot use pool", name.Value,
                "a former pool of this request is being deleted from the journal", "try again in a few seconds")));
            return;
        }
        var sender = Sender;
        _founder = (sender, command.Request);
        Persist(new HostEvents.PoolRegistered(name, uuid, _time.GetUtcNow()), registered =>
        {
            _founder = null;
            Note(registered);
            Start(_pools[name]);
            _pools[name].Actor.Tell(command, sender);
        });
    }

    private void Forward(HostMessages.ToPool message)
    {
        if (!_pools.TryGetValue(message.Pool, out var pool))
            Sender.Tell(new PoolReplies.Refused(message.Command.Request, Unknown(message.Pool)));
        else if (IsDown(pool))
            Sender.Tell(Busy(message.Command.Request, message.Pool));
        else
            pool.Actor.Forward(message.Command);
    }

    /// <summary>Its actor has stopped by itself, and has not been restarted yet.</summary>
    private bool IsDown(RegisteredPool pool) =>
        _setupOf(pool.Name, pool.Uuid).Board.Find(pool.Name) is { } shown && shown.Actor.IsNobody();

    private static PoolReplies.Refused Busy(RequestId request, PoolName pool) => new(request, new Refusal(
        RefusalKind.Busy, "cannot use pool", pool.Value, "it starts again", "try again in a few seconds"));

    private IActorRef Start(RegisteredPool pool)
    {
        var setup = _setupOf(pool.Name, pool.Uuid);
        var actor = Context.ActorOf(PoolActor.Props(setup), $"pool-{pool.Name}-{++_started}");
        Context.Watch(actor);
        _actors[actor] = pool.Name;
        _writers[actor] = pool.Uuid;
        _pools[pool.Name] = pool with { Actor = actor };
        return actor;
    }

    private void OnTerminated(IActorRef actor)
    {
        if (!_actors.Remove(actor, out var name))
            return;
        _writers.Remove(actor);
        EraseForgotten();
        if (_isStopping)
        {
            StopWhenDone();
            return;
        }
        if (!_pools.TryGetValue(name, out var pool) || !pool.Actor.Equals(actor))
            return;
        var pause = _setupOf(name, pool.Uuid).Settings.RetryInterval;
        // Each start may fail for the same reason: logged once until the pool was open again.
        var shown = _setupOf(name, pool.Uuid).Board.Find(name);
        if (!_stops.TryGetValue(name, out var last) || (shown is { Phase: PoolPhase.Open } && shown.Since > last))
            _log.Write(PoolActorLog.ActorStopped(name, pause));
        _stops[name] = _time.GetUtcNow();
        Timers.StartSingleTimer(name.Value, new StartAgain(name), pause);
    }

    private void Stop()
    {
        _isStopping = true;
        _stopper = Sender;
        foreach (var (actor, name) in _actors.ToList())
        {
            if (IsOpening(name))
                StopAtOnce(actor);
            else
                actor.Tell(PoolMessages.Stop.Instance);
        }
        StopWhenDone();
    }

    /// <summary>False for a forgotten pool: its actor is already stopping.</summary>
    private bool IsOpening(PoolName name) => _pools.TryGetValue(name, out var pool)
        && _setupOf(name, pool.Uuid).Board.Find(name) is null or { Phase: PoolPhase.Opening };

    /// <summary>A pool that is not open yet has nothing to finish. It is stopped without a request and without a wait:
    /// its journal or the kernel may not respond.</summary>
    private void StopAtOnce(IActorRef actor)
    {
        _actors.Remove(actor);
        Context.Stop(actor);
    }

    private void StopWhenDone()
    {
        if (_actors.Count > 0)
            return;
        _stopper.Tell(new HostMessages.Stopped());
        Context.Stop(Self);
    }

    /// <summary>Applies a durable event.</summary>
    private void Note(HostEvent happened)
    {
        Apply(happened);
        EraseForgotten();
        if (++_eventsSinceSnapshot < SnapshotEvery)
            return;
        _eventsSinceSnapshot = 0;
        SaveSnapshot(_state);
    }

    /// <summary>A forgotten pool's rows are deleted once its actor, which may still be writing, has stopped.</summary>
    private void EraseForgotten()
    {
        foreach (var uuid in _state.Forgotten.Where(uuid => !_writers.ContainsValue(uuid)))
            _sweeper.Tell(new JournalMessages.Erase(PoolActor.PersistenceIdOf(uuid)));
    }

    private void OnErased(JournalMessages.Erased erased) => PersistAll(
        _state.Forgotten.Where(uuid => PoolActor.PersistenceIdOf(uuid) == erased.PersistenceId)
            .Select(uuid => new HostEvents.JournalErased(uuid, _time.GetUtcNow())),
        Note);

    private void Apply(HostEvent happened)
    {
        _state = _state.Apply(happened);
        switch (happened)
        {
            case HostEvents.PoolRegistered e:
                _pools[e.Name] = new RegisteredPool(e.Name, e.Uuid, ActorRefs.Nobody);
                break;
            case HostEvents.PoolForgotten e:
                if (!_pools.TryGetValue(e.Name, out var pool) || pool.Uuid != e.Uuid)
                    break;
                _pools.Remove(e.Name);
                // The actor stops once its pending journal writes are stored: a later write would survive the deletion
                // of its rows.
                if (!pool.Actor.IsNobody())
                    pool.Actor.Tell(PoolMessages.Forgotten.Instance);
                _setupOf(e.Name, e.Uuid).Board.Forget(e.Name);
                break;
            default:
                break;
        }
    }

    private static Refusal Unknown(PoolName pool) => new(
        RefusalKind.NotFound, "cannot use pool", pool.Value, "there is no pool of this name",
        "list them: dmagent pool list");

    private int _started;

    private sealed record RegisteredPool(PoolName Name, PoolUuid Uuid, IActorRef Actor);

    private sealed record StartAgain(PoolName Pool) : ILocalMessage;
}

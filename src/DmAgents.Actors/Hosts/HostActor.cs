using Akka.Actor;
using Akka.Event;
using Akka.Persistence;
using DmAgents.Actors.Pools;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Hosts;

/// <summary>Knows which pools the host has, and keeps an actor for each.</summary>
/// <remarks>A pool actor that stops by itself (its journal failed) is started again after a pause.</remarks>
public sealed class HostActor : UntypedPersistentActor, IWithTimers
{
    private readonly Func<PoolName, PoolUuid, PoolSetup> _setupOf;
    private readonly TimeProvider _time;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<PoolName, RegisteredPool> _pools = [];
    private readonly Dictionary<IActorRef, PoolName> _actors = [];
    private IActorRef _stopper = ActorRefs.Nobody;
    private bool _isStopping;

    /// <summary>Whoever waits for the pool whose registration is being written.</summary>
    private (IActorRef To, RequestId Request)? _founder;

    /// <param name="setupOf">What a pool's actor is given.</param>
    public HostActor(Func<PoolName, PoolUuid, PoolSetup> setupOf, TimeProvider time)
    {
        _setupOf = setupOf;
        _time = time;
    }

    public override string PersistenceId => "host";

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(Func<PoolName, PoolUuid, PoolSetup> setupOf, TimeProvider time) =>
        Akka.Actor.Props.Create(() => new HostActor(setupOf, time));

    /// <summary>An exception is a bug or a dead journal: a pool actor that met one starts again from its journal.
    /// </summary>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    /// <remarks>The actor is stopped after this; its keeper starts it again.</remarks>
    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr)
    {
        base.OnPersistFailure(cause, @event, sequenceNr);
        if (_founder is not { } founder)
            return;
        _founder = null;
        // Whoever hears it asks again at once, and is not to ask one that is gone.
        Context.Parent.Tell(HostMessages.Failing.Instance);
        founder.To.Tell(new PoolReplies.Refused(founder.Request, new Refusal(
            RefusalKind.TimedOut, "the journal failed", "the list of pools",
            $"it cannot be written: {cause.GetBaseException().Message.TrimEnd('.')}; whether it was done is unknown",
            "make room on the disk of the state directory, or mend it; "
                + "then try again with the same request id")), Self);
    }

    protected override void OnRecover(object message)
    {
        switch (message)
        {
            case HostEvent happened:
                Apply(happened);
                break;
            case RecoveryCompleted:
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
            case HostMessages.CreatePool create:
                Register(create.Command.Name, create.Command.Uuid, create.Command);
                break;
            case HostMessages.AdoptPool adopt:
                Register(adopt.Command.Identity.Name, adopt.Command.Identity.Uuid, adopt.Command);
                break;
            case HostMessages.TakeOverPool takeOver:
                Register(takeOver.Command.Name, takeOver.Command.Uuid, takeOver.Command);
                break;
            case HostMessages.RemovePool remove:
                Remove(remove);
                break;
            case PoolMessages.Ended ended:
                Persist(new HostEvents.PoolForgotten(ended.Name, ended.Uuid, ended.Why, _time.GetUtcNow()), Apply);
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
            // The pool knows whether this is the request that made it.
            if (IsDown(known))
                Sender.Tell(Busy(command.Request, name));
            else
                known.Actor.Forward(command);
            return;
        }
        var sender = Sender;
        _founder = (sender, command.Request);
        Persist(new HostEvents.PoolRegistered(name, uuid, _time.GetUtcNow()), registered =>
        {
            _founder = null;
            Apply(registered);
            Start(_pools[name]);
            _pools[name].Actor.Tell(command, sender);
        });
    }

    private void Remove(HostMessages.RemovePool remove)
    {
        if (!_pools.TryGetValue(remove.Pool, out var pool))
        {
            Sender.Tell(new PoolReplies.Refused(remove.Request, Unknown("cannot remove pool", remove.Pool)));
            return;
        }
        if (IsDown(pool))
            Sender.Tell(Busy(remove.Request, remove.Pool));
        else
            pool.Actor.Forward(new PoolMessages.Retire(remove.Request, remove.Force));
    }

    /// <summary>Its actor has stopped by itself, and is not started again yet.</summary>
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
        _pools[pool.Name] = pool with { Actor = actor };
        return actor;
    }

    private void OnTerminated(IActorRef actor)
    {
        if (!_actors.Remove(actor, out var name))
            return;
        if (_isStopping)
        {
            StopWhenDone();
            return;
        }
        if (!_pools.TryGetValue(name, out var pool) || !pool.Actor.Equals(actor))
            return;
        var pause = _setupOf(name, pool.Uuid).Settings.RetryInterval;
        _log.Error("pool {0}: its actor stopped by itself; it starts again in {1}", name, pause);
        Timers.StartSingleTimer(name.Value, new StartAgain(name), pause);
    }

    private void Stop()
    {
        _isStopping = true;
        _stopper = Sender;
        foreach (var actor in _actors.Keys)
            actor.Tell(PoolMessages.Stop.Instance);
        StopWhenDone();
    }

    private void StopWhenDone()
    {
        if (_actors.Count > 0)
            return;
        _stopper.Tell(new HostMessages.Stopped());
        Context.Stop(Self);
    }

    private void Apply(HostEvent happened)
    {
        switch (happened)
        {
            case HostEvents.PoolRegistered e:
                _pools[e.Name] = new RegisteredPool(e.Name, e.Uuid, ActorRefs.Nobody);
                break;
            case HostEvents.PoolForgotten e:
                if (!_pools.TryGetValue(e.Name, out var pool) || pool.Uuid != e.Uuid)
                    break;
                _pools.Remove(e.Name);
                if (!pool.Actor.IsNobody())
                    Context.Stop(pool.Actor);
                _setupOf(e.Name, e.Uuid).Board.Forget(e.Name);
                break;
            default:
                throw new InvalidOperationException($"a host does not know the event {happened.GetType().Name}");
        }
    }

    private static Refusal Unknown(string what, PoolName pool) => new(
        RefusalKind.NotFound, what, pool.Value, "there is no pool of this name", "list them: dmagent pool list");

    private int _started;

    private sealed record RegisteredPool(PoolName Name, PoolUuid Uuid, IActorRef Actor);

    private sealed record StartAgain(PoolName Pool);
}

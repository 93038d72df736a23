using Akka.Actor;
using Akka.Event;
using DmAgents.Actors.Serialization;

namespace DmAgents.Actors.Hosts;

/// <summary>Restarts the host actor if its journal fails. The failure stops the host actor and its pools: their devices
/// and mounts stay, and the restart finds them again. Requests wait meanwhile.</summary>
/// <remarks>Requests wait here and not in the host actor: if its replay fails or times out, messages in its stash are
/// lost.</remarks>
public sealed class HostKeeper : UntypedActor, IWithTimers, IWithUnboundedStash
{
    private readonly Props _host;
    private readonly TimeSpan _pause;
    private readonly ILoggingAdapter _log = Context.GetLogger();

    /// <summary>The host actor. Between two of them it is Akka's empty reference.</summary>
    private IActorRef _actor = ActorRefs.Nobody;

    /// <summary>It has replayed its journal.</summary>
    private bool _isReady;
    private bool _isStopping;
    private int _started;

    public HostKeeper(Props host, TimeSpan pause) => (_host, _pause) = (host, pause);

    public ITimerScheduler Timers { get; set; } = null!;

    public IStash Stash { get; set; } = null!;

    /// <param name="host">Props of the host actor.</param>
    /// <param name="pause">Between its end and the next try.</param>
    public static Props Props(Props host, TimeSpan pause) => Akka.Actor.Props.Create(() => new HostKeeper(host, pause));

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    protected override void PreStart() => Start();

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case StartAgain:
                Start();
                break;
            case HostMessages.Recovered:
                _isReady = true;
                Stash.UnstashAll();
                break;
            case HostMessages.Failing:
                _isReady = false;
                break;
            case Terminated when _isStopping:
                Context.Stop(Self);
                break;
            case Terminated:
                (_actor, _isReady) = (ActorRefs.Nobody, false);
                _log.Write(HostLog.ActorStopped(_pause));
                Timers.StartSingleTimer(nameof(StartAgain), StartAgain.Instance, _pause);
                break;
            // Before the replay it has no pool to stop in order.
            case HostMessages.Stop when !_isReady:
                Sender.Tell(new HostMessages.Stopped());
                Context.Stop(Self);
                break;
            case HostMessages.Stop:
                _isStopping = true;
                _actor.Forward(message);
                break;
            case var _ when _isReady:
                _actor.Forward(message);
                break;
            default:
                Stash.Stash();
                break;
        }
    }

    private void Start() => _actor = Context.Watch(Context.ActorOf(_host, $"host-{++_started}"));

    private sealed record StartAgain : ILocalMessage
    {
        public static StartAgain Instance { get; } = new();
    }
}

using Akka.Actor;
using Akka.Event;

namespace DmAgents.Actors.Hosts;

/// <summary>Starts the host actor again where its journal failed, which stops it and its pools: their devices and
/// mounts stay, and are found again. What is asked meanwhile waits.</summary>
public sealed class HostKeeper : UntypedActor, IWithTimers, IWithUnboundedStash
{
    private readonly Props _host;
    private readonly TimeSpan _pause;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private IActorRef _actor = ActorRefs.Nobody;
    private bool _isStopping;
    private int _started;

    public HostKeeper(Props host, TimeSpan pause) => (_host, _pause) = (host, pause);

    public ITimerScheduler Timers { get; set; } = null!;

    public IStash Stash { get; set; } = null!;

    /// <param name="host">Of the host actor.</param>
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
                Stash.UnstashAll();
                break;
            case HostMessages.Failing:
                _actor = ActorRefs.Nobody;
                break;
            case Terminated when _isStopping:
                Context.Stop(Self);
                break;
            case Terminated:
                _actor = ActorRefs.Nobody;
                _log.Error("the host's actor stopped by itself; it starts again in {0}", _pause);
                Timers.StartSingleTimer(nameof(StartAgain), StartAgain.Instance, _pause);
                break;
            case HostMessages.Stop when _actor.IsNobody():
                Sender.Tell(new HostMessages.Stopped());
                Context.Stop(Self);
                break;
            case HostMessages.Stop:
                _isStopping = true;
                _actor.Forward(message);
                break;
            default:
                if (_actor.IsNobody())
                    Stash.Stash();
                else
                    _actor.Forward(message);
                break;
        }
    }

    private void Start() => _actor = Context.Watch(Context.ActorOf(_host, $"host-{++_started}"));

    private sealed record StartAgain
    {
        public static StartAgain Instance { get; } = new();
    }
}

using Akka.Actor;
using Akka.Event;
using Akka.Persistence;
using DmAgents.Actors.Devices;
using DmAgents.Actors.Serialization;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Takeover;

namespace DmAgents.Actors.Pools;

/// <summary>
/// Owns one pool: its journal, its ledger of thin ids, and the order in which things happen to it. Decides at once on
/// its state, and lets effects and answers wait until the decision's events are durable; decisions that arrive while a
/// write is under way share the next one.
/// </summary>
/// <remarks>
/// Topics are in partial files: opening, commands, device work, background. Never blocks: kernel calls are jobs of the
/// lane and of the device actors. A journal that fails stops the actor: what was not answered is unknown to its caller,
/// and the next start finds out.
/// </remarks>
public sealed partial class PoolActor : UntypedPersistentActor, IWithTimers
{
    private readonly PoolSetup _setup;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly DeviceActors _devices;

    private IActorRef _lane = ActorRefs.Nobody;
    private IActorRef _projection = ActorRefs.Nobody;

    /// <summary>Numbers them: one that was stopped holds its name for a moment longer.</summary>
    private int _projections;

    /// <summary>Removes what the projection has written; see <see cref="GiveLaneWhenFilesRest"/>.</summary>
    private ILocalMessage? _laneJobAfterFiles;
    private PoolPhase _phase = PoolPhase.Opening;
    private string _reason = "the journal is replayed";
    private DateTimeOffset _since;

    /// <summary>What has been decided. Runs ahead of what is durable by the writes under way.</summary>
    private PoolState _state = PoolState.Empty;
    private PoolHealth? _health;
    private PoolContext? _context;

    /// <summary>The pool is no more, or never was: the parent forgets it, and stops this actor.</summary>
    private bool _hasEnded;

    public PoolActor(PoolSetup setup)
    {
        _setup = setup;
        _since = setup.Time.GetUtcNow();
        _devices = new DeviceActors(Context, setup.Kernel, setup.Time);
    }

    public override string PersistenceId => PersistenceIdOf(_setup.Uuid);

    public ITimerScheduler Timers { get; set; } = null!;

    private DateTimeOffset Now => _setup.Time.GetUtcNow();

    /// <summary>Made anew whenever the backing changes; only after the pool has an identity.</summary>
    private PoolContext Pool => _context ?? throw new InvalidOperationException("the pool has no identity yet");

    public static string PersistenceIdOf(PoolUuid pool) => $"pool-{pool}";

    public static Props Props(PoolSetup setup) => Akka.Actor.Props.Create(() => new PoolActor(setup));

    /// <summary>What a child was doing when it threw is unknown: the pool starts again from its journal.</summary>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Escalate);

    protected override void PreStart()
    {
        _lane = Context.ActorOf(LaneActor.Props(_setup.Kernel, _setup.Files), "lane");
        StartProjection();
        Show();
        base.PreStart();
    }

    private void StartProjection() => _projection = Context.ActorOf(
        ProjectionActor.Props(_setup.Kernel, _setup.Files, _setup.Paths), $"projection-{++_projections}");

    /// <summary>Stops the projection, and gives the lane its job when the projection has stopped: a file that the
    /// projection writes while the lane removes the files would be left over, and block the pool's name.</summary>
    private void GiveLaneWhenFilesRest(ILocalMessage job)
    {
        _laneJobAfterFiles = job;
        Context.Watch(_projection);
        Context.Stop(_projection);
    }

    private void OnProjectionStopped()
    {
        if (_laneJobAfterFiles is { } job)
            _lane.Tell(job);
        _laneJobAfterFiles = null;
    }

    protected override void PostStop()
    {
        TellWhatHappened();
        _setup.Board.Leave(_setup.Name, Self);
        TellOfJournal();
        base.PostStop();
    }

    protected override void OnRecover(object message)
    {
        switch (message)
        {
            case SnapshotOffer { Snapshot: PoolState state }:
                _state = state;
                _eventsSinceSnapshot = 0;
                break;
            // Older events are deleted only behind a snapshot: without it the rest makes a state that never was.
            case PoolEvent when ReferenceEquals(_state, PoolState.Empty) && LastSequenceNr > 1:
                throw new InvalidOperationException(
                    $"the journal of pool {_setup.Name} begins with event {LastSequenceNr}, and the snapshot before it "
                    + "is missing");
            case PoolEvent happened:
                _state = _state.Apply(happened);
                _eventsSinceSnapshot++;
                break;
            case RecoveryCompleted:
                OnReplayed();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <remarks>The actor is stopped after this, and started again by its parent.</remarks>
    protected override void OnRecoveryFailure(Exception reason, object? message = null)
    {
        base.OnRecoveryFailure(reason, message!);
        Enter(PoolPhase.Unavailable, $"its journal cannot be replayed: {reason.GetBaseException().Message}");
    }

    protected override void OnCommand(object message)
    {
        var answered = message is DeviceResult ? _devices.Answered(Sender) : null;
        Dispatch(message);
        // An actor is kept while something is under way, or live of its device.
        if (answered is { } id && _state.Devices.GetValueOrDefault(id) is not { Use: not DeviceUse.Idle })
            _devices.Release(id);
        RetireWhenQuiet();
    }

    private void Dispatch(object message)
    {
        if (_hasEnded && message is PoolCommand command)
        {
            Answer(Sender, new PoolReplies.Refused(command.Request, new Refusal(
                RefusalKind.Busy, "cannot take the request", _setup.Name.Value, "the pool is being forgotten",
                "try again in a moment")));
            return;
        }
        switch (_phase)
        {
            case PoolPhase.Open:
            case PoolPhase.Stopping:
                WhenOpen(message);
                break;
            case PoolPhase.Opening:
                WhenOpening(message);
                break;
            case PoolPhase.Unavailable:
            case PoolPhase.WrongPool:
                WhenClosed(message);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Enter(PoolPhase phase, string reason)
    {
        if (_phase == phase && _reason == reason)
            return;
        (_phase, _reason, _since) = (phase, reason, Now);
        _log.Info("pool {0} is {1}: {2}", _setup.Name, phase, reason);
        TellWhatHappened();
        var notice = new PoolPhaseNotice(_setup.Name, _setup.Uuid, phase, reason, _since);
        Context.System.EventStream.Publish(notice);
        _setup.Board.Feed.Publish(notice);
        Show();
    }

    private void Show() => _setup.Board.Show(new PoolPicture(
        _setup.Name, _setup.Uuid, _setup.Paths, _phase,
        _phase == PoolPhase.Open ? ReasonOfFormats() : _reason, _since, new PoolContents(_state), _health,
        _deletions, _problems)
    {
        Actor = Self, Number = LastSequenceNr, Jobs = _devices.Jobs, StockClaims = _stockClaims, NextTrim = NextTrimAt,
        IsTrimming = _round is not null,
        MetadataAreDamaged = _metadataAreDamaged, Sectors = _sectors, Formats = FormatsOfPresent(),
    });

    private void UseIdentity() => _context = new PoolContext(
        _state.Identity!, _setup.Paths, _setup.Settings.DiscardsOnRemove(_state.Identity!.Backing))
    {
        DiscardAbove = _setup.Settings.DiscardsAbove(_state.Identity!.Backing),
        LowWaterPercent = _setup.Settings.LowWaterPercent,
        Guard = PoolGuard.Of(_state),
    };

    private void Answer(IActorRef to, PoolReply reply) => to.Tell(reply, Self);

    /// <summary>Before the caller has its answer: what the caller asks for next, a pool of this name above all, would
    /// otherwise reach this actor, which stops, and have no answer.</summary>
    private void ReportEnd(string why)
    {
        _hasEnded = true;
        _setup.Board.Leave(_setup.Name, Self);
        Context.Parent.Tell(new PoolMessages.Ended(_setup.Name, _setup.Uuid, why));
    }
}

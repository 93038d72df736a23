using Akka.Actor;
using Akka.Event;
using DmAgents.Actors.Hosts;
using DmAgents.Actors.Serialization;

namespace DmAgents.Actors.Journals;

/// <summary>Deletes unneeded rows of the journal in the background: events and snapshots before a pool's latest
/// snapshot, and all rows of forgotten pools. Works in short pieces with pauses, because SQLite has one
/// writer.</summary>
/// <remarks>The event stream reports snapshots; the sweeper sleeps until then. Blocks: it has a thread of its
/// own.</remarks>
public sealed class JournalSweeper : UntypedActor, IWithTimers
{
    private readonly IJournalRows _rows;
    private readonly JournalSweep _sweep;
    private readonly TimeProvider _time;
    private readonly TimeSpan _retry;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<string, IActorRef> _erasers = [];
    private bool _hasBegun;
    private string _problem = "";

    public JournalSweeper(IJournalRows rows, JournalSettings settings, TimeProvider time, TimeSpan retry)
    {
        (_rows, _time, _retry) = (rows, time, retry);
        _sweep = new JournalSweep(rows, settings);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <param name="rows">Disposed with the actor.</param>
    /// <param name="retry">How long it waits after a failure of the journal.</param>
    public static Props Props(IJournalRows rows, JournalSettings settings, TimeProvider time, TimeSpan retry) =>
        Akka.Actor.Props.Create(() => new JournalSweeper(rows, settings, time, retry))
            .WithDispatcher(ActorsConfig.SweepDispatcher);

    protected override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(JournalMessages.SnapshotStored));
        // The agent's start does not wait for this.
        Timers.StartSingleTimer(nameof(NextStep), NextStep.Instance, _retry);
    }

    protected override void PostStop() => _rows.Dispose();

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case JournalMessages.SnapshotStored stored:
                _sweep.Begin(stored.PersistenceId);
                Hurry();
                break;
            case JournalMessages.Erase erase:
                _erasers[erase.PersistenceId] = Sender;
                _sweep.Erase(erase.PersistenceId);
                Hurry();
                break;
            case NextStep:
                Step();
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Hurry()
    {
        if (!Timers.IsTimerActive(nameof(NextStep)))
            Self.Tell(NextStep.Instance);
    }

    private void Step()
    {
        var begun = _time.GetTimestamp();
        try
        {
            if (!_hasBegun)
                _sweep.BeginWithAll();
            _hasBegun = true;
            if (_sweep.Step(SweepPace.Rows) is { } erased && _erasers.Remove(erased, out var eraser))
                eraser.Tell(new JournalMessages.Erased(erased));
            _problem = "";
        }
        catch (IOException failed)
        {
            OnFailed(failed);
            return;
        }
        var pause = SweepPace.PauseAfter(_time.GetElapsedTime(begun), _sweep.IsBehind);
        if (!_sweep.IsDone)
            Timers.StartSingleTimer(nameof(NextStep), NextStep.Instance, pause);
    }

    private void OnFailed(IOException failed)
    {
        if (_problem != failed.Message)
            _log.Write(HostLog.SweepFailed(failed.Message));
        _problem = failed.Message;
        Timers.StartSingleTimer(nameof(NextStep), NextStep.Instance, _retry);
    }

    private sealed record NextStep : ILocalMessage
    {
        public static NextStep Instance { get; } = new();
    }
}

/// <summary>The sweeper's messages.</summary>
public static class JournalMessages
{
    /// <summary>On the event stream: a snapshot of this id is durable.</summary>
    public sealed record SnapshotStored(string PersistenceId) : ILocalMessage;

    /// <summary>Delete every row of this id, whose actor has stopped. The reply is <see cref="Erased"/>.</summary>
    public sealed record Erase(string PersistenceId) : ILocalMessage;

    /// <summary>The journal has no row of this id.</summary>
    public sealed record Erased(string PersistenceId) : ILocalMessage;
}

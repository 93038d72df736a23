using Akka.Actor;
using Akka.Persistence;
using DmAgents.Actors.Fleet.Database;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Fleet.Entities;

/// <summary>One entity of the fleet: the mailbox and the journal around a pure machine. It replies once the reply's
/// content is durable. While the gate is closed it refuses changes, and answers what needs no journal.</summary>
internal class EntityActor<TState, TCommand, TEvent, TReply> : UntypedPersistentActor
    where TState : class
    where TCommand : class
    where TEvent : class
    where TReply : class
{
    private readonly EntityKind<TState, TCommand, TEvent, TReply> _kind;
    private readonly string _id;
    private readonly DatabaseGate _gate;
    private readonly EntityTimes _times;
    private readonly IEntityWatcher<TState>? _watcher;
    private TState _state;

    /// <summary>The caller whose events are being written; null if none are.</summary>
    private IActorRef? _asker;

    private EntityPieces? _pieces;
    private long _snapshotAt;

    public EntityActor(
        EntityKind<TState, TCommand, TEvent, TReply> kind, string id, DatabaseGate gate, EntityTimes times,
        IEntityWatcher<TState>? watcher)
    {
        (_kind, _id, _gate, _times, _watcher) = (kind, id, gate, times, watcher);
        _state = kind.Initial(id);
        PersistenceId = $"{kind.Name}-{id}";
    }

    public override string PersistenceId { get; }

    protected override void PostStop()
    {
        _watcher?.Stopped(_id);
        base.PostStop();
    }

    protected override void OnRecover(object message)
    {
        switch (message)
        {
            case SnapshotOffer { Snapshot: TState state } offer:
                _state = state;
                _snapshotAt = offer.Metadata.SequenceNr;
                break;
            case TEvent e:
                _state = _kind.Apply(_state, e);
                break;
            case RecoveryCompleted:
                _watcher?.Seen(_id, _state);
                break;
            default:
                throw new InvalidOperationException($"{PersistenceId}: the journal holds a {message.GetType()}");
        }
    }

    protected override void OnCommand(object message)
    {
        switch (message)
        {
            case TCommand command:
                Take(command);
                break;
            case EntityMessages.Show show:
                _pieces = EntityPieces.Of(_pieces, LastSequenceNr, _state, Context.System);
                var shown = _pieces.Shown(show.Piece);
                Sender.Tell(shown);
                // The serialized state is not kept in memory beside the state once the last piece is read.
                if (shown.Piece == shown.Pieces - 1)
                    _pieces = null;
                break;
            case EntityMessages.Stop:
                Context.Stop(Self);
                break;
            case SaveSnapshotSuccess saved:
                Forget(saved.Metadata.SequenceNr);
                break;
            // The next events try the next snapshot; until then a recovery replays more.
            case SaveSnapshotFailure or DeleteMessagesFailure or DeleteSnapshotsFailure:
                _gate.Suspect();
                break;
            case DeleteMessagesSuccess or DeleteSnapshotsSuccess:
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    protected void Take(TCommand command)
    {
        var decision = _kind.Decide(_state, command);
        var asker = Sender;
        if (decision.Events.IsEmpty)
        {
            asker.Tell(decision.Reply);
            return;
        }
        if (_gate.Current.RefuseChange(Cannot, _id) is { } refusal)
        {
            Refuse(asker, refusal);
            return;
        }
        var left = decision.Events.Length;
        _asker = asker;
        PersistAll(decision.Events, e =>
        {
            _state = _kind.Apply(_state, e);
            if (--left > 0)
                return;
            (_asker, _pieces) = (null, null);
            asker.Tell(decision.Reply);
            _watcher?.Seen(_id, _state);
            if (LastSequenceNr - _snapshotAt >= _times.EventsPerSnapshot)
            {
                _snapshotAt = LastSequenceNr;
                SaveSnapshot(_state);
            }
        });
    }

    /// <summary>The journal did not store the event, and this instance stops. Another instance may have written:
    /// recovery reads what the journal has.</summary>
    /// <remarks>Nothing is logged here: the watch logs the database's failures once.</remarks>
    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr)
    {
        _gate.Suspect();
        if (_asker is { } asker)
            Refuse(asker, NotWritten(cause, RefusalKind.TimedOut));
    }

    /// <summary>No write was attempted: this instance refuses the change and stops.</summary>
    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr)
    {
        Log.Write(FleetActorLog.EventNotWritten(PersistenceId), cause);
        if (_asker is { } asker)
            Refuse(asker, NotWritten(cause, RefusalKind.Failed));
        Context.Stop(Self);
    }

    protected override void OnRecoveryFailure(Exception reason, object? message = null)
    {
        _gate.Suspect();
        // An unreadable row is no failure of the database, and is still there at the next attempt.
        if (message is not null || reason is System.Runtime.Serialization.SerializationException)
            Log.Write(FleetActorLog.JournalUnreadable(PersistenceId), reason);
    }

    private string Cannot => $"cannot change {_kind.Subject}";

    private Refusal NotWritten(Exception cause, RefusalKind kind) => new(
        kind, Cannot, _id, $"the fleet's journal did not take it: {cause.GetBaseException().Message}",
        "try again in a moment");

    private void Refuse(IActorRef asker, Refusal refusal)
    {
        _gate.CountRefusal();
        asker.Tell(new EntityMessages.Unavailable(refusal));
    }

    private void Forget(long snapshot)
    {
        DeleteSnapshots(new SnapshotSelectionCriteria(snapshot - 1));
        if (snapshot > _times.KeptEvents)
            DeleteMessages(snapshot - _times.KeptEvents);
    }
}

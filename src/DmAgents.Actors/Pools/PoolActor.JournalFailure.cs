using Akka.Actor;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Pools;

/// <summary>The journal's disk is full, read-only or broken: the actor stops, and says why to whoever waits.</summary>
public sealed partial class PoolActor
{
    private readonly List<(IActorRef To, PoolReply Reply)> _lastWords = [];

    /// <summary>A journal that does not take an event is as good as dead: what was decided would be told, and not be so
    /// after the next start.</summary>
    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr)
    {
        base.OnPersistRejected(cause, @event, sequenceNr);
        Enter(PoolPhase.Unavailable, $"the journal does not take what happens: {cause.Message}");
        KeepForTheEnd(cause);
        Context.Stop(Self);
    }

    /// <remarks>The actor is stopped after this, and started again by its parent: from what the journal has by then.
    /// </remarks>
    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr)
    {
        base.OnPersistFailure(cause, @event, sequenceNr);
        Enter(PoolPhase.Unavailable, $"the journal fails: {cause.Message}");
        KeepForTheEnd(cause);
    }

    /// <summary>Told when the actor has stopped and the board says so: whoever hears it asks again at once, and is not
    /// to ask one that is gone.</summary>
    private void TellOfJournal()
    {
        foreach (var (to, reply) in _lastWords)
            Answer(to, reply);
    }

    private void KeepForTheEnd(Exception cause)
    {
        var why = cause.GetBaseException().Message.TrimEnd('.');
        foreach (var (request, operation) in _operations)
        {
            foreach (var to in operation.Waiting)
                _lastWords.Add((to, Unknown(request, why)));
        }
        foreach (var (to, command) in _repairers.Concat(_returners).Concat(_trimmers))
            _lastWords.Add((to, Unknown(command.Request, why)));
        if (_retiring is { } retiring)
            _lastWords.Add((retiring.To, Unknown(retiring.Command.Request, why)));
        if (_heldRetire is { } held)
            _lastWords.Add((held.To, Unknown(held.Command.Request, why)));
        if (_founder is { } founder)
            _lastWords.Add((founder.To, Unknown(founder.Command.Request, why)));
        foreach (var waiting in Stash.ClearStash())
            _lastWords.Add((waiting.Sender, Unknown(((PoolCommand)waiting.Message).Request, why)));
        // What comes after the answers is the parent's.
        _operations.Clear();
        _repairers.Clear();
        _returners.Clear();
        _trimmers = [];
        (_founder, _retiring, _heldRetire) = (null, null, null);
    }

    /// <summary>The write may be durable all the same.</summary>
    private PoolReplies.Refused Unknown(RequestId request, string why) => new(request, new Refusal(
        RefusalKind.TimedOut, "the journal failed", _setup.Name.Value,
        $"{_setup.StateDirectory}/journal cannot be written: {why}; whether it was done is unknown",
        "make room on its disk, or repair it; it is tried again every few seconds, "
            + "and the same request id gives the answer"));
}

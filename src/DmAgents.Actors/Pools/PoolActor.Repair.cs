using Akka.Actor;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Pools;

/// <summary>A comparison on demand: what every start does, for an agent that runs.</summary>
public sealed partial class PoolActor
{
    /// <summary>Whoever waits for the comparison under way.</summary>
    private readonly List<(IActorRef To, RequestId Request)> _repairers = [];

    /// <summary>What was found where the pool is not the journal's.</summary>
    private LaneResults.Mismatched? _mismatch;

    private void OnRepair(PoolMessages.Repair repair)
    {
        if (RefusalOfRepair(repair) is { } refusal)
        {
            Answer(Sender, new PoolReplies.Refused(repair.Request, refusal));
            return;
        }
        _repairers.Add((Sender, repair.Request));
        Timers.Cancel(OpenTimer);
        if (_phase != PoolPhase.WrongPool)
        {
            Open();
            return;
        }
        var accepted = _mismatch!.Found;
        Enter(PoolPhase.Opening, $"its transaction id {accepted} is accepted on request");
        Record([new PoolEvents.CheckpointReached(accepted, Now)], Open);
    }

    /// <summary>Something has no outcome in the journal yet: compared with it, it would look like something left
    /// behind.
    /// </summary>
    private bool IsAtWork => _operations.Count > 0 || _devices.AreAtWork || _purges.Count > 0
        || _afterCheckpoint is not null || _isPlanningExtension || _isDiscardingMetadata;

    private Refusal? RefusalOfRepair(PoolMessages.Repair repair)
    {
        const string What = "cannot repair pool";
        var name = _setup.Name.Value;
        if (_phase == PoolPhase.Stopping || (_phase == PoolPhase.Open && IsAtWork))
        {
            return new Refusal(RefusalKind.Busy, What, name, "operations are under way", "try again in a moment");
        }
        if (_phase == PoolPhase.WrongPool && repair.Accept != _mismatch!.Found)
        {
            return new Refusal(RefusalKind.WrongState, What, name, _reason,
                "where you know that they belong together, say so: dmagent pool check "
                + $"{name} --repair --accept-transaction-id {_mismatch.Found}");
        }
        return null;
    }

    private void AnswerRepairers()
    {
        foreach (var (to, request) in _repairers)
        {
            Answer(to, _phase == PoolPhase.Open
                ? new PoolReplies.Done(request, Device: null, [], AlreadySo: false)
                : new PoolReplies.Refused(request, Closed()));
        }
        _repairers.Clear();
    }
}

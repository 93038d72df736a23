using Akka.Actor;
using Akka.Event;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Mending;
using DmAgents.Domain.Ports;

namespace DmAgents.Actors.Pools;

/// <summary>Other metadata for the pool: taken down, mended beside those that it has, and opened again with what its
/// journal says by then.</summary>
/// <remarks>One event stands between before and after. An agent that dies before it is durable has changed nothing but
/// a place that nobody names yet; the next opening finds the pool as it was. After it, the opening takes the new
/// ones.</remarks>
public sealed partial class PoolActor
{
    /// <summary>A pool whose metadata are damaged is tried so much more rarely.</summary>
    private const int DamageFactor = 12;

    private bool _metadataAreDamaged;
    private bool _isDiscardingMetadata;

    /// <summary>The mending under way.</summary>
    private RequestId? _mending;

    /// <summary>The command that tells what a repair would do.</summary>
    public static string RepairOf(PoolName pool) => $"dmagent pool repair-metadata {pool}";

    /// <summary>thin_check has found them damaged, or the kernel could not use them.</summary>
    private static bool MetadataAreTheCause(KernelError error) =>
        error is { Operation: "thin_check", Fault: KernelFault.Invalid }
            or { Operation: "open pool" or "read pool", Fault: KernelFault.Failed };

    private void OnMend(PoolMessages.MendMetadata mend)
    {
        if (_state.Requests.Knows(mend.Request, out _))
        {
            Answer(Sender, new PoolReplies.Done(mend.Request, Device: null, [], AlreadySo: true));
            return;
        }
        var health = _phase == PoolPhase.Open ? _health : null;
        var refusal = _phase == PoolPhase.Stopping || (_phase == PoolPhase.Open && (IsAtWork || IsWorkedIn))
            ? new Refusal(RefusalKind.Busy, MendDecider.What(mend.Source), _setup.Name.Value,
                "operations are under way", "try again in a moment")
            : MendDecider.Refuse(_state, health, mend.Source, mend.Next);
        if (refusal is not null)
        {
            Answer(Sender, new PoolReplies.Refused(mend.Request, refusal));
            return;
        }
        _mending = mend.Request;
        _repairers.Add((Sender, mend.Request));
        Timers.Cancel(OpenTimer);
        Timers.Cancel(StatusTimer);
        Enter(PoolPhase.Opening, mend.Source is MetadataSource.Backup backup
            ? $"its metadata are restored from backup {backup.Name}"
            : "its metadata are repaired");
        _lane.Tell(new LaneJobs.Mend(Pool, mend, MendDecider.ShapeOf(_state)));
    }

    /// <summary>The same request again waits for the same end.</summary>
    private bool IsBeingMended(PoolMessages.MendMetadata mend)
    {
        if (_mending != mend.Request)
            return false;
        _repairers.Add((Sender, mend.Request));
        return true;
    }

    private void OnMended(LaneResults.Mended mended)
    {
        _mending = null;
        var request = mended.Asked.Request;
        switch (mended.Outcome)
        {
            case MendOutcome.Failed failed:
                _log.Warning("pool {0}: its metadata are as they were: {1}", _setup.Name, failed.Error);
                foreach (var (to, _) in _repairers.Where(r => r.Request == request))
                    Answer(to, new PoolReplies.Refused(request, NotMended(mended.Asked, failed.Error)));
                _repairers.RemoveAll(r => r.Request == request);
                Open();
                break;
            case MendOutcome.Sound:
                Record([new PoolEvents.CheckCleared(request, Now)], Open);
                break;
            case MendOutcome.Ready ready:
                var backup = (mended.Asked.Source as MetadataSource.Backup)?.Name.ToString();
                Record(
                    [new PoolEvents.MetadataReplaced(
                        request, ready.Backing, ready.Content.TransactionId, backup, Now)],
                    () =>
                    {
                        UseIdentity();
                        Open();
                    });
                break;
            default:
                throw new InvalidOperationException("an outcome of no known kind");
        }
    }

    private Refusal NotMended(PoolMessages.MendMetadata asked, KernelError error) => new(
        error.Fault switch
        {
            KernelFault.Busy => RefusalKind.Busy,
            KernelFault.NoSpace => RefusalKind.NoSpace,
            KernelFault.NotFound => RefusalKind.NotFound,
            _ => RefusalKind.Failed,
        },
        MendDecider.What(asked.Source), _setup.Name.Value, error.ToString(),
        error.Fault == KernelFault.Busy
            ? "end what has it open, then try again: lsof"
            : "its metadata are as they were; mend what is named, then try again");

    private void OnDiscardMetadata(PoolMessages.DiscardMetadata discard)
    {
        if (_state.Requests.Knows(discard.Request, out _) || _state.Kept.IsEmpty)
        {
            Answer(Sender, new PoolReplies.Done(discard.Request, Device: null, [], AlreadySo: true));
            return;
        }
        const string What = "cannot discard metadata";
        var refusal = _phase == PoolPhase.Stopping || IsAtWork
            ? new Refusal(RefusalKind.Busy, What, _setup.Name.Value, "operations are under way",
                "try again in a moment")
            : MendDecider.Foreign(_state, What);
        if (refusal is not null)
        {
            Answer(Sender, new PoolReplies.Refused(discard.Request, refusal));
            return;
        }
        _isDiscardingMetadata = true;
        _repairers.Add((Sender, discard.Request));
        _lane.Tell(new LaneJobs.DiscardMetadata(Pool, _state.Kept, discard.Request));
    }

    private void OnMetadataDiscarded(LaneResults.MetadataDiscarded discarded)
    {
        _isDiscardingMetadata = false;
        if (discarded.Result.Error is not { } error)
        {
            Record([new PoolEvents.KeptMetadataDiscarded(discarded.Request, Now)], AnswerRepairers);
            return;
        }
        foreach (var (to, request) in _repairers)
        {
            Answer(to, new PoolReplies.Refused(request, new Refusal(
                error.Fault == KernelFault.Busy ? RefusalKind.Busy : RefusalKind.Failed,
                "cannot discard metadata", _setup.Name.Value, error.ToString(), "mend what is named, then try again")));
        }
        _repairers.Clear();
    }
}

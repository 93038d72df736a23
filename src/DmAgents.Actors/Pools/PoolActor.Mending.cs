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

    private void OnMend(PoolCommands.MendMetadata mend)
    {
        var health = _phase == PoolPhase.Open ? _health : null;
        var decided = PoolDecider.Decide(_state, health, mend);
        if (decided is Decision.AlreadySo)
        {
            AnswerAtOnce(mend, decided);
            return;
        }
        if (_phase == PoolPhase.Stopping || (_phase == PoolPhase.Open && (IsAtWork || IsWorkedIn)))
        {
            Answer(Sender, new PoolReplies.Refused(mend.Request, AtWork(MendDecider.What(mend.Source))));
            return;
        }
        if (decided is not Decision.Accepted)
        {
            AnswerAtOnce(mend, decided);
            return;
        }
        _mending = mend.Request;
        _repairers.Add((Sender, mend));
        Timers.Cancel(OpenTimer);
        Timers.Cancel(StatusTimer);
        Enter(PoolPhase.Opening, mend.Source is MetadataSource.Backup backup
            ? $"its metadata are restored from backup {backup.Name}"
            : "its metadata are repaired");
        _lane.Tell(new LaneJobs.Mend(Pool, mend, MendDecider.ShapeOf(_state)));
    }

    /// <summary>The same request again waits for the same end.</summary>
    private bool IsBeingMended(PoolCommands.MendMetadata mend)
    {
        if (_mending != mend.Request)
            return false;
        _repairers.Add((Sender, mend));
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
                foreach (var (to, _) in _repairers.Where(r => r.Command.Request == request))
                    Answer(to, new PoolReplies.Refused(request, NotMended(mended.Asked, failed.Error)));
                _repairers.RemoveAll(r => r.Command.Request == request);
                Open();
                break;
            case MendOutcome.Sound:
                Record([new PoolEvents.CheckCleared(request, Now)], () => Open());
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

    private Refusal NotMended(PoolCommands.MendMetadata asked, KernelError error) => new(
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
            : "its metadata are as they were; correct what is named, then try again");

    private Refusal AtWork(string what) => new(
        RefusalKind.Busy, what, _setup.Name.Value, "operations are under way", "try again in a moment");

    private void OnDiscardMetadata(PoolCommands.DiscardMetadata discard)
    {
        var decided = PoolDecider.Decide(_state, _health, discard);
        if (decided is Decision.Accepted && (_phase == PoolPhase.Stopping || IsAtWork))
        {
            Answer(Sender, new PoolReplies.Refused(discard.Request, AtWork("cannot discard metadata")));
            return;
        }
        if (decided is not Decision.Accepted)
        {
            AnswerAtOnce(discard, decided);
            return;
        }
        _isDiscardingMetadata = true;
        _repairers.Add((Sender, discard));
        _lane.Tell(new LaneJobs.DiscardMetadata(Pool, _state.Kept, discard.Request));
    }

    private void OnMetadataDiscarded(LaneResults.MetadataDiscarded discarded)
    {
        _isDiscardingMetadata = false;
        if (discarded.Outcome.Error is not { } error)
        {
            Record([new PoolEvents.KeptMetadataDiscarded(discarded.Request, Now)], AnswerRepairers);
            return;
        }
        foreach (var (to, command) in _repairers)
        {
            Answer(to, new PoolReplies.Refused(command.Request, new Refusal(
                error.Fault == KernelFault.Busy ? RefusalKind.Busy : RefusalKind.Failed,
                "cannot discard metadata", _setup.Name.Value, error.ToString(),
                "correct what is named, then try again")));
        }
        _repairers.Clear();
    }
}

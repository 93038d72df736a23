using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Ports;
using DmAgents.Engine.Pools.Jobs;

namespace DmAgents.Engine.Pools;

/// <summary>
/// Operations that need exclusive use of the pool: removal, stop, comparison on demand, metadata replacement, adoption.
/// Each waits for work under way, or is refused with its name. It ends with the pool opened again, or ended.
/// </summary>
internal sealed class Exclusive(PoolMachine machine) : PoolPart(machine)
{
    public const string Removing = "it is being removed";

    /// <summary>The callers that wait for a comparison, a metadata replacement, or an adoption.</summary>
    private readonly List<(Caller From, PoolCommand Command)> _repairers = [];

    private (Caller From, PoolCommands.Retire Command)? _retiring;

    /// <summary>A removal that waits for the end of background work.</summary>
    private (Caller From, PoolCommands.Retire Command)? _held;

    /// <summary>The transaction id found in a pool that does not belong to the journal.</summary>
    private TransactionId? _mismatch;

    /// <summary>The repair or restoration of metadata under way.</summary>
    private RequestId? _metadataRepair;
    private bool _isDiscardingMetadata;

    /// <summary>The pool is ending: nothing else stops the machine.</summary>
    private bool _isEnding;

    /// <summary>Runs once no files are being written: a file written while the pool's files are deleted would be left
    /// over, and block the pool's name.</summary>
    private Job? _afterFiles;

    /// <summary>The pool has ended, or was never made.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>The agent is stopping.</summary>
    public bool IsToStop { get; private set; }

    /// <summary>A removal waits, so nothing else may start.</summary>
    public bool RemovalIsHeld => _held is not null;

    public bool IsRepairingMetadata => _metadataRepair is not null;

    /// <summary>An import, a transfer or a commit uses the pool from outside.</summary>
    public bool IsWorkedIn => !Core.Scene.Work.Of(Core.Scene.Name).IsEmpty;

    /// <summary>Work without an outcome in the journal, for people: a comparison would mistake it for leftovers. Null
    /// if nothing is under way.</summary>
    public string? UnderWay =>
        Machine.Requests.Count > 0 ? "operations are under way"
        : Core.DevicesAreAtWork ? "a device is being changed"
        : UnderWayInPool;

    /// <summary>As <see cref="UnderWay"/>, for work on the whole pool.</summary>
    private string? UnderWayInPool =>
        Machine.Purges.Count > 0 ? "thin ids are being purged"
        : Machine.Checkpoints.IsUnderWay ? "a checkpoint is being set"
        : Machine.Growth.IsPlanning ? "an extension is being planned"
        : _isDiscardingMetadata ? "metadata are being discarded"
        : null;

    /// <summary>Nothing is under way, neither on request nor in the background.</summary>
    public bool IsQuiet => UnderWay is null;

    /// <summary>No other job uses what a removal deactivates. Jobs on devices of a pool that is not open may never
    /// end.</summary>
    private bool MayRetire => !Machine.Deletions.AreAtWork && !Machine.Trim.IsAtWork
        && (Phase != PoolPhase.Open || !Core.DevicesAreAtWork) && UnderWayInPool is null;

    /// <summary>Reports the end to the host before the caller gets its reply. Otherwise the caller's next request,
    /// above all for a pool of this name, would reach this machine, which is stopping.</summary>
    public void ReportEnd(string why)
    {
        HasEnded = true;
        Core.Put(new PoolOutputs.Ended(why));
    }

    public void On(PoolCommands.Retire retire, Caller from)
    {
        if (_held is null && Machine.Requests.Count == 0 && !MayRetire)
            _held = (from, retire);
        else
            Retire(retire, from);
    }

    /// <summary>Runs at the end of each step.</summary>
    public void RetireWhenQuiet()
    {
        if (_held is not { } held || !MayRetire)
            return;
        _held = null;
        Retire(held.Command, held.From);
        // If the removal was refused, the work that waited continues.
        Machine.Deletions.Next();
        Machine.Problems.RetryLaterIfAny();
    }

    private void Retire(PoolCommands.Retire retire, Caller from)
    {
        if (_retiring is not null || _held is not null || IsToStop || Machine.Requests.Count > 0 || IsWorkedIn)
        {
            Core.Reply(from, new PoolReplies.Refused(retire.Request, new Refusal(
                RefusalKind.Busy, "cannot remove pool", Name,
                IsWorkedIn ? "an import or a commit is under way" : "operations are under way",
                "try again in a moment")));
            return;
        }
        if (PoolDecider.Decide(State, Health, retire) is Decision.Refused refused)
        {
            Core.Reply(from, new PoolReplies.Refused(retire.Request, refused.Refusal));
            return;
        }
        _retiring = (from, retire);
        Core.Cancel(PoolTimer.Open);
        BeginEnd(Removing);
        AfterFiles(new EndingJobs.Retire(Pool, [.. State.Devices.Values], State.Kept));
    }

    public void On(PoolResults.Retired result)
    {
        if (_retiring is not { } retiring)
            return;
        _retiring = null;
        if (result.Outcome.Error is { } error)
        {
            Core.Put(PoolOutputs.StartFiles.Instance);
            Core.Reply(retiring.From, new PoolReplies.Refused(
                retiring.Command.Request, Failed("cannot remove pool", error, "end what uses it, then try again")));
            ReopenOrStop();
            return;
        }
        ReportEnd("it was removed");
        Core.Reply(retiring.From, PoolSuccess.Of(retiring.Command, alreadySo: false));
        Core.Put(PoolOutputs.Stop.Instance);
    }

    /// <summary>The pool is ending: it takes no commands and reads no status.</summary>
    public void BeginEnd(string reason, bool isRetry = false)
    {
        Core.Enter(PoolPhase.Stopping, reason, isRetry);
        Core.Cancel(PoolTimer.Status);
        _isEnding = true;
    }

    /// <summary>The end failed before any change.</summary>
    public void ReopenOrStop()
    {
        _isEnding = false;
        if (IsToStop)
            Core.Put(PoolOutputs.Stop.Instance);
        else
            Machine.Opening.Begin();
    }

    public void AfterFiles(Job job)
    {
        _afterFiles = job;
        Core.Put(PoolOutputs.StopFiles.Instance);
    }

    public void OnFilesStopped()
    {
        if (_afterFiles is { } job)
            Core.Give(job);
        _afterFiles = null;
    }

    /// <summary>Stops an open pool: finish, set a checkpoint, stop.</summary>
    public void BeginStop()
    {
        IsToStop = true;
        if (Phase == PoolPhase.Stopping)
            return;
        Core.Enter(PoolPhase.Stopping, "the agent is stopping");
        Core.Start(PoolTimer.Stop, Settings.StopDeadline);
        StopWhenDone();
    }

    public void StopWhenDone()
    {
        if (Phase != PoolPhase.Stopping || _isEnding || Machine.Requests.Count > 0 || Machine.Deletions.AreAtWork
            || Machine.Trim.IsAtWork)
            return;
        _isEnding = true;
        Core.Cancel(PoolTimer.Status);
        Machine.Checkpoints.Begin(FinishFiles);
    }

    /// <summary>Brings the files to the journal's state at the stop: an adoption needs them if the journal is lost, or
    /// restored from an older copy, before the next start.</summary>
    private void FinishFiles()
    {
        if (Core.IsWaiting(PoolTimer.Files))
            Core.Put(new PoolOutputs.RebuildFiles(State));
        Core.Put(PoolOutputs.FinishFiles.Instance);
    }

    public void GiveUpStopping()
    {
        Core.Say(PoolLog.StopIncomplete(Core.Scene.Name, Machine.Requests.Count));
        Core.Put(PoolOutputs.Stop.Instance);
    }

    public void OnMismatch(TransactionId found) => _mismatch = found;

    public void On(PoolCommands.Repair repair, Caller from)
    {
        if (RefusalOf(repair) is { } refusal)
        {
            Core.Reply(from, new PoolReplies.Refused(repair.Request, refusal));
            return;
        }
        // If the pool belongs to the journal, there is nothing to accept.
        var decided = PoolDecider.Decide(
            State, Health, Phase == PoolPhase.WrongPool ? repair : repair with { Accept = null });
        if (decided is not Decision.Accepted accepted)
        {
            Machine.Changes.AnswerAtOnce(repair, from, decided);
            return;
        }
        _repairers.Add((from, repair));
        Core.Cancel(PoolTimer.Open);
        // Enter the phase at once: requests that arrive before the opening starts must wait for its end.
        Core.Enter(PoolPhase.Opening, Phase == PoolPhase.WrongPool
            ? $"its transaction id {repair.Accept} is accepted on request"
            : "it is compared with the journal on request");
        Core.Record(accepted.Events, () => Machine.Opening.Begin(isAsked: true));
    }

    private Refusal? RefusalOf(PoolCommands.Repair repair)
    {
        const string What = "cannot repair pool";
        if (NotNow(What, mayBeWorkedIn: true) is { } busy)
            return busy;
        return Phase == PoolPhase.WrongPool && repair.Accept != _mismatch!.Value
            ? new Refusal(RefusalKind.WrongState, What, Name, Core.Reason,
                "if you know that they belong together, say so: dmagent pool check "
                + $"{Name} --repair --accept-transaction-id {_mismatch}")
            : null;
    }

    /// <summary>Why exclusive use is impossible at this moment; null if it is possible, as always for a pool that is
    /// not open.</summary>
    private Refusal? NotNow(string what, bool mayBeWorkedIn)
    {
        var why = Phase == PoolPhase.Stopping ? Core.Reason
            : Phase != PoolPhase.Open ? null
            : UnderWay ?? (IsWorkedIn && !mayBeWorkedIn ? "an import or a commit is under way" : null);
        return why is null ? null : new Refusal(RefusalKind.Busy, what, Name, why, "try again in a moment");
    }

    public void AnswerRepairers()
    {
        foreach (var (to, command) in _repairers)
        {
            Core.Reply(to, Phase == PoolPhase.Open
                ? PoolSuccess.Of(command, alreadySo: false)
                : new PoolReplies.Refused(command.Request, Machine.Opening.Closed()));
        }
        _repairers.Clear();
    }

    /// <summary>
    /// Replaces the pool's metadata: deactivates the pool, makes a replacement beside the present metadata, and opens
    /// it by its journal. One event separates before and after. If the agent dies before that event is durable, only a
    /// place that no record names has changed, and the next opening finds the pool as it was. After the event, the
    /// opening uses the replacement.
    /// </summary>
    public void On(PoolCommands.RepairMetadata repair, Caller from)
    {
        var decided = PoolDecider.Decide(State, Phase == PoolPhase.Open ? Health : null, repair);
        if (decided is Decision.AlreadySo)
        {
            Machine.Changes.AnswerAtOnce(repair, from, decided);
            return;
        }
        if (NotNow(MetadataRepairDecider.What(repair.Source), mayBeWorkedIn: false) is { } busy)
        {
            Core.Reply(from, new PoolReplies.Refused(repair.Request, busy));
            return;
        }
        if (decided is not Decision.Accepted)
        {
            Machine.Changes.AnswerAtOnce(repair, from, decided);
            return;
        }
        _metadataRepair = repair.Request;
        _repairers.Add((from, repair));
        Core.Cancel(PoolTimer.Open);
        Core.Cancel(PoolTimer.Status);
        Core.Enter(PoolPhase.Opening, repair.Source is MetadataSource.Backup backup
            ? $"its metadata are restored from backup {backup.Name}"
            : "its metadata are repaired");
        Core.Give(new PoolJobs.RepairMetadata(Pool, repair, MetadataRepairDecider.ShapeOf(State)));
    }

    /// <summary>A repeated request waits for the same end.</summary>
    public bool Joins(PoolCommands.RepairMetadata repair, Caller from)
    {
        if (_metadataRepair != repair.Request)
            return false;
        _repairers.Add((from, repair));
        return true;
    }

    public void On(PoolResults.MetadataRepaired repaired)
    {
        _metadataRepair = null;
        var request = repaired.Asked.Request;
        switch (repaired.Outcome)
        {
            case MetadataRepairOutcome.Failed failed:
                Core.Say(PoolLog.MetadataNotRepaired(Core.Scene.Name, failed.Error));
                foreach (var (to, _) in _repairers.Where(r => r.Command.Request == request))
                    Core.Reply(to, new PoolReplies.Refused(request, MetadataNotRepaired(repaired.Asked, failed.Error)));
                _repairers.RemoveAll(r => r.Command.Request == request);
                Machine.Opening.Begin();
                break;
            case MetadataRepairOutcome.Sound:
                Core.Record([new PoolEvents.CheckCleared(request, Now)], () => Machine.Opening.Begin());
                break;
            case MetadataRepairOutcome.Ready ready:
                var backup = (repaired.Asked.Source as MetadataSource.Backup)?.Name.ToString();
                Core.Record(
                    [new PoolEvents.MetadataReplaced(
                        request, ready.Backing, ready.Content.TransactionId, backup, Now)],
                    () =>
                    {
                        Core.UseIdentity();
                        Machine.Opening.Begin();
                    });
                break;
            default:
                throw new InvalidOperationException("an outcome of no known kind");
        }
    }

    private Refusal MetadataNotRepaired(PoolCommands.RepairMetadata asked, KernelError error) => new(
        error.Fault switch
        {
            KernelFault.Busy => RefusalKind.Busy,
            KernelFault.NoSpace => RefusalKind.NoSpace,
            KernelFault.NotFound => RefusalKind.NotFound,
            _ => RefusalKind.Failed,
        },
        MetadataRepairDecider.What(asked.Source), Name, error.ToString(),
        error.Fault == KernelFault.Busy
            ? "end what has it open, then try again: lsof"
            : "its metadata are as they were; correct what is named, then try again");

    public void On(PoolCommands.DiscardMetadata discard, Caller from)
    {
        const string What = "cannot discard metadata";
        var decided = PoolDecider.Decide(State, Health, discard);
        if (decided is Decision.Accepted && NotNow(What, mayBeWorkedIn: true) is { } busy)
        {
            Core.Reply(from, new PoolReplies.Refused(discard.Request, busy));
            return;
        }
        if (decided is not Decision.Accepted)
        {
            Machine.Changes.AnswerAtOnce(discard, from, decided);
            return;
        }
        _isDiscardingMetadata = true;
        _repairers.Add((from, discard));
        Core.Give(new PoolJobs.DiscardMetadata(Pool, State.Kept, discard.Request));
    }

    public void On(PoolResults.MetadataDiscarded discarded)
    {
        _isDiscardingMetadata = false;
        if (discarded.Outcome.Error is not { } error)
        {
            Core.Record([new PoolEvents.KeptMetadataDiscarded(discarded.Request, Now)], AnswerRepairers);
            return;
        }
        foreach (var (to, command) in _repairers)
        {
            Core.Reply(to, new PoolReplies.Refused(
                command.Request,
                Failed("cannot discard metadata", error, "correct what is named, then try again")));
        }
        _repairers.Clear();
    }

    /// <summary>Starts the journal again with the pool's content, in one write, and opens the pool as after a restart.
    /// Only for a pool without a journal, or with one that does not belong to it.</summary>
    public void On(PoolCommands.Adopt command, Caller from)
    {
        var isOpening = Phase == PoolPhase.Opening && State.Identity is null
            && Core.Scene.Uuid == command.Identity.Uuid;
        switch (PoolDecider.Decide(State, Health, command))
        {
            case Decision.Accepted when !isOpening && Phase != PoolPhase.WrongPool:
                Core.Reply(from, new PoolReplies.Refused(command.Request, NotToBeAdopted()));
                break;
            case Decision.Accepted accepted:
                // Whether it opens is reported as after a repair: the adoption is durable in any case.
                _repairers.Add((from, command));
                Machine.Deletions.ForgetAll();
                Machine.Problems.ForgetAll();
                Core.Enter(PoolPhase.Opening, "its journal begins anew with what the pool has");
                Core.Record(accepted.Events, () =>
                {
                    Core.UseIdentity();
                    Machine.Opening.Begin();
                });
                break;
            case var decided:
                Machine.Changes.AnswerAtOnce(command, from, decided);
                break;
        }
    }

    private Refusal NotToBeAdopted() => Phase == PoolPhase.Unavailable
        ? new Refusal(RefusalKind.WrongState, "cannot adopt pool", Name,
            $"it has a journal, and cannot be opened: {Core.Reason}",
            "correct what is named; it is tried again every few seconds")
        : new Refusal(RefusalKind.Exists, "cannot adopt pool", Name,
            "it has a journal and is this agent's", $"look at it: dmagent pool show {Name}");

    public Refusal Failed(string what, KernelError error, string next) => new(
        error.Fault == KernelFault.Busy ? RefusalKind.Busy : RefusalKind.Failed, what, Name, error.ToString(), next);

    /// <summary>Runs at the start, and at each opening: continues the return of the pool to its program.</summary>
    public bool ContinuesReturn() => Machine.Return.Continues();

    public IEnumerable<(Caller From, RequestId Request)> TakeWaiting()
    {
        List<(Caller, RequestId)> all = [.. _repairers.Select(r => (r.From, r.Command.Request))];
        if (_retiring is { } retiring)
            all.Add((retiring.From, retiring.Command.Request));
        if (_held is { } held)
            all.Add((held.From, held.Command.Request));
        _repairers.Clear();
        (_retiring, _held) = (null, null);
        return all;
    }
}

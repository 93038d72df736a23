using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using DmAgents.Actors.Devices;
using DmAgents.Actors.Serialization;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Formats;
using DmAgents.Domain.Pools.Recovery;
using DmAgents.Domain.Ports;

namespace DmAgents.Actors.Pools;

/// <summary>Opening: the journal's state and the kernel's picture are brought together before commands are taken.
/// </summary>
public sealed partial class PoolActor
{
    private const string OpenTimer = "open";
    private const string ProjectionTimer = "projection";

    /// <summary>Jobs of the recovery plan that are not answered yet.</summary>
    private readonly HashSet<ThinId> _recovering = [];
    private RecoveryPlan? _plan;

    /// <summary>The pool did not let its thin ids be read when it was opened.</summary>
    private bool _isUncompared;

    /// <summary>That the pool's sectors are larger than those it was made with, found when it was opened.</summary>
    private string? _sectors;

    /// <summary>File systems that the kernel does not take, found when the pool was opened.</summary>
    private ImmutableArray<FormatConcern> _formats = [];

    /// <summary>Whoever asked for the pool to be made, and waits for it.</summary>
    private (IActorRef To, PoolCommand Command)? _founder;

    private void OnReplayed()
    {
        if (_state.Identity is null)
        {
            Enter(PoolPhase.Opening, "it is being created");
            return;
        }
        UseIdentity();
        Open();
    }

    /// <param name="isAsked">The operator wants it, now.</param>
    private void Open(bool isAsked = false)
    {
        if (GoesBack())
            return;
        Enter(PoolPhase.Opening, "the pool is made live and compared with the journal");
        _lane.Tell(new LaneJobs.Open(Pool, _state, isAsked));
    }

    private void WhenOpening(object message)
    {
        switch (message)
        {
            case PoolCommands.Initialize or PoolCommands.TakeOver when _state.Identity is null:
                Begin((PoolCommand)message);
                break;
            case PoolCommands.Adopt adopt when _state.Identity is null:
                OnAdopt(adopt);
                break;
            case LaneResults.Opened opened:
                if (opened.Unchecked is { } why)
                {
                    _log.Warning(
                        "pool {0}: its metadata were not checked before it was made live: {1}", _setup.Name, why);
                }
                Compare(opened);
                break;
            case LaneResults.Mismatched mismatched:
                OnWrongPool(mismatched);
                break;
            case LaneResults.OpenFailed failed:
                OnOpenFailed(failed.Error, failed.WasGivenUp);
                break;
            case LaneResults.CleanedUp cleaned:
                OnCleanedUp(cleaned);
                break;
            case DeviceResults.Created created:
                OnCreatedAtOpening(created);
                break;
            case DeviceResults.Settled settled:
                OnSettledAtOpening(settled.Id, settled.Outcome, settled.Holders);
                break;
            case DeviceResults.Grown grown:
                OnGrownAtOpening(grown);
                break;
            case LaneResults.Marked marked:
                OnMarked(marked);
                break;
            case PoolMessages.EndIfNeverMade when _state.Identity is null:
                ReportEnd("its creation was interrupted");
                break;
            case PoolMessages.EndIfNeverMade:
                break;
            case PoolMessages.Stop:
                Context.Stop(Self);
                break;
            case LaneResults.Mended mended:
                OnMended(mended);
                break;
            case PoolCommands.MendMetadata mend when IsBeingMended(mend):
                break;
            case PoolCommand command:
                StashOrBusy(command);
                break;
            default:
                WhenAny(message);
                break;
        }
    }

    private void Begin(PoolCommand command)
    {
        _founder = (Sender, command);
        switch (PoolDecider.Decide(_state, health: null, command))
        {
            case Decision.Accepted accepted:
                Record(accepted.Events, () =>
                {
                    UseIdentity();
                    Open();
                });
                break;
            case Decision.Refused refused:
                ReportEnd(refused.Refusal.Why);
                Answer(Sender, new PoolReplies.Refused(command.Request, refused.Refusal));
                break;
            default:
                throw new InvalidOperationException("a pool that never was has nothing already");
        }
    }

    private void Compare(LaneResults.Opened opened)
    {
        _health = PoolHealth.Judge(opened.Picture.Status, _setup.Settings.Marks);
        _isUncompared = opened.Picture.Thins is null;
        _sectors = opened.Sectors;
        if (_sectors is not null)
            _log.Warning("pool {0}: {1}", _setup.Name, _sectors);
        _formats = opened.Formats;
        var made = RecoveryPlan.Make(_state, opened.Picture, Pool, Now, _setup.Board.Work.Of(_setup.Name));
        var plan = made with
        {
            Findings = [.. made.Findings.Select(finding => finding is PoolEvents.Quarantined found
                ? found with { Hint = opened.Hints.GetValueOrDefault(found.Id) }
                : finding)],
        };
        foreach (var finding in plan.Findings)
            _log.Info("pool {0}: found at opening: {1}", _setup.Name, finding);
        var changed = _health.ChangeFrom(_state, Now);
        Record(
            changed is null ? plan.Findings : plan.Findings.Add(changed),
            () => _lane.Tell(new LaneJobs.CleanUp(Pool, plan)));
    }

    private void OnWrongPool(LaneResults.Mismatched mismatched)
    {
        var expected = mismatched.Expected.Intended is { } intended
            ? $"{mismatched.Expected.Reached} or {intended}"
            : $"{mismatched.Expected.Reached}";
        Enter(PoolPhase.WrongPool,
            $"its transaction id is {mismatched.Found}, but the journal expects {expected}: "
            + "pool or journal were restored from a backup, or it is another pool");
        _mismatch = mismatched;
        UnstashAll();
        AnswerRepairers();
        RefuseFounder();
    }

    private void OnOpenFailed(KernelError error, bool wasGivenUp = false)
    {
        _metadataAreDamaged = MetadataAreTheCause(error);
        Enter(PoolPhase.Unavailable, wasGivenUp
            ? $"the kernel has given the pool up, and it cannot be opened anew yet: {error}"
            : error.ToString());
        UnstashAll();
        AnswerRepairers();
        if (RefuseFounder())
            return;
        _failures = wasGivenUp ? _failures + 1 : 0;
        // Damage does not go by itself, and to find it again all metadata are read. Nor does a disk come back sooner.
        var factor = _metadataAreDamaged ? DamageFactor : Math.Min(1 << Math.Min(_failures, 8), DamageFactor);
        Timers.StartSingleTimer(OpenTimer, OpenAgain.Instance, _setup.Settings.RetryInterval * factor);
    }

    /// <summary>How often a pool that the kernel gave up could not be opened anew.</summary>
    private int _failures;

    /// <summary>A pool whose creation fails never was: what is live of it is taken down, and its parent forgets it. So
    /// is one that was taken over, and in which nothing was changed yet.</summary>
    private bool RefuseFounder()
    {
        if (_founder is null || (_state.WasOpened && _state.Takeover is null))
            return false;
        _lane.Tell(new LaneJobs.Abandon(Pool));
        return true;
    }

    private void OnAbandoned(LaneResults.Abandoned abandoned)
    {
        if (_founder is not { } founder)
            return;
        _founder = null;
        var why = abandoned.Outcome.Error is { } error ? $"{_reason}; it is live still: {error}" : _reason;
        ReportEnd(why);
        Answer(founder.To, new PoolReplies.Refused(founder.Command.Request, new Refusal(
            RefusalKind.Failed, _state.Takeover is null ? "cannot create pool" : "cannot adopt pool",
            _setup.Name.Value, why, "correct what is named, then try again")));
    }

    private void OnCleanedUp(LaneResults.CleanedUp cleaned)
    {
        foreach (var error in cleaned.Errors)
            _log.Warning("pool {0}: left over from before and not taken away: {1}", _setup.Name, error);
        _plan = cleaned.Plan;
        foreach (var pending in _plan.Create)
        {
            _recovering.Add(pending.Id);
            StartCreation(_state.Devices[pending.Id], pending.InPool);
        }
        foreach (var id in _plan.Settle)
        {
            _recovering.Add(id);
            var device = _state.Devices[id];
            _devices.Give(id, device.GrowingTo is null
                ? new DeviceJobs.Settle(Pool, device, Request: null)
                : new DeviceJobs.Grow(Pool, device, Request: null));
        }
        ForgetDeletions();
        foreach (var id in _plan.Delete)
            AddDeletion(id);
        CompleteOpening();
    }

    private void OnCreatedAtOpening(DeviceResults.Created result)
    {
        if (OutcomeOf(result))
            OnSettledAtOpening(result.Id, result.Settled, holders: "");
        _recovering.Remove(result.Id);
        CompleteOpening();
    }

    private void OnGrownAtOpening(DeviceResults.Grown result)
    {
        if (result.Outcome.Succeeded && _state.Devices.GetValueOrDefault(result.Id)?.GrowingTo is { } size)
            Outcome(new PoolEvents.Resized(result.Id, size, Now));
        OnSettledAtOpening(result.Id, result.Outcome, holders: "");
    }

    private void OnSettledAtOpening(ThinId id, KernelResult result, string holders)
    {
        Note(id, result, holders);
        _recovering.Remove(id);
        CompleteOpening();
    }

    private void CompleteOpening()
    {
        if (_recovering.Count > 0 || _plan is null)
            return;
        _plan = null;
        BeginCheckpoint(OnOpened);
    }

    private void OnOpened()
    {
        _metadataAreDamaged = false;
        _failures = 0;
        Enter(PoolPhase.Open, ReasonOfFormats());
        // After a restart nearly all files are right, and who waits for the agent does not wait for them to be read.
        Timers.StartSingleTimer(
            ProjectionTimer, Project.Instance, _founder is null ? _setup.Settings.ProjectionDelay : TimeSpan.Zero);
        Timers.StartPeriodicTimer(StatusTimer, ReadStatus.Instance, _setup.Settings.StatusInterval);
        if (_founder is { } founder)
            Answer(founder.To, PoolSuccess.Of(founder.Command, alreadySo: false));
        _founder = null;
        AnswerRepairers();
        DeleteNext();
        PurgeIntended();
        if (!_problems.IsEmpty)
            RetryLater();
        UnstashAll();
    }

    /// <summary>A pool with file systems that the kernel does not take is opened for all others.</summary>
    private string ReasonOfFormats() => string.Join("; ", FormatsOfPresent().Select(
        concern => $"{DeviceOrNull(concern.Id)?.Key.Name ?? $"thin id {concern.Id}"}: {concern.Why}"));

    /// <summary>A device that is being removed is not reported: its thin id may be given to another one.</summary>
    private ImmutableArray<FormatConcern> FormatsOfPresent() => _formats.IsEmpty
        ? _formats
        : _formats = _formats.RemoveAll(concern => DeviceOrNull(concern.Id) is not { IsPresent: true });

    private void WhenClosed(object message)
    {
        switch (message)
        {
            case OpenAgain:
                Open();
                break;
            case LaneResults.Abandoned abandoned:
                OnAbandoned(abandoned);
                break;
            case PoolCommands.Adopt adopt:
                OnAdopt(adopt);
                break;
            case PoolCommands.Retire { Force: true } retire when _phase == PoolPhase.Unavailable:
                Timers.Cancel(OpenTimer);
                OnRetire(retire);
                break;
            case PoolCommands.Repair repair:
                OnRepair(repair);
                break;
            case PoolCommands.Trim trim:
                OnTrim(trim);
                break;
            case PoolCommands.MendMetadata mend:
                OnMend(mend);
                break;
            case PoolCommand command:
                Answer(Sender, new PoolReplies.Refused(command.Request, Closed()));
                break;
            case PoolMessages.EndIfNeverMade:
                break;
            case PoolMessages.Stop:
                Context.Stop(Self);
                break;
            default:
                WhenAny(message);
                break;
        }
    }

    private Refusal Closed() => new(
        _phase == PoolPhase.WrongPool ? RefusalKind.WrongState : RefusalKind.Failed,
        "cannot use pool", _setup.Name.Value, _reason,
        _phase == PoolPhase.WrongPool
            ? $"compare pool and journal, and decide: dmagent pool check {_setup.Name}"
            : _metadataAreDamaged ? $"see what can be saved, without changing anything: {RepairOf(_setup.Name)}"
            : "correct what is named; it is tried again every few seconds");

    private sealed record Project : ILocalMessage
    {
        public static Project Instance { get; } = new();
    }

    private sealed record OpenAgain : ILocalMessage
    {
        public static OpenAgain Instance { get; } = new();
    }
}

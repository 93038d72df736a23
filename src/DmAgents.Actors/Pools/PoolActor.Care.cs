using Akka.Actor;
using Akka.Event;
using DmAgents.Actors.Serialization;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Care;
using DmAgents.Domain.Pools.Planning;
using DmAgents.Domain.Ports;

namespace DmAgents.Actors.Pools;

/// <summary>The pool's health: read when the kernel tells of an event and regularly besides, journaled where it
/// changes, and mended as far as the policies allow.</summary>
public sealed partial class PoolActor
{
    private const string SoonTimer = "status-soon";
    private const string FullTimer = "full";
    private const string ExtensionPauseTimer = "extension-pause";

    /// <summary>After an extension that failed: each try is journaled, and the reason rarely goes by itself.</summary>
    private static readonly TimeSpan ExtensionPause = TimeSpan.FromMinutes(1);

    /// <summary>A pool that runs low is read so much more often: a fast writer fills gigabytes between two readings.
    /// </summary>
    private const int SoonFactor = 5;

    private bool _isReadingStatus;

    /// <summary>A look was asked for while the status was read: what is read may be older than what the look is for.
    /// </summary>
    private bool _isToLookAgain;
    private bool _isSettingNoSpace;
    private bool _isPlanningExtension;

    /// <summary>Why the pool could not be extended, told once.</summary>
    private string _extensionProblem = "";

    /// <summary>Nothing is under way, neither on request nor in the background.</summary>
    private bool IsQuiet => !IsAtWork && !IsDeleting && !_isTrimming;

    private bool IsGrowing => _operations.Values.Any(o => o.Command is PoolCommands.Grow);

    private void LookAtStatus()
    {
        _isToLookAgain = _isReadingStatus;
        if (_isReadingStatus || _context is null || _mending is not null)
            return;
        _isReadingStatus = true;
        _lane.Tell(new LaneJobs.ReadStatus(Pool));
    }

    private void OnStatus(KernelResult<ThinPoolStatus> read)
    {
        _isReadingStatus = false;
        if (_isToLookAgain)
            LookAtStatus();
        if (read.Error is { } error)
        {
            _log.Warning("pool {0}: its status cannot be read: {1}", _setup.Name, error);
            // Somebody has taken it down: what the agent believes of it is not so any more.
            if (error.Fault == KernelFault.NotFound && _phase == PoolPhase.Open && IsQuiet)
                OnOpenFailed(error);
            return;
        }
        _health = PoolHealth.Judge(read.Value, _setup.Settings.Marks);
        if (_phase != PoolPhase.Open)
        {
            Show();
            return;
        }
        if (_health.ChangeFrom(_state, Now) is { } changed)
        {
            _log.Info("pool {0} is {1}: {2}", _setup.Name, changed.To, changed.Why);
            Record([changed], () => { });
        }
        Show();
        // No table, message or I/O will do: only a pool that is opened anew is one again.
        if (_health.Condition == PoolCondition.Failed && Pool.Identity.Backing is not PoolBacking.Existing && IsQuiet)
        {
            Timers.Cancel(StatusTimer);
            Open();
            return;
        }
        // What it did not let be read when it was opened: recovery has been waiting for this.
        if (_isUncompared && _health.CanChange && IsQuiet)
        {
            Open();
            return;
        }
        Extend();
        CareForWriters();
        // They may have waited for a pool that takes changes again.
        DeleteNext();
        HastenDeletions();
        TrimWhereDue();
        OnKeepStock();
        if (_health.Status.Data.FreePercent < _setup.Settings.LowWaterPercent && !Timers.IsTimerActive(SoonTimer))
            Timers.StartSingleTimer(SoonTimer, ReadStatus.Instance, _setup.Settings.StatusInterval / SoonFactor);
    }

    private void Extend()
    {
        if (_isPlanningExtension || IsGrowing || Timers.IsTimerActive(ExtensionPauseTimer)
            || ExtensionPlan.Of(_state, _health!, _setup.Settings.Extension) is not { IsEmpty: false } wanted)
            return;
        _isPlanningExtension = true;
        _lane.Tell(new LaneJobs.PlanGrowth(Pool, wanted));
    }

    private void OnGrowthPlanned(BackingPlan plan)
    {
        _isPlanningExtension = false;
        // An operator may have been faster.
        if (_phase != PoolPhase.Open || IsGrowing)
            return;
        switch (plan)
        {
            case BackingPlan.Refused refused:
                OnNotExtended(refused.Refusal.ToString());
                break;
            // A loop file that its host cannot hold would fail the writers of every pool there.
            case BackingPlan.Planned { Warnings: [var warning, ..] }:
                OnNotExtended(warning);
                break;
            case BackingPlan.Planned planned:
                _log.Info("pool {0} runs low and is extended to {1} of data", _setup.Name, planned.DataSize);
                PrepareGrowth(new PoolCommands.Grow(Fresh(), planned.Backing, Now), waiting: []);
                break;
            default:
                throw new InvalidOperationException("a plan of no known kind");
        }
    }

    private void OnNotExtended(string why)
    {
        Timers.StartSingleTimer(ExtensionPauseTimer, ReadStatus.Instance, ExtensionPause);
        if (why == _extensionProblem)
            return;
        _extensionProblem = why;
        _log.Warning("pool {0} runs low and is not extended: {1}", _setup.Name, why);
    }

    /// <summary>Writers to a full pool wait, so that they need not know of an extension; but not for ever.</summary>
    private void CareForWriters()
    {
        if (Pool.Identity.Backing is PoolBacking.Existing || _isSettingNoSpace)
            return;
        var isFull = _health!.Condition == PoolCondition.OutOfData;
        if (!isFull)
            Timers.Cancel(FullTimer);
        // The kernel's own time limit, too, leaves it at errors. Not with the first free block: the pool would go back
        // and forth between the two, and writers with it.
        if (_health is { Condition: PoolCondition.Writable, Status.NoSpace: NoSpacePolicy.Error })
            SetNoSpace(NoSpacePolicy.Queue);
        else if (isFull && _health.Status.NoSpace == NoSpacePolicy.Queue && !Timers.IsTimerActive(FullTimer))
            Timers.StartSingleTimer(FullTimer, EndWaiting.Instance, _setup.Settings.FullWait);
    }

    private void EndWaitOfWriters()
    {
        if (_health is { Condition: PoolCondition.OutOfData, Status.NoSpace: NoSpacePolicy.Queue }
            && !_isSettingNoSpace)
            SetNoSpace(NoSpacePolicy.Error);
    }

    private void SetNoSpace(NoSpacePolicy policy)
    {
        _isSettingNoSpace = true;
        _lane.Tell(new LaneJobs.SetNoSpace(Pool, policy));
    }

    private void OnNoSpaceSet(LaneResults.NoSpaceSet set)
    {
        _isSettingNoSpace = false;
        if (set.Outcome.Error is { } error)
        {
            _log.Warning("pool {0}: it could not be told what to do with writers when it is full: {1}",
                _setup.Name, error);
            return;
        }
        _log.Info("pool {0}: when it is full, writers {1}", _setup.Name,
            set.Policy == NoSpacePolicy.Queue ? "wait" : "get an error");
        LookAtStatus();
    }

    private sealed record EndWaiting : ILocalMessage
    {
        public static EndWaiting Instance { get; } = new();
    }
}

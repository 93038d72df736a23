using Akka.Actor;
using Akka.Event;
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

    /// <summary>A pool that runs low is read so much more often: a fast writer fills gigabytes between two readings.
    /// </summary>
    private const int SoonFactor = 5;

    private bool _isReadingStatus;
    private bool _isSettingNoSpace;
    private GrowthRequest? _extension;

    /// <summary>Why the pool could not be extended, told once.</summary>
    private string _extensionProblem = "";

    private void LookAtStatus()
    {
        if (_isReadingStatus || _state.Identity is null)
            return;
        _isReadingStatus = true;
        _lane.Tell(new LaneJobs.ReadStatus(Pool));
    }

    private void OnStatus(KernelResult<ThinPoolStatus> read)
    {
        _isReadingStatus = false;
        if (read.Error is { } error)
        {
            _log.Warning("pool {0}: its status cannot be read: {1}", _setup.Name, error);
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
        Extend();
        CareForWriters();
        // They may have waited for a pool that takes changes again.
        DeleteNext();
        OnKeepStock();
        if (_health.Status.Data.FreePercent < _setup.Settings.LowWaterPercent && !Timers.IsTimerActive(SoonTimer))
            Timers.StartSingleTimer(SoonTimer, ReadStatus.Instance, _setup.Settings.StatusInterval / SoonFactor);
    }

    private void Extend()
    {
        if (_extension is not null || _operations.Values.Any(o => o.Command is PoolCommands.Grow)
            || ExtensionPlan.Of(_state, _health!, _setup.Settings.Extension) is not { } wanted)
            return;
        _extension = wanted;
        _lane.Tell(new LaneJobs.PlanGrowth(Pool, wanted));
    }

    private void OnGrowthPlanned(BackingPlan plan)
    {
        var wanted = _extension;
        _extension = null;
        if (_phase != PoolPhase.Open)
            return;
        var problem = plan switch
        {
            BackingPlan.Refused refused => refused.Refusal.ToString(),
            // A loop file that its host cannot hold would fail the writers of every pool there.
            BackingPlan.Planned { Warnings: [var warning, ..] } => warning,
            _ => "",
        };
        if (problem.Length > 0)
        {
            if (problem != _extensionProblem)
                _log.Warning("pool {0} runs low and is not extended: {1}", _setup.Name, problem);
            _extensionProblem = problem;
            return;
        }
        _extensionProblem = "";
        _log.Info("pool {0} runs low and is extended: {1}", _setup.Name, wanted);
        var grow = new PoolCommands.Grow(Fresh(), ((BackingPlan.Planned)plan).Backing, Now);
        if (PoolDecider.Decide(_state, _health, grow) is Decision.Accepted)
            PrepareGrowth(grow, waiting: []);
    }

    /// <summary>Writers to a full pool wait, so that they need not know of an extension; but not for ever.</summary>
    private void CareForWriters()
    {
        if (Pool.Identity.Backing is PoolBacking.Existing || _isSettingNoSpace)
            return;
        var isFull = _health!.Condition == PoolCondition.OutOfData;
        if (!isFull)
            Timers.Cancel(FullTimer);
        // The kernel's own time limit, too, leaves it at errors. Not with the first free block: the pool would go back and
        // forth between the two, and writers with it.
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
        if (set.Result.Error is { } error)
        {
            _log.Warning("pool {0}: writers to it when it is full: {1}: {2}", _setup.Name, set.Policy, error);
            return;
        }
        _log.Info("pool {0}: writers to it when it is full {1}", _setup.Name,
            set.Policy == NoSpacePolicy.Queue ? "wait" : "get an error");
        LookAtStatus();
    }

    private sealed record EndWaiting
    {
        public static EndWaiting Instance { get; } = new();
    }
}

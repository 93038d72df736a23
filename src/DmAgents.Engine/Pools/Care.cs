using DmAgents.Domain.Logs;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Engine.Pools.Jobs;

namespace DmAgents.Engine.Pools;

/// <summary>The pool's health: read on kernel events and regularly, journaled when it changes, and repaired as far as
/// the policies permit.</summary>
internal sealed class Care(PoolMachine machine) : PoolPart(machine)
{
    /// <summary>How much more often a pool that runs low is read: a fast writer fills gigabytes between two
    /// readings.</summary>
    private const int SoonFactor = 5;

    private bool _isReading;

    /// <summary>A look was requested during a reading, whose result may be too old for it.</summary>
    private bool _isToLookAgain;
    private bool _isSettingNoSpace;
    private readonly LoggedReason _whyUnread = new();
    private readonly LoggedReason _whyNotSet = new();

    /// <summary>The pool needs its blocks back more than its users need low latency.</summary>
    public bool IsHastened => Health is
    {
        Condition: PoolCondition.LowData or PoolCondition.LowMetadata or PoolCondition.OutOfData,
    };

    public void LookAtStatus()
    {
        _isToLookAgain = _isReading;
        if (_isReading || !Core.HasIdentity || Machine.Exclusive.IsRepairingMetadata)
            return;
        _isReading = true;
        Core.Give(new PoolJobs.ReadStatus(Pool));
    }

    public void On(PoolResults.Status result)
    {
        _isReading = false;
        if (_isToLookAgain)
            LookAtStatus();
        if (result.Outcome.Error is { } error)
        {
            if (_whyUnread.Add(error.ToString()))
                Core.Say(PoolLog.StatusUnreadable(Core.Scene.Name, error));
            // Another process has deactivated it: the agent's state is wrong.
            if (error.Fault == KernelFault.NotFound && Phase == PoolPhase.Open && Machine.Exclusive.IsQuiet)
                Machine.Opening.OnFailed(error);
            return;
        }
        _whyUnread.Clear();
        var health = PoolHealth.Judge(result.Outcome.Value, Settings.Marks);
        Core.Health = health;
        Core.Show();
        if (Phase != PoolPhase.Open)
            return;
        if (health.ChangeFrom(State, Now) is { } changed)
        {
            Core.Say(PoolLog.ConditionChanged(Core.Scene.Name, changed.To, changed.Why));
            Core.Record([changed], () => { });
        }
        if (HasToOpenAgain(health))
        {
            Core.Cancel(PoolTimer.Status);
            Machine.Opening.Begin();
            return;
        }
        Machine.Growth.Extend();
        CareForWriters(health);
        // They may have waited until the pool takes changes again.
        Machine.Deletions.Next();
        Machine.Deletions.Hasten();
        Machine.Trim.BeginIfDue();
        Machine.Stock.Keep();
        if (health.Status.Data.FreePercent < Settings.LowWaterPercent && !Core.IsWaiting(PoolTimer.StatusSoon))
            Core.Start(PoolTimer.StatusSoon, Settings.StatusInterval / SoonFactor);
    }

    /// <summary>Only an opening revives a pool in failed mode; no table, message or I/O does. And if the
    /// thin ids could not be read, recovery waits until they can be.</summary>
    private bool HasToOpenAgain(PoolHealth health) =>
        ((health.Condition == PoolCondition.Failed && Pool.Identity.Backing is not PoolBacking.Existing)
            || (Machine.Opening.IsUncompared && health.CanChange))
        && Machine.Exclusive.IsQuiet;

    /// <summary>Writers to a full pool wait, so that an extension is invisible to them, but only for a limited
    /// time.</summary>
    private void CareForWriters(PoolHealth health)
    {
        if (Pool.Identity.Backing is PoolBacking.Existing || _isSettingNoSpace)
            return;
        var isFull = health.Condition == PoolCondition.OutOfData;
        if (!isFull)
            Core.Cancel(PoolTimer.Full);
        // After the kernel's own time limit the pool also returns errors. Do not queue again at the first free block:
        // the pool would alternate between the two, and its writers too.
        if (health is { Condition: PoolCondition.Writable, Status.NoSpace: NoSpacePolicy.Error })
            SetNoSpace(NoSpacePolicy.Queue);
        else if (isFull && health.Status.NoSpace == NoSpacePolicy.Queue && !Core.IsWaiting(PoolTimer.Full))
            Core.Start(PoolTimer.Full, Settings.FullWait);
    }

    /// <summary>From here on writers to a full pool get an error.</summary>
    public void EndWaitOfWriters()
    {
        if (Health is { Condition: PoolCondition.OutOfData, Status.NoSpace: NoSpacePolicy.Queue }
            && !_isSettingNoSpace)
            SetNoSpace(NoSpacePolicy.Error);
    }

    private void SetNoSpace(NoSpacePolicy policy)
    {
        _isSettingNoSpace = true;
        Core.Give(new PoolJobs.SetNoSpace(Pool, policy));
    }

    public void On(PoolResults.NoSpaceSet set)
    {
        _isSettingNoSpace = false;
        if (set.Outcome.Error is { } error)
        {
            if (_whyNotSet.Add(error.ToString()))
                Core.Say(PoolLog.FullPolicyFailed(Core.Scene.Name, error));
            return;
        }
        _whyNotSet.Clear();
        Core.Say(PoolLog.FullPolicySet(Core.Scene.Name, set.Policy));
        LookAtStatus();
    }
}

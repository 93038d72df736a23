using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Formats;
using DmAgents.Domain.Pools.Recovery;
using DmAgents.Domain.Ports;
using DmAgents.Engine.Pools.Jobs;

namespace DmAgents.Engine.Pools;

/// <summary>
/// Brings the journal's state and the kernel's actual state together before the pool accepts commands. It activates and
/// compares the pool, removes what no record wants, creates and settles devices, and sets a checkpoint. Then the pool
/// is open, unavailable, or the wrong one.
/// </summary>
internal sealed class Opening(PoolMachine machine) : PoolPart(machine)
{
    /// <summary>How much more rarely the opening of a pool with damaged metadata is retried.</summary>
    private const int DamageFactor = 12;

    /// <summary>Devices whose recovery jobs are unanswered.</summary>
    private readonly HashSet<ThinId> _recovering = [];
    private RecoveryPlan? _plan;
    private ImmutableArray<FormatConcern> _formats = [];

    /// <summary>How often reopening a pool in failed mode did not succeed.</summary>
    private int _failures;

    /// <summary>The caller whose request makes the pool, and which waits for it.</summary>
    private (Caller From, PoolCommand Command)? _founder;

    /// <summary>The pool's thin ids could not be read when it was opened.</summary>
    public bool IsUncompared { get; private set; }

    /// <summary>For people: the pool's sectors were found larger than when it was made.</summary>
    public string? Sectors { get; private set; }

    /// <summary>The last opening failed because the pool's own metadata are unusable.</summary>
    public bool MetadataAreDamaged { get; private set; }

    /// <summary>File systems that the kernel does not support. Devices in removal are not reported: their thin ids may
    /// be reused.</summary>
    public ImmutableArray<FormatConcern> Formats => _formats.IsEmpty
        ? _formats
        : _formats = _formats.RemoveAll(concern => Core.DeviceOrNull(concern.Id) is not { IsPresent: true });

    /// <summary>A pool with unsupported file systems is opened for all others.</summary>
    public string ReasonOfFormats => string.Join("; ", Formats.Select(
        concern => $"{Core.DeviceOrNull(concern.Id)?.Key.Name ?? $"thin id {concern.Id}"}: {concern.Why}"));

    public void OnReplayed()
    {
        if (State.Identity is null)
        {
            Core.Enter(PoolPhase.Opening, "it is being created");
            return;
        }
        Core.UseIdentity();
        Begin();
    }

    /// <summary>Makes a new pool.</summary>
    public void Found(PoolCommand command, Caller from)
    {
        _founder = (from, command);
        switch (PoolDecider.Decide(State, health: null, command))
        {
            case Decision.Accepted accepted:
                Core.Record(accepted.Events, () =>
                {
                    Core.UseIdentity();
                    Begin();
                });
                break;
            case Decision.Refused refused:
                Machine.Exclusive.ReportEnd(refused.Refusal.Why);
                Core.Reply(from, new PoolReplies.Refused(command.Request, refused.Refusal));
                break;
            default:
                throw new InvalidOperationException("a pool that never was has nothing already");
        }
    }

    /// <param name="isAsked">The operator requested it now.</param>
    public void Begin(bool isAsked = false)
    {
        if (Machine.Exclusive.ContinuesReturn())
            return;
        Core.Enter(
            PoolPhase.Opening, "the pool is made live and compared with the journal",
            isRetry: Phase is PoolPhase.Unavailable or PoolPhase.WrongPool);
        Core.Give(new OpeningJobs.Open(Pool, State, isAsked));
    }

    public void On(PoolResults.Opened opened)
    {
        if (opened.Unchecked is { } why)
            Core.Say(PoolLog.Unchecked(Core.Scene.Name, why));
        var health = PoolHealth.Judge(opened.Picture.Status, Settings.Marks);
        Core.Health = health;
        IsUncompared = opened.Picture.Thins is null;
        Sectors = opened.Sectors;
        if (Sectors is not null)
            Core.Say(PoolLog.SectorsDiffer(Core.Scene.Name, Sectors));
        _formats = opened.Formats;
        var made = RecoveryPlan.Make(
            State, opened.Picture, Pool, Now, Core.Scene.Work.Of(Core.Scene.Name));
        var plan = made with
        {
            Findings = [.. made.Findings.Select(finding => finding is PoolEvents.Quarantined found
                ? found with { Hint = opened.Hints.GetValueOrDefault(found.Id) }
                : finding)],
        };
        foreach (var finding in plan.Findings)
            Core.Say(PoolLog.Found(Core.Scene.Name, finding));
        var changed = health.ChangeFrom(State, Now);
        if (changed is not null)
            Core.Say(PoolLog.ConditionChanged(Core.Scene.Name, changed.To, changed.Why));
        Core.Record(
            changed is null ? plan.Findings : plan.Findings.Add(changed),
            () => Core.Give(new PoolJobs.CleanUp(Pool, plan)));
    }

    public void On(PoolResults.Mismatched mismatched)
    {
        var expected = mismatched.Expected.Intended is { } intended
            ? $"{mismatched.Expected.Reached} or {intended}"
            : $"{mismatched.Expected.Reached}";
        Core.Enter(PoolPhase.WrongPool,
            $"its transaction id is {mismatched.Found}, but the journal expects {expected}: "
            + "pool or journal were restored from a backup, or it is another pool");
        Machine.Exclusive.OnMismatch(mismatched.Found);
        Machine.Unstash();
        Machine.Exclusive.AnswerRepairers();
        RefuseFounder();
    }

    public void OnFailed(KernelError error, bool wasGivenUp = false)
    {
        MetadataAreDamaged = error is { Operation: "thin_check", Fault: KernelFault.Invalid }
            or { Operation: "open pool" or "read pool", Fault: KernelFault.Failed };
        Core.Enter(PoolPhase.Unavailable, wasGivenUp
            ? $"the kernel has given the pool up, and it cannot be opened anew yet: {error}"
            : error.ToString());
        Machine.Unstash();
        Machine.Exclusive.AnswerRepairers();
        if (RefuseFounder())
            return;
        _failures = wasGivenUp ? _failures + 1 : 0;
        // Damage does not disappear by itself, and finding it again means reading all metadata. Nor does a disk return
        // sooner.
        var factor = MetadataAreDamaged ? DamageFactor : Math.Min(1 << Math.Min(_failures, 8), DamageFactor);
        Core.Start(PoolTimer.Open, Settings.RetryInterval * factor);
    }

    /// <summary>A pool whose creation fails never existed: its live devices are deactivated, and its parent forgets it.
    /// The same holds for a taken-over pool in which nothing was changed yet.</summary>
    private bool RefuseFounder()
    {
        if (_founder is null || (State.WasOpened && State.Takeover is null))
            return false;
        Core.Give(new OpeningJobs.Abandon(Pool));
        return true;
    }

    public void On(PoolResults.Abandoned abandoned)
    {
        if (_founder is not { } founder)
            return;
        _founder = null;
        var why = abandoned.Outcome.Error is { } error
            ? $"{Core.Reason}; it is live still: {error}"
            : Core.Reason;
        Machine.Exclusive.ReportEnd(why);
        Core.Reply(founder.From, new PoolReplies.Refused(founder.Command.Request, new Refusal(
            RefusalKind.Failed, State.Takeover is null ? "cannot create pool" : "cannot adopt pool",
            Name, why, "correct what is named, then try again")));
    }

    public void On(PoolResults.CleanedUp cleaned)
    {
        foreach (var error in cleaned.Errors)
            Core.Say(PoolLog.LeftOver(Core.Scene.Name, error));
        _plan = cleaned.Plan;
        foreach (var pending in _plan.Create)
        {
            _recovering.Add(pending.Id);
            Machine.Creations.Start(State.Devices[pending.Id], pending.InPool);
        }
        foreach (var id in _plan.Settle)
        {
            _recovering.Add(id);
            var device = State.Devices[id];
            Core.Give(id, device.GrowingTo is null
                ? new DeviceJobs.Settle(Pool, device, Request: null)
                : new DeviceJobs.Grow(Pool, device, Request: null));
        }
        Machine.Deletions.ForgetAll();
        foreach (var id in _plan.Delete)
            Machine.Deletions.Add(id);
        Complete();
    }

    public void On(DeviceResults.Created result)
    {
        if (Machine.Creations.Note(result))
            Machine.Problems.Note(result.Id, result.Settled, holders: "");
        OnRecovered(result.Id);
    }

    public void On(DeviceResults.Grown result)
    {
        if (result.Outcome.Succeeded && Core.DeviceOrNull(result.Id)?.GrowingTo is { } size)
            Core.Outcome(new PoolEvents.Resized(result.Id, size, Now));
        Machine.Problems.Note(result.Id, result.Outcome, holders: "");
        OnRecovered(result.Id);
    }

    public void On(DeviceResults.Settled result)
    {
        Machine.Problems.Note(result.Id, result.Outcome, result.Holders);
        OnRecovered(result.Id);
    }

    /// <summary>The recovery of one device has ended, successfully or not. An open pool has no plan.</summary>
    public void OnRecovered(ThinId id)
    {
        _recovering.Remove(id);
        Complete();
    }

    private void Complete()
    {
        if (_recovering.Count > 0 || _plan is null)
            return;
        _plan = null;
        Machine.Checkpoints.Begin(OnOpened);
    }

    private void OnOpened()
    {
        MetadataAreDamaged = false;
        _failures = 0;
        Core.Enter(PoolPhase.Open, ReasonOfFormats);
        // After a restart nearly all files are right, and callers that wait for the agent should not wait for reading
        // them.
        Core.Start(PoolTimer.Files, _founder is null ? Settings.ProjectionDelay : TimeSpan.Zero);
        Core.Start(PoolTimer.Status, Settings.StatusInterval, repeats: true);
        if (_founder is { } founder)
            Core.Reply(founder.From, PoolSuccess.Of(founder.Command, alreadySo: false));
        _founder = null;
        Machine.Exclusive.AnswerRepairers();
        Machine.Deletions.Next();
        Machine.Purges.BeginIntended();
        Machine.Problems.RetryLaterIfAny();
        Machine.Unstash();
    }

    /// <summary>The refusal of a command that needs an open pool.</summary>
    public Refusal Closed() => new(
        Phase == PoolPhase.WrongPool ? RefusalKind.WrongState : RefusalKind.Failed,
        "cannot use pool", Name, Core.Reason,
        Phase == PoolPhase.WrongPool
            ? $"compare pool and journal, and decide: dmagent pool check {Name}"
            : MetadataAreDamaged
                ? $"see what can be saved, without changing anything: {PoolMachine.RepairOf(Core.Scene.Name)}"
            : "correct what is named; it is tried again every few seconds");

    public IEnumerable<(Caller From, RequestId Request)> TakeFounder()
    {
        if (_founder is not { } founder)
            yield break;
        _founder = null;
        yield return (founder.From, founder.Command.Request);
    }
}

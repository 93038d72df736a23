using System.Collections.Immutable;
using DmAgents.Engine.Pools;
using DmAgents.Actors.Pools;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Recovery;
using DmAgents.Domain.Ports;

namespace DmAgents.Agent.UseCases;

/// <summary>Comparison of a pool's journal, metadata and live devices.</summary>
/// <param name="JournalDevices">Devices in the journal.</param>
/// <param name="MetadataDevices">Devices in the pool's metadata; 0 if they cannot be read.</param>
/// <param name="LiveDevices">Devices live in the kernel.</param>
/// <param name="Findings">Each difference.</param>
/// <param name="Repairs">What a repair would do.</param>
/// <param name="Foreign">What a repair must accept: the pool's transaction id, if the journal expects another.</param>
internal sealed record PoolCheck(
    PoolName Pool, int JournalDevices, int MetadataDevices, int LiveDevices, ImmutableArray<Finding> Findings,
    ImmutableArray<PlannedStep> Repairs, TransactionId? Foreign)
{
    public bool Agrees => Findings.All(found => found.Gravity <= Gravity.Info);
}

/// <summary>Compares journal, pool metadata and live devices, and reports each difference. Changes nothing: it makes
/// the plan of an opening, and describes it.</summary>
internal sealed class PoolChecker(IKernel kernel, PoolBoard board, PoolSettings settings, TimeProvider time)
{
    private const string ByRepair = "dmagent pool check --repair";

    /// <summary>How long a pool at work is compared again, and how often.</summary>
    private static readonly TimeSpan LookFor = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);

    /// <summary>Repeats the comparison while the pool's own work may explain a difference: from the decision on, a
    /// device that the pool is about to activate or deactivate differs from its record. For a pool that is always at
    /// work it reports the differences that every comparison finds.</summary>
    public async Task<PoolCheck> CheckAsync(PoolPicture pool, CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        ImmutableHashSet<Finding>? always = null;
        while (true)
        {
            var activity = pool.Activity;
            var (begun, isQuiet) = (activity.Begun, !activity.IsUnderWay);
            // Taken after the check for work under way: then it includes all work that has ended.
            var compared = board.Find(pool.Name) ?? pool;
            var check = await Task.Run(() => Compare(compared), cancellation).ConfigureAwait(false);
            pool = board.Find(pool.Name) ?? pool;
            if (check.Agrees || (isQuiet && activity.Begun == begun && pool.Activity == activity))
                return check;
            always = always?.Intersect(check.Findings) ?? [.. check.Findings];
            if (time.GetElapsedTime(began) > LookFor)
                return check with { Findings = [.. check.Findings.Where(always.Contains)] };
            await Task.Delay(LookEvery, time, cancellation).ConfigureAwait(false);
            pool = board.Find(pool.Name) ?? pool;
        }
    }

    private PoolCheck Compare(PoolPicture pool)
    {
        const string What = "cannot check pool";
        if (pool.State.Identity is not { } identity)
            throw Refusals.Because(RefusalKind.Busy, What, pool.Name.Value, pool.Reason, "try again in a moment");
        var context = new PoolContext(identity, pool.Paths, DiscardOnRemove: false)
        {
            LowWaterPercent = settings.LowWaterPercent,
        };
        var taken = KernelPicture.Take(kernel, context);
        if (!taken.Succeeded)
            return Broken(pool) ?? throw Refusals.Of(What, pool.Name.Value, taken.Error);
        var picture = taken.Value;
        var plan = pool.State.PlanRecovery(picture, context, time.GetUtcNow(), board.Work.Of(pool.Name));
        return new PoolCheck(
            pool.Name, pool.State.Devices.Count, picture.Thins?.Count ?? 0, picture.Live.Count,
            [.. Findings(pool, picture, plan, context)],
            Repairs(pool.Phase == PoolPhase.Open ? WithoutWork(plan, pool.State) : plan, pool.State),
            pool.Phase == PoolPhase.WrongPool ? picture.Status.TransactionId : null);
    }

    private IEnumerable<Finding> Findings(
        PoolPicture pool, KernelPicture picture, RecoveryPlan plan, PoolContext context)
    {
        var findings = new List<Finding>();
        if (picture.Thins is null)
        {
            findings.Add(new Finding(Gravity.Warning, pool.Name.Value, "its own list of devices cannot be read",
                "the pool takes no changes, and so makes no metadata snapshot", PoolMachine.RepairOf(pool.Name)));
        }
        if (pool.Phase is PoolPhase.WrongPool or PoolPhase.Unavailable)
            findings.AddRange(PoolProblems.Of(pool));
        else
            findings.AddRange(PoolProblems.Shapes(pool));
        return findings
            .Concat(Condition(pool))
            .Concat(plan.Findings.Select(f => Of(f, pool.State)).OfType<Finding>())
            .Concat(new ChangedParts(kernel, context).Find().Select(part =>
                new Finding(Gravity.Error, part.Subject, part.What, part.Why, part.Next ?? ByRepair)))
            .Concat(Live(plan, pool.State, picture, context));
    }

    /// <summary>A pool of which nothing can be compared, for a known reason.</summary>
    private static PoolCheck? Broken(PoolPicture pool)
    {
        var problems = pool.Phase is PoolPhase.WrongPool or PoolPhase.Unavailable ? PoolProblems.Of(pool) : [];
        ImmutableArray<Finding> findings = [.. problems, .. Condition(pool)];
        return findings.IsEmpty
            ? null
            : new PoolCheck(
                pool.Name, pool.State.Devices.Count, MetadataDevices: 0, LiveDevices: 0, findings, Repairs: [],
                Foreign: null);
    }

    /// <summary>What keeps the kernel from changing the pool's metadata.</summary>
    private static IEnumerable<Finding> Condition(PoolPicture pool)
    {
        if (pool is { Phase: PoolPhase.Opening, MetadataAreDamaged: true })
        {
            yield return new Finding(Gravity.Error, pool.Name.Value, "its metadata were damaged, and are checked again",
                pool.Reason, $"see what can be saved, without changing anything: {PoolMachine.RepairOf(pool.Name)}");
        }
        if (pool is { Phase: PoolPhase.Open, Health: { CanChange: false } health })
        {
            yield return new Finding(Gravity.Error, pool.Name.Value, health.Condition switch
            {
                PoolCondition.NeedsCheck => "its metadata need a check",
                PoolCondition.ReadOnly => "it is read-only",
                _ => "it has failed",
            }, health.Why, health.Condition == PoolCondition.ReadOnly
                ? $"see what can be done, without changing anything: {PoolMachine.RepairOf(pool.Name)}"
                : $"when its disks can be read, open it anew: {ByRepair} {pool.Name}; "
                    + $"else: {PoolMachine.RepairOf(pool.Name)}");
        }
    }

    /// <summary>What an open pool is creating is under way, and needs no repair.</summary>
    private static RecoveryPlan WithoutWork(RecoveryPlan plan, PoolContents state) => plan with
    {
        Findings = [.. plan.Findings.Where(found => found is not PoolEvents.RemovalIntended removal
            || state.Devices[removal.Id].Phase != DevicePhase.Creating)],
        Create = [],
    };

    /// <summary>The plan in words, in the order of its execution.</summary>
    private static ImmutableArray<PlannedStep> Repairs(RecoveryPlan plan, PoolContents state) =>
    [
        .. plan.Findings.Select(found => found switch
        {
            PoolEvents.Lost e => new PlannedStep("note as lost", Name(state, e.Id)),
            PoolEvents.Quarantined e => new PlannedStep("put in quarantine", $"thin id {e.Id}"),
            PoolEvents.RemovalIntended e => new PlannedStep("undo", Name(state, e.Id)),
            _ => null,
        }).OfType<PlannedStep>(),
        .. plan.Resume.Select(name => new PlannedStep("resume", name.Value)),
        .. plan.Unmount.Select(target => new PlannedStep("unmount", target.Value)),
        .. plan.Deactivate.Select(name => new PlannedStep("deactivate", name.Value)),
        .. plan.Create.Select(c => new PlannedStep("make", Name(state, c.Id))),
        .. plan.Settle.Select(id => new PlannedStep("make live as wanted", Name(state, id))),
        .. plan.Delete.Select(id => new PlannedStep("give blocks back of", Name(state, id))),
    ];

    private static Finding? Of(PoolEvent found, PoolContents state) => found switch
    {
        PoolEvents.Lost e => new Finding(Gravity.Error, Name(state, e.Id), "the pool does not have it",
            "the pool's metadata are older than the journal, or it was deleted by hand", "restore the pool's metadata"),
        PoolEvents.Quarantined e => new Finding(
            Gravity.Warning, $"thin id {e.Id}", "the journal does not know it", e.Why,
            "put it in quarantine by a repair; then undelete or purge it"),
        PoolEvents.RemovalIntended e when state.Devices[e.Id].Phase != DevicePhase.Creating =>
            new Finding(Gravity.Warning, Name(state, e.Id), "it is left over",
                "what it was made for has ended, and nothing needs it", ByRepair),
        // Deletions and creations under way look like this while the agent runs.
        PoolEvents.Removed or PoolEvents.RemovalIntended or PoolEvents.Purged or PoolEvents.RequestWithdrawn =>
            null,
        _ => new Finding(Gravity.Warning, state.Identity!.Name.Value, found.ToString(), "", ByRepair),
    };

    private IEnumerable<Finding> Live(
        RecoveryPlan plan, PoolContents state, KernelPicture picture, PoolContext context)
    {
        foreach (var name in plan.Resume)
            yield return new Finding(Gravity.Error, name.Value, "it is suspended", "its I/O waits", ByRepair);
        foreach (var target in plan.Unmount)
            yield return new Finding(
                Gravity.Warning, target.Value, "it is mounted, and no record wants that", "", ByRepair);
        foreach (var name in plan.Deactivate)
            yield return new Finding(Gravity.Warning, name.Value, "it is live, and no record wants that", "", ByRepair);
        foreach (var device in state.Devices.Values.Where(d => d.Phase == DevicePhase.Ready && d.Use != DeviceUse.Idle))
        {
            if (!picture.Live.ContainsKey(device.Id))
                yield return new Finding(Gravity.Error, device.Key.Name, "it should be live and is not", "", ByRepair);
            else if (kernel.Compare(context.TableOf(device))
                is { Succeeded: true, Value: { MapsAsGiven: false } other })
                yield return new Finding(
                    Gravity.Error, device.Key.Name, "it maps another device",
                    $"the table of {other.Device.Name} was changed by hand: {other.Text}",
                    "unmount it, and mount it again: its own table comes back");
            else if (device.Use == DeviceUse.Mounted && picture.Mounted.All(m => m.Target != context.MountOf(device)))
                yield return new Finding(
                    Gravity.Error, device.Key.Name, "it should be mounted and is not", "", ByRepair);
            else if (plan.Settle.Contains(device.Id))
                yield return new Finding(Gravity.Error, device.Key.Name, "it is not live as it should be",
                    Deviation(device, picture, context), ByRepair);
        }
    }

    /// <summary>How a device that is live, and mounted if it should be, differs from its record.</summary>
    private static string Deviation(DeviceRecord device, KernelPicture picture, PoolContext context)
    {
        var live = picture.Live[device.Id];
        var mount = picture.Mounted.FirstOrDefault(m => m.Target == context.MountOf(device));
        return live.Suspended ? "it is suspended"
            : live.RemovalDeferred ? "it goes when its last user does"
            : live.ReadOnly != device.ReadOnly ? $"the device is {(live.ReadOnly ? "read-only" : "writable")}"
            : device.GrowingTo is not null || live.Length != device.Size.Sectors ? "it has another length"
            : device.Use != DeviceUse.Mounted ? "something is mounted in its place"
            : mount?.Device != live.Number ? "another device is mounted in its place"
            : $"the mount is {(mount.ReadOnly ? "read-only" : "writable")}";
    }

    private static string Name(PoolContents state, ThinId id) => KeyText.Of(state.Devices[id].Key);
}

using DmAgents.Actors.Pools;
using DmAgents.Agent.Services;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Recovery;
using DmAgents.Domain.Ports;

namespace DmAgents.Agent.UseCases;

/// <summary>
/// Compares journal, pool metadata and live devices, and tells each difference. Changes nothing: it makes the plan that
/// an opening would make, and reads it out.
/// </summary>
internal sealed class PoolChecker(IKernel kernel, PoolBoard board, PoolSettings settings, TimeProvider time)
{
    private const string ByRepair = "dmagent pool check --repair";

    public CheckPoolReply Check(PoolPicture pool)
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
        var reply = new CheckPoolReply
        {
            Pool = pool.Name.Value,
            JournalDevices = (uint)pool.State.Devices.Count,
            MetadataDevices = (uint)(picture.Thins?.Count ?? 0),
            LiveDevices = (uint)picture.Live.Count,
        };
        if (picture.Thins is null)
        {
            reply.Findings.Add(New(Severity.Warning, pool.Name.Value, "its own list of devices cannot be read",
                "the pool takes no changes, and so makes no metadata snapshot", PoolActor.RepairOf(pool.Name)));
        }
        if (pool.Phase is PoolPhase.WrongPool or PoolPhase.Unavailable)
            reply.Findings.Add(HostsService.ProblemsOf(pool));
        else
            reply.Findings.Add(HostsService.ShapesOf(pool));
        reply.Findings.Add(Condition(pool));
        var plan = pool.State.PlanRecovery(picture, context, time.GetUtcNow(), board.Work.Of(pool.Name));
        reply.Findings.Add(plan.Findings.Select(f => Of(f, pool.State)).OfType<Finding>());
        reply.Findings.Add(new AssemblyEffects(kernel, context).ChangedParts().Select(part =>
            New(Severity.Error, part.Subject, part.What, part.Why, part.Next ?? ByRepair)));
        reply.Findings.Add(Live(plan, pool.State, picture, context));
        reply.Repairs.Add(Repairs(pool.Phase == PoolPhase.Open ? WithoutWork(plan, pool.State) : plan, pool.State));
        if (pool.Phase == PoolPhase.WrongPool)
            reply.ForeignTransactionId = picture.Status.TransactionId.Value;
        reply.Agrees = reply.Findings.All(f => f.Severity <= Severity.Info);
        return reply;
    }

    /// <summary>A pool of which nothing can be compared, and it is known why.</summary>
    private static CheckPoolReply? Broken(PoolPicture pool)
    {
        var reply = new CheckPoolReply { Pool = pool.Name.Value, JournalDevices = (uint)pool.State.Devices.Count };
        if (pool.Phase is PoolPhase.WrongPool or PoolPhase.Unavailable)
            reply.Findings.Add(HostsService.ProblemsOf(pool));
        reply.Findings.Add(Condition(pool));
        return reply.Findings.Count > 0 ? reply : null;
    }

    /// <summary>What keeps the kernel from changing the pool's metadata.</summary>
    private static IEnumerable<Finding> Condition(PoolPicture pool)
    {
        if (pool is { Phase: PoolPhase.Opening, MetadataAreDamaged: true })
        {
            yield return New(Severity.Error, pool.Name.Value, "its metadata were damaged, and are checked again",
                pool.Reason, $"see what can be saved, without changing anything: {PoolActor.RepairOf(pool.Name)}");
        }
        if (pool is { Phase: PoolPhase.Open, Health: { CanChange: false } health })
        {
            yield return New(Severity.Error, pool.Name.Value, health.Condition switch
            {
                PoolCondition.NeedsCheck => "its metadata need a check",
                PoolCondition.ReadOnly => "it is read-only",
                _ => "it has failed",
            }, health.Why, health.Condition == PoolCondition.ReadOnly
                ? $"see what can be done, without changing anything: {PoolActor.RepairOf(pool.Name)}"
                : $"when its disks can be read, open it anew: {ByRepair} {pool.Name}; "
                    + $"else: {PoolActor.RepairOf(pool.Name)}");
        }
    }

    /// <summary>What an open pool is making is under way, and nothing to be repaired.</summary>
    private static RecoveryPlan WithoutWork(RecoveryPlan plan, PoolContents state) => plan with
    {
        Findings = [.. plan.Findings.Where(found => found is not PoolEvents.RemovalIntended removal
            || state.Devices[removal.Id].Phase != DevicePhase.Creating)],
        Create = [],
    };

    /// <summary>The plan in words, in the order in which it is carried out.</summary>
    private static List<Step> Repairs(RecoveryPlan plan, PoolContents state)
    {
        var steps = plan.Findings.Select(found => found switch
            {
                PoolEvents.Lost e => new Step { What = "note as lost", Object = Name(state, e.Id) },
                PoolEvents.Quarantined e => new Step { What = "put in quarantine", Object = $"thin id {e.Id}" },
                PoolEvents.RemovalIntended e => new Step { What = "undo", Object = Name(state, e.Id) },
                _ => null,
            }).OfType<Step>()
            .Concat(plan.Resume.Select(name => new Step { What = "resume", Object = name.Value }))
            .Concat(plan.Unmount.Select(target => new Step { What = "unmount", Object = target.Value }))
            .Concat(plan.Deactivate.Select(name => new Step { What = "deactivate", Object = name.Value }))
            .Concat(plan.Create.Select(c => new Step { What = "make", Object = Name(state, c.Id) }))
            .Concat(plan.Settle.Select(id => new Step { What = "make live as wanted", Object = Name(state, id) }))
            .Concat(plan.Delete.Select(id => new Step { What = "give blocks back of", Object = Name(state, id) }))
            .ToList();
        for (var i = 0; i < steps.Count; i++)
            (steps[i].Index, steps[i].Count) = ((uint)i + 1, (uint)steps.Count);
        return steps;
    }

    private static Finding? Of(PoolEvent found, PoolContents state) => found switch
    {
        PoolEvents.Lost e => New(Severity.Error, Name(state, e.Id), "the pool does not have it",
            "the pool's metadata are older than the journal, or it was deleted by hand", "restore the pool's metadata"),
        PoolEvents.Quarantined e => New(Severity.Warning, $"thin id {e.Id}", "the journal does not know it", e.Why,
            "put it in quarantine by a repair; then undelete or purge it"),
        PoolEvents.RemovalIntended e when state.Devices[e.Id].Phase != DevicePhase.Creating =>
            New(Severity.Warning, Name(state, e.Id), "it is left over",
                "what it was made for has ended, and nothing needs it", ByRepair),
        // Deletions under way look like this while the agent runs, and so does what is being made.
        PoolEvents.Removed or PoolEvents.RemovalIntended or PoolEvents.Purged or PoolEvents.RequestWithdrawn =>
            null,
        _ => New(Severity.Warning, state.Identity!.Name.Value, found.ToString(), "", ByRepair),
    };

    private static IEnumerable<Finding> Live(
        RecoveryPlan plan, PoolContents state, KernelPicture picture, PoolContext context)
    {
        foreach (var name in plan.Resume)
            yield return New(Severity.Error, name.Value, "it is suspended", "its I/O waits", ByRepair);
        foreach (var target in plan.Unmount)
            yield return New(Severity.Warning, target.Value, "a mount that nobody wants", "", ByRepair);
        foreach (var name in plan.Deactivate)
            yield return New(Severity.Warning, name.Value, "it is live and nobody wants it", "", ByRepair);
        foreach (var device in state.Devices.Values.Where(d => d.Phase == DevicePhase.Ready && d.Use != DeviceUse.Idle))
        {
            if (!picture.Live.ContainsKey(device.Id))
                yield return New(Severity.Error, device.Key.Name, "it should be live and is not", "", ByRepair);
            else if (device.Use == DeviceUse.Mounted && picture.Mounted.All(m => m.Target != context.MountOf(device)))
                yield return New(Severity.Error, device.Key.Name, "it should be mounted and is not", "", ByRepair);
            else if (plan.Settle.Contains(device.Id))
                yield return New(Severity.Error, device.Key.Name, "it is not live as it should be",
                    Deviation(device, picture, context), ByRepair);
        }
    }

    /// <summary>In what a device that is live, and mounted if it should be, differs from its record.</summary>
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

    private static string Name(PoolContents state, ThinId id) => Views.KeyText(state.Devices[id].Key);

    private static Finding New(Severity severity, string subject, string what, string why, string next) =>
        new() { Severity = severity, Object = subject, What = what, Why = why, Next = next };
}

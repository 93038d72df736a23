using DmAgents.Actors.Pools;
using DmAgents.Agent.Services;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Mending;
using DmAgents.Domain.Pools.Planning;
using DmAgents.Domain.Ports;
using DeviceKind = DmAgents.Domain.Devices.DeviceKind;
using Fate = DmAgents.Api.Admin.V1.MendedDevice.Types.Fate;

namespace DmAgents.Agent.UseCases;

/// <summary>What an operator wants of a pool's metadata.</summary>
internal sealed record MendAsked(PoolPicture Pool, MetadataSource Source, DevicePath? Into, bool Force);

/// <summary>What came of trying it out.</summary>
/// <param name="Next">What the pool would be made of; null where nothing has to be replaced, or there is no
/// place.</param>
internal sealed record MendTrial(MendPlan Plan, PoolBacking? Next);

/// <summary>Tries out on copies what mending a pool's metadata would do, and tells it. Changes nothing.</summary>
internal sealed class MetadataMender(IKernel kernel, IDurableFiles files)
{
    public MendTrial Try(MendAsked asked)
    {
        var what = MendDecider.What(asked.Source);
        var (pool, state) = (asked.Pool, asked.Pool.State);
        if (state.Identity is not { } identity || pool.Phase is PoolPhase.Opening or PoolPhase.Stopping)
            throw Refusals.Because(RefusalKind.Busy, what, pool.Name.Value, pool.Reason, "try again in a moment");
        var health = pool.Phase == PoolPhase.Open ? pool.Health : null;
        if (state.RefuseMending(health, asked.Source) is { } refusal)
            throw Refusals.Of(refusal);
        var context = new PoolContext(identity, pool.Paths, DiscardOnRemove: false);
        var looked = new LookEffects(kernel, files, context).Look(asked.Source, state.Shape);
        if (!looked.Succeeded)
            throw NotLooked(what, asked, looked.Error);
        var plan = new MendPlan
        {
            Pool = pool.Name.Value, Present = PlaceOf(identity.Backing).Text,
            Verdict = looked.Value.Verdict?.Detail ?? "", JournalTransactionId = state.Checkpoint.Reached.Value,
        };
        if (looked.Value.Result is not { } result)
        {
            Sound(plan, looked.Value.Present, health);
            return new MendTrial(plan, Next: null);
        }
        plan.Action = MendPlan.Types.Action.Replace;
        plan.TransactionId = result.TransactionId.Value;
        var next = Place(plan, asked, identity, what);
        var before = looked.Value.Present?.Thins ?? ListedBy(context, pool);
        var found = state.Compare(before, result.Thins);
        Compare(plan, found, state, identity);
        if (found.LeavesNothing)
        {
            plan.ObstacleKind = Problem.Types.Kind.Refused;
            plan.Obstacle = $"none of the {found.Lost.Length} devices that the journal knows would be left";
            plan.ObstacleNext = asked.Source is MetadataSource.Backup
                ? $"choose another backup: dmagent pool backup list {pool.Name}"
                : $"make them of a backup instead: dmagent pool backup list {pool.Name}; "
                    + $"dmagent pool restore-metadata {pool.Name} BACKUP";
        }
        else if (!found.Lost.IsEmpty && asked.Source is MetadataSource.Present)
        {
            plan.Warnings.Add($"{found.Lost.Length} devices would be lost. A backup may know them still; compare: "
                + $"dmagent pool backup list {pool.Name}; dmagent pool restore-metadata {pool.Name} BACKUP");
        }
        Warn(plan, asked.Source, state, looked.Value);
        Number(plan,
            ("take the pool down", plan.Pool),
            (asked.Source is MetadataSource.Backup backup
                ? $"make metadata of backup {backup.Name}"
                : "repair the metadata", plan.Place),
            ("check them", plan.Place),
            ("journal that the pool is made of them; keep the present ones", plan.Present),
            ("open the pool, compare it with the journal, bring back what should be live", plan.Pool));
        return new MendTrial(plan, next);
    }

    private static void Sound(MendPlan plan, MetadataContent? present, PoolHealth? health)
    {
        var isMarked = present is { NeedsCheck: true };
        plan.Action = isMarked ? MendPlan.Types.Action.ClearMark : MendPlan.Types.Action.Reopen;
        plan.TransactionId = present?.TransactionId.Value ?? plan.JournalTransactionId;
        if (health is { Status.Metadata: var metadata } && metadata.Total > 0 && metadata.FreePercent < 10)
        {
            plan.Warnings.Add($"only {metadata.FreeBytes} of {metadata.TotalBytes} metadata are free: grow them right "
                + $"after, or the kernel stops again: dmagent pool grow {plan.Pool} --metadata");
        }
        Number(plan,
            ("take the pool down", plan.Pool),
            (isMarked ? "check the metadata, and clear the kernel's demand for a check" : "check the metadata",
                plan.Present),
            ("open the pool, compare it with the journal, bring back what should be live", plan.Pool));
    }

    private PoolBacking? Place(MendPlan plan, MendAsked asked, PoolIdentity identity, string what)
    {
        var state = asked.Pool.State;
        switch (new BackingPlanner(kernel).PlanMetadata(
            identity, state.Kept, state.Spares, asked.Into, asked.Force, what))
        {
            case BackingPlan.Planned planned:
                (plan.Place, plan.PlaceBytes) = PlaceOf(planned.Backing);
                plan.Warnings.Add(planned.Warnings);
                return planned.Backing;
            case BackingPlan.Refused { Refusal: var refusal }:
                plan.ObstacleKind = Problems.KindOf(refusal.Kind);
                plan.Obstacle = refusal.Subject == plan.Pool ? refusal.Why : $"{refusal.Subject}: {refusal.Why}";
                plan.ObstacleNext = refusal.Next;
                return null;
            default:
                throw new InvalidOperationException("a plan of no known kind");
        }
    }

    /// <summary>What the pool says itself, where its own metadata were not looked at.</summary>
    private System.Collections.Immutable.ImmutableArray<ThinUsage>? ListedBy(PoolContext context, PoolPicture pool) =>
        pool.Phase == PoolPhase.Open
            && kernel.ListThins(context.Device, MetadataReading.AsHeld) is { Succeeded: true } listed
            ? [.. listed.Value]
            : null;

    private static void Compare(MendPlan plan, MetadataComparison found, PoolContents state, PoolIdentity identity)
    {
        plan.Whole = (uint)found.Whole.Length;
        plan.Devices.Add(found.Lost.Select(id => Device(id, Fate.Lost)));
        plan.Devices.Add(found.Short.Select(device =>
        {
            var told = Device(device.Id, Fate.Short);
            told.MappedBeforeBytes = device.Before * identity.BlockSize.Bytes.Bytes;
            told.MappedAfterBytes = device.After * identity.BlockSize.Bytes.Bytes;
            return told;
        }));
        plan.Devices.Add(found.Back.Select(id => Device(id, Fate.Back)));
        plan.Devices.Add(found.Unknown.Select(id => Device(id, Fate.Unknown)));

        MendedDevice Device(ThinId id, Fate fate) => new()
        {
            ThinId = id.Value, Fate = fate,
            Key = state.Devices.TryGetValue(id, out var device) ? Views.KeyText(device.Key) : "",
        };
    }

    private static void Warn(MendPlan plan, MetadataSource source, PoolContents state, MetadataLook looked)
    {
        if (source is MetadataSource.Backup backup)
        {
            var containers = state.Devices.Values.Count(d => d is { Kind: DeviceKind.Container, IsPresent: true });
            plan.Warnings.Add($"the pool becomes what it was at {backup.Name.At:yyyy-MM-dd HH:mm:ss} UTC: what was "
                + "made since is lost, and what was removed since comes into quarantine, with blocks that may hold "
                + "other data by now");
            plan.Warnings.Add("layers of that time are whole: nobody writes to them. The "
                + $"{containers} containers were written since: blocks that they gave up may hold other data by now. "
                + "Check their file systems, or make them anew");
            plan.Warnings.Add("as soon as anything is written, blocks of what is lost are overwritten: then there is "
                + "no way back to the present metadata either");
        }
        else if (looked.IsReadOut)
        {
            plan.Warnings.Add("thin_repair saves fewer devices, or none: this is what the agent's own reader reaches. "
                + "A device that is short of blocks has holes, which read as zeros: check its file system");
        }
        else if (looked.Present is null)
        {
            plan.Warnings.Add("the damaged metadata do not tell any more how much each device had mapped: one that "
                + "lacks blocks may count as whole. Check file systems before you trust them");
        }
        if (plan.TransactionId != plan.JournalTransactionId)
        {
            plan.Warnings.Add($"the new metadata have the transaction id {plan.TransactionId} where the journal "
                + $"expects {plan.JournalTransactionId}: they are of another time, and from then on the journal "
                + "expects theirs");
        }
    }

    private static RefusedException NotLooked(string what, MendAsked asked, KernelError error) =>
        asked.Source is MetadataSource.Backup backup && error.Fault == KernelFault.NotFound
            && error.Subject == $"{asked.Pool.Paths.BackupDirectory}/{backup.Name.FileName}"
            ? Refusals.NotFound(what, backup.Name.ToString(), "the pool has no such backup",
                $"list those it has: dmagent pool backup list {asked.Pool.Name}")
        // Of a program there is no error number.
        : error is { Fault: KernelFault.NotSupported, Errno: 0 }
            && error.Operation.StartsWith("thin_", StringComparison.Ordinal)
            ? Refusals.Because(RefusalKind.Failed, what, asked.Pool.Name.Value, error.ToString(),
                "install it: apt-get install thin-provisioning-tools")
        : asked.Source is MetadataSource.Present && error.Operation == "thin_repair"
            ? Refusals.Because(RefusalKind.Failed, what, asked.Pool.Name.Value,
                $"nothing can be saved of them: {error}",
                $"make them of a backup: dmagent pool backup list {asked.Pool.Name}; "
                + $"dmagent pool restore-metadata {asked.Pool.Name} BACKUP")
        : Refusals.Of(what, asked.Pool.Name.Value, error);

    private static (string Text, ulong Bytes) PlaceOf(PoolBacking backing) => backing switch
    {
        PoolBacking.LoopFiles files => (files.Metadata.File.Value, files.Metadata.Size.Bytes),
        PoolBacking.Disks disks => (
            string.Join(", ", disks.Metadata.Select(part => part.Disk.Value).Distinct()),
            disks.Metadata.Aggregate(0UL, (sum, part) => sum + part.Length.Bytes.Bytes)),
        _ => ("", 0),
    };

    private static void Number(MendPlan plan, params (string What, string Object)[] steps) =>
        plan.Steps.Add(steps.Select((step, i) => new Step
        {
            What = step.What, Object = step.Object, Index = (uint)i + 1, Count = (uint)steps.Length,
        }));
}

using System.Collections.Immutable;
using DmAgents.Actors.Pools;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Pools.Planning;
using DmAgents.Domain.Ports;

namespace DmAgents.Agent.UseCases;

/// <summary>Tests on copies what repairing a pool's metadata would do, and reports it. Changes nothing.</summary>
internal sealed class MetadataRepairTrials(IKernel kernel, IDurableFiles files)
{
    public MetadataRepairTrial Try(MetadataRepairAsked asked)
    {
        var what = MetadataRepairDecider.What(asked.Source);
        var (pool, state) = (asked.Pool, asked.Pool.State);
        if (state.Identity is not { } identity || pool.Phase is PoolPhase.Opening or PoolPhase.Stopping)
            throw Refusals.Because(RefusalKind.Busy, what, pool.Name.Value, pool.Reason, "try again in a moment");
        var health = pool.Phase == PoolPhase.Open ? pool.Health : null;
        if (state.RefuseMetadataRepair(health, asked.Source) is { } refusal)
            throw Refusals.Of(refusal);
        var context = new PoolContext(identity, pool.Paths, DiscardOnRemove: false);
        var looked = new LookEffects(kernel, files, context).Look(asked.Source, state.Shape);
        if (!looked.Succeeded)
            throw NotLooked(what, asked, looked.Error);
        return looked.Value.Result is { } result
            ? Replacing(asked, identity, looked.Value, result, ListedBefore(looked.Value, context, pool))
            : Sound(asked, identity, looked.Value, health);
    }

    private static MetadataRepairTrial Sound(
        MetadataRepairAsked asked, PoolIdentity identity, MetadataLook looked, PoolHealth? health)
    {
        var expected = asked.Pool.State.Checkpoint.Reached;
        var isMarked = looked.Present is { NeedsCheck: true };
        var present = MetadataPlace.Of(identity.Backing);
        return new MetadataRepairTrial(
            asked.Pool.Name, asked.Source, isMarked ? RepairAction.ClearMark : RepairAction.Reopen, present,
            looked.Present?.TransactionId ?? expected, expected)
        {
            Verdict = looked.Verdict?.Detail ?? "",
            Warnings = MetadataRepairWarnings.OfSound(asked.Pool.Name, health),
            Steps =
            [
                new("take the pool down", asked.Pool.Name.Value),
                new(isMarked ? "check the metadata, and clear the kernel's demand for a check" : "check the metadata",
                    present.Text),
                new("open the pool, compare it with the journal, bring back what should be live",
                    asked.Pool.Name.Value),
            ],
        };
    }

    private MetadataRepairTrial Replacing(
        MetadataRepairAsked asked, PoolIdentity identity, MetadataLook looked, MetadataContent result,
        ImmutableArray<ThinUsage>? before)
    {
        var (name, state) = (asked.Pool.Name, asked.Pool.State);
        var planned = new BackingPlanner(kernel).PlanMetadata(
            identity, state.Kept, state.Spares, asked.Into, asked.Force, MetadataRepairDecider.What(asked.Source));
        var (next, noPlace, remarks) = planned switch
        {
            BackingPlan.Planned plan => (plan.Backing, (Refusal?)null, plan.Warnings),
            BackingPlan.Refused refused => ((PoolBacking?)null, OfPool(refused.Refusal, asked), []),
            _ => throw new InvalidOperationException("a plan of no known kind"),
        };
        var found = state.Compare(before, result.Thins);
        var (present, place) = (
            MetadataPlace.Of(identity.Backing), next is null ? null : MetadataPlace.Of(next));
        return new MetadataRepairTrial(
            name, asked.Source, RepairAction.Replace, present, result.TransactionId, state.Checkpoint.Reached)
        {
            Verdict = looked.Verdict?.Detail ?? "",
            Place = place,
            Next = next,
            Obstacle = found.LeavesNothing ? NothingLeft(asked, found) : noPlace,
            Whole = found.Whole.Length,
            Devices = [.. Devices(found, state, identity.BlockSize)],
            Warnings = [.. remarks, .. MetadataRepairWarnings.OfReplacing(asked, looked, result.TransactionId, found)],
            Steps = Steps(asked.Source, name, present, place),
        };
    }

    private static ImmutableArray<PlannedStep> Steps(
        MetadataSource source, PoolName pool, MetadataPlace present, MetadataPlace? place) =>
    [
        new("take the pool down", pool.Value),
        new(source is MetadataSource.Backup backup ? $"make metadata of backup {backup.Name}" : "repair the metadata",
            place?.Text ?? ""),
        new("check them", place?.Text ?? ""),
        new("journal that the pool is made of them; keep the present ones", present.Text),
        new("open the pool, compare it with the journal, bring back what should be live", pool.Value),
    ];

    private static Refusal NothingLeft(MetadataRepairAsked asked, MetadataComparison found)
    {
        var (what, pool) = (MetadataRepairDecider.What(asked.Source), asked.Pool.Name);
        return new Refusal(RefusalKind.WrongState, what, pool.Value,
            $"none of the {found.Lost.Length} devices that the journal knows would be left",
            asked.Source is MetadataSource.Backup
                ? $"choose another backup: dmagent pool backup list {pool}"
                : $"make them of a backup instead: dmagent pool backup list {pool}; "
                    + $"dmagent pool restore-metadata {pool} BACKUP");
    }

    /// <summary>The same refusal with the pool as its subject: the original subject moves to the reason.</summary>
    private static Refusal OfPool(Refusal refusal, MetadataRepairAsked asked) => refusal with
    {
        What = MetadataRepairDecider.What(asked.Source),
        Subject = asked.Pool.Name.Value,
        Why = refusal.Subject == asked.Pool.Name.Value ? refusal.Why : $"{refusal.Subject}: {refusal.Why}",
    };

    /// <summary>The pool's devices before the repair: from its metadata, or if these were not read, from the pool
    /// itself.</summary>
    private ImmutableArray<ThinUsage>? ListedBefore(MetadataLook looked, PoolContext context, PoolPicture pool) =>
        looked.Present is { } present ? present.Thins
        : pool.Phase == PoolPhase.Open
            && kernel.ListThins(context.Device, MetadataReading.AsHeld) is { Succeeded: true } listed
            ? [.. listed.Value]
        : null;

    private static IEnumerable<AffectedThin> Devices(
        MetadataComparison found, PoolContents state, PoolBlockSize blockSize)
    {
        return found.Lost.Select(id => Device(id, RepairFate.Lost))
            .Concat(found.Short.Select(device => Device(device.Id, RepairFate.Short) with
            {
                Before = new(device.Before * blockSize.Bytes.Bytes), After = new(device.After * blockSize.Bytes.Bytes),
            }))
            .Concat(found.Back.Select(id => Device(id, RepairFate.Back)))
            .Concat(found.Unknown.Select(id => Device(id, RepairFate.Unknown)));

        AffectedThin Device(ThinId id, RepairFate fate) => new(id, state.Devices.GetValueOrDefault(id)?.Key, fate);
    }

    private static RefusedException NotLooked(string what, MetadataRepairAsked asked, KernelError error) =>
        asked.Source is MetadataSource.Backup backup && error.Fault == KernelFault.NotFound
            && error.Subject == $"{asked.Pool.Paths.BackupDirectory}/{backup.Name.FileName}"
            ? Refusals.NotFound(what, backup.Name.ToString(), "the pool has no such backup",
                $"list those it has: dmagent pool backup list {asked.Pool.Name}")
        // A program has no errno.
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
}

using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Formats;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Pools.Planning;
using DmAgents.Domain.Pools.Recovery;
using DmAgents.Domain.Ports;

namespace DmAgents.Engine.Pools.Jobs;

/// <summary>The jobs on a whole pool; those that open and end it are in files of their own.</summary>
public static class PoolJobs
{
    /// <summary>Removes devices and mounts that no record wants.</summary>
    public sealed record CleanUp(PoolContext Pool, RecoveryPlan Plan) : Job
    {
        public override JobResult Run(JobSite site)
        {
            var results = Plan.Resume.Select(name => site.Kernel.Resume(name).Or(KernelFault.NotFound))
                .Concat(Plan.Unmount.Select(target =>
                    site.Kernel.Unmount(target, detach: true).Or(KernelFault.Invalid)))
                .Concat(Plan.Deactivate.Select(name =>
                    site.Kernel.Remove(name, deferred: true).Or(KernelFault.NotFound)));
            return new PoolResults.CleanedUp(
                Plan, [.. results.Where(result => !result.Succeeded).Select(result => result.Error!)]);
        }
    }

    /// <summary>Plans an extension of the pool, by the first request that is possible without warnings.</summary>
    public sealed record PlanGrowth(PoolContext Pool, ImmutableArray<GrowthRequest> Requests) : Job
    {
        public override JobResult Run(JobSite site) => new PoolResults.GrowthPlanned(Plan(site));

        private BackingPlan Plan(JobSite site)
        {
            BackingPlan? first = null;
            foreach (var request in Requests)
            {
                var plan = new BackingPlanner(site.Kernel).PlanGrowth(Pool.Identity, request, force: false);
                if (plan is BackingPlan.Planned { Warnings: [] })
                    return plan;
                first ??= plan;
            }
            return first ?? throw new InvalidOperationException("no way to grow was asked for");
        }
    }

    /// <summary>Sets what a full pool does to writers.</summary>
    public sealed record SetNoSpace(PoolContext Pool, NoSpacePolicy Policy) : Job
    {
        public override JobResult Run(JobSite site) => new PoolResults.NoSpaceSet(
            Policy, new AssemblyEffects(site.Kernel, Pool).SetNoSpace(Policy));
    }

    /// <summary>Labels the disks that a growth adds.</summary>
    public sealed record PrepareGrowth(PoolContext Pool, RequestId Request) : Job
    {
        public override JobResult Run(JobSite site) => new PoolResults.GrowthPrepared(
            Request, new AssemblyEffects(site.Kernel, Pool).PrepareGrowth());
    }

    /// <summary>Gives the live pool the length of its backing.</summary>
    public sealed record Grow(PoolContext Pool, RequestId Request) : Job
    {
        public override JobResult Run(JobSite site) => new PoolResults.Grown(
            Request, new AssemblyEffects(site.Kernel, Pool).Grow());
    }

    /// <summary>Ensures that the live pool matches its backing.</summary>
    public sealed record Confirm(PoolContext Pool, RequestId Request) : Job
    {
        public override JobResult Run(JobSite site) => new PoolResults.Confirmed(
            Request, new AssemblyEffects(site.Kernel, Pool).Open());
    }

    /// <summary>Sets the transaction id.</summary>
    public sealed record Mark(PoolContext Pool, TransactionId Expected, TransactionId Next) : Job
    {
        public override JobResult Run(JobSite site)
        {
            var result = site.Kernel.SetTransactionId(Pool.Device, Expected, Next);
            if (result.Succeeded)
                return new PoolResults.Marked(Next, result, Found: null);
            var status = site.Kernel.PoolStatus(Pool.Device);
            return new PoolResults.Marked(
                Next, result,
                status is { Succeeded: true, Value: { Mode: not (PoolMode.Failed or PoolMode.Error) } value }
                    ? value.TransactionId
                    : null);
        }
    }

    /// <summary>Reads the status.</summary>
    public sealed record ReadStatus(PoolContext Pool) : Job
    {
        public override JobResult Run(JobSite site) => new PoolResults.Status(site.Kernel.PoolStatus(Pool.Device));
    }

    /// <summary>Deletes a quarantined id.</summary>
    public sealed record Purge(PoolContext Pool, ThinId Id) : Job
    {
        public override JobResult Run(JobSite site) => new PoolResults.Purged(
            Id, new DeletionEffects(site.Kernel, Pool).Purge(Id));
    }

    /// <summary>Deactivates the pool and makes its metadata usable.</summary>
    public sealed record RepairMetadata(PoolContext Pool, PoolCommands.RepairMetadata Asked, MetadataShape Shape) : Job
    {
        public override JobResult Run(JobSite site) => new PoolResults.MetadataRepaired(Asked, Outcome(site));

        private MetadataRepairOutcome Outcome(JobSite site)
        {
            var repair = new MetadataRepairEffects(site.Kernel, site.Files, Pool);
            // The mounts of a pool in failed mode are unusable, so they are unmounted too.
            var hasFailed = site.Kernel.PoolStatus(Pool.Device)
                is { Succeeded: true, Value.Mode: PoolMode.Failed or PoolMode.Error };
            var down = site.Claim(Pool).Then(() => repair.TakeDown(evenMounted: hasFailed));
            return down.Error is { } error
                ? new MetadataRepairOutcome.Failed(error)
                : repair.Repair(Asked.Source, Asked.Next, Shape);
        }
    }

    /// <summary>Deletes the metadata that were kept after a replacement.</summary>
    public sealed record DiscardMetadata(PoolContext Pool, ImmutableArray<KeptMetadata> Kept, RequestId Request) : Job
    {
        public override JobResult Run(JobSite site) => new PoolResults.MetadataDiscarded(
            Request, site.Claim(Pool).Then(() => Discard(site, Pool, Kept)));

        internal static KernelResult Discard(JobSite site, PoolContext pool, ImmutableArray<KeptMetadata> kept)
        {
            return KernelResult.Each(kept, new MetadataDeviceEffects(site.Kernel, pool).Discard);
        }
    }
}

/// <summary>The results of the jobs.</summary>
public static class PoolResults
{
    /// <param name="Unchecked">Why the metadata could not be checked first; null if they were checked, or needed no
    /// check.</param>
    /// <param name="Hints">What is known about thin ids that the journal does not know.</param>
    /// <param name="Sectors">For people: the pool's sectors are larger than when it was made; null if they are
    /// not.</param>
    /// <param name="Formats">File systems that the kernel does not support.</param>
    public sealed record Opened(
        KernelPicture Picture, KernelError? Unchecked, ImmutableDictionary<ThinId, DeviceHint> Hints, string? Sectors,
        ImmutableArray<FormatConcern> Formats) : JobResult
    {
        internal override void Reach(PoolMachine pool) => pool.Opening.On(this);
    }

    /// <summary>Pool and journal do not belong together.</summary>
    public sealed record Mismatched(TransactionId Found, Checkpoint Expected) : JobResult
    {
        internal override void Reach(PoolMachine pool) => pool.Opening.On(this);
    }

    /// <param name="WasGivenUp">The pool is live, in failed mode.</param>
    public sealed record OpenFailed(KernelError Error, bool WasGivenUp = false) : JobResult
    {
        internal override void Reach(PoolMachine pool) => pool.Opening.OnFailed(Error, WasGivenUp);
    }

    /// <param name="Errors">The failed removals.</param>
    public sealed record CleanedUp(RecoveryPlan Plan, ImmutableArray<KernelError> Errors) : JobResult
    {
        internal override void Reach(PoolMachine pool) => pool.Opening.On(this);
    }

    public sealed record GrowthPlanned(BackingPlan Plan) : JobResult
    {
        internal override void Reach(PoolMachine pool) => pool.Growth.On(this);
    }

    public sealed record NoSpaceSet(NoSpacePolicy Policy, KernelResult Outcome) : JobResult
    {
        internal override void Reach(PoolMachine pool) => pool.Care.On(this);
    }

    public sealed record GrowthPrepared(RequestId Request, KernelResult Outcome) : JobResult
    {
        internal override void Reach(PoolMachine pool) => pool.Growth.On(this);
    }

    public sealed record Grown(RequestId Request, KernelResult Outcome) : JobResult
    {
        internal override void Reach(PoolMachine pool) => pool.Growth.On(this);
    }

    public sealed record Confirmed(RequestId Request, KernelResult Outcome) : JobResult
    {
        internal override void Reach(PoolMachine pool) => pool.Confirmations.On(this);
    }

    /// <param name="Found">The pool's transaction id if setting it failed; null if that is also unknown.</param>
    public sealed record Marked(TransactionId Next, KernelResult Outcome, TransactionId? Found) : JobResult
    {
        internal override void Reach(PoolMachine pool) => pool.Checkpoints.On(this);
    }

    public sealed record Status(KernelResult<ThinPoolStatus> Outcome) : JobResult
    {
        internal override void Reach(PoolMachine pool) => pool.Care.On(this);
    }

    public sealed record Purged(ThinId Id, KernelResult Outcome) : JobResult
    {
        internal override void Reach(PoolMachine pool) => pool.Purges.On(this);
    }

    public sealed record MetadataRepaired(PoolCommands.RepairMetadata Asked, MetadataRepairOutcome Outcome) : JobResult
    {
        internal override void Reach(PoolMachine pool) => pool.Exclusive.On(this);
    }

    public sealed record MetadataDiscarded(RequestId Request, KernelResult Outcome) : JobResult
    {
        internal override void Reach(PoolMachine pool) => pool.Exclusive.On(this);
    }

    public sealed record Abandoned(KernelResult Outcome) : JobResult
    {
        internal override void Reach(PoolMachine pool) => pool.Opening.On(this);
    }

    public sealed record Retired(KernelResult Outcome) : JobResult
    {
        internal override void Reach(PoolMachine pool) => pool.Exclusive.On(this);
    }

    public sealed record MadeIdle(KernelResult Outcome) : JobResult
    {
        internal override void Reach(PoolMachine pool) => pool.Return.On(this);
    }

    public sealed record GivenBack(KernelResult Outcome) : JobResult
    {
        internal override void Reach(PoolMachine pool) => pool.Return.On(this);
    }

    public sealed record LetGone(KernelResult Outcome) : JobResult
    {
        internal override void Reach(PoolMachine pool) => pool.Return.On(this);
    }
}

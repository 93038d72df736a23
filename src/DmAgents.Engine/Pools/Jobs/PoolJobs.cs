using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Formats;
using DmAgents.Domain.Pools.Mending;
using DmAgents.Domain.Pools.Planning;
using DmAgents.Domain.Pools.Recovery;
using DmAgents.Domain.Ports;

namespace DmAgents.Engine.Pools.Jobs;

/// <summary>The jobs on a pool as a whole; opening and ending it have files of their own.</summary>
public static class PoolJobs
{
    /// <summary>Take away what no record wants.</summary>
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

    /// <summary>Find out how the pool can be extended, by the first of these that is possible without a
    /// doubt.</summary>
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

    /// <summary>Set what a full pool does to writers.</summary>
    public sealed record SetNoSpace(PoolContext Pool, NoSpacePolicy Policy) : Job
    {
        public override JobResult Run(JobSite site) => new PoolResults.NoSpaceSet(
            Policy, new AssemblyEffects(site.Kernel, Pool).SetNoSpace(Policy));
    }

    /// <summary>Make what a growth adds the pool's own.</summary>
    public sealed record PrepareGrowth(PoolContext Pool, RequestId Request) : Job
    {
        public override JobResult Run(JobSite site) => new PoolResults.GrowthPrepared(
            Request, new AssemblyEffects(site.Kernel, Pool).PrepareGrowth());
    }

    /// <summary>Give the live pool the length of its backing.</summary>
    public sealed record Grow(PoolContext Pool, RequestId Request) : Job
    {
        public override JobResult Run(JobSite site) => new PoolResults.Grown(
            Request, new AssemblyEffects(site.Kernel, Pool).Grow());
    }

    /// <summary>Make sure that the pool is live as its backing says.</summary>
    public sealed record Confirm(PoolContext Pool, RequestId Request) : Job
    {
        public override JobResult Run(JobSite site) => new PoolResults.Confirmed(
            Request, new AssemblyEffects(site.Kernel, Pool).Open());
    }

    /// <summary>Set the transaction id.</summary>
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

    /// <summary>Read the status.</summary>
    public sealed record ReadStatus(PoolContext Pool) : Job
    {
        public override JobResult Run(JobSite site) => new PoolResults.Status(site.Kernel.PoolStatus(Pool.Device));
    }

    /// <summary>Delete a quarantined id.</summary>
    public sealed record Purge(PoolContext Pool, ThinId Id) : Job
    {
        public override JobResult Run(JobSite site) => new PoolResults.Purged(
            Id, new DeletionEffects(site.Kernel, Pool).Purge(Id));
    }

    /// <summary>Take the pool down and make its metadata usable.</summary>
    public sealed record Mend(PoolContext Pool, PoolCommands.MendMetadata Asked, MetadataShape Shape) : Job
    {
        public override JobResult Run(JobSite site) => new PoolResults.Mended(Asked, Outcome(site));

        private MendOutcome Outcome(JobSite site)
        {
            var mend = new MendEffects(site.Kernel, site.Files, Pool);
            // Of a pool that the kernel gave up, what is mounted cannot be used any more, and is unmounted, too.
            var hasFailed = site.Kernel.PoolStatus(Pool.Device)
                is { Succeeded: true, Value.Mode: PoolMode.Failed or PoolMode.Error };
            var down = site.Claim(Pool).Then(() => mend.TakeDown(evenMounted: hasFailed));
            return down.Error is { } error
                ? new MendOutcome.Failed(error)
                : mend.Mend(Asked.Source, Asked.Next, Shape);
        }
    }

    /// <summary>Give up the metadata that others have replaced.</summary>
    public sealed record DiscardMetadata(PoolContext Pool, ImmutableArray<KeptMetadata> Kept, RequestId Request) : Job
    {
        public override JobResult Run(JobSite site) => new PoolResults.MetadataDiscarded(
            Request, site.Claim(Pool).Then(() => Discard(site, Pool, Kept)));

        internal static KernelResult Discard(JobSite site, PoolContext pool, ImmutableArray<KeptMetadata> kept)
        {
            var assembly = new AssemblyEffects(site.Kernel, pool);
            return kept.Aggregate(KernelResult.Done, (result, k) => result.Then(() => assembly.Discard(k)));
        }
    }
}

/// <summary>What comes of them.</summary>
public static class PoolResults
{
    /// <param name="Unchecked">Why the metadata could not be checked before; null if they were, or had not to be.
    /// </param>
    /// <param name="Hints">What is known of thin ids that the journal does not know.</param>
    /// <param name="Sectors">That the pool's sectors are larger than those it was made with; null if they are not.
    /// </param>
    /// <param name="Formats">File systems that the kernel does not take.</param>
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

    /// <param name="WasGivenUp">The pool is live, and the kernel has given it up.</param>
    public sealed record OpenFailed(KernelError Error, bool WasGivenUp = false) : JobResult
    {
        internal override void Reach(PoolMachine pool) => pool.Opening.OnFailed(Error, WasGivenUp);
    }

    /// <param name="Errors">What could not be taken away.</param>
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

    /// <param name="Found">The pool's transaction id if setting it failed; null if that is unknown, too.</param>
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

    public sealed record Mended(PoolCommands.MendMetadata Asked, MendOutcome Outcome) : JobResult
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

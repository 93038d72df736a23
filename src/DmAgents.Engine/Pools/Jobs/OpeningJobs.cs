using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Formats;
using DmAgents.Domain.Pools.Planning;
using DmAgents.Domain.Pools.Recovery;
using DmAgents.Domain.Ports;

namespace DmAgents.Engine.Pools.Jobs;

/// <summary>The jobs that open a pool, and the one that deactivates a pool whose creation failed.</summary>
public static class OpeningJobs
{
    /// <summary>Activates the pool and reads its actual state.</summary>
    /// <param name="IsAsked">The operator requested it: a pool that needs a check is deactivated for that too, unless a
    /// part of it is in use.</param>
    public sealed record Open(PoolContext Pool, PoolState State, bool IsAsked = false) : Job
    {
        public override JobResult Run(JobSite site)
        {
            var kernel = site.Kernel;
            var ready = site.Claim(Pool).Then(() => ResumeAll(kernel));
            if (!ready.Succeeded)
                return new PoolResults.OpenFailed(ready.Error);
            var assembly = new AssemblyEffects(kernel, Pool);
            if (Reopen(site) is { } inTheWay)
                return inTheWay;
            var isNew = !State.WasOpened && kernel.Find(Pool.Device).FailedWith(KernelFault.NotFound);
            var checkedMetadata = State.WasOpened ? assembly.CheckMetadata() : KernelResult.Done;
            var opened = checkedMetadata.Or(KernelFault.NotSupported)
                .Then(() => isNew ? assembly.Prepare() : KernelResult.Done).Then(assembly.Open);
            if (!opened.Succeeded)
                return new PoolResults.OpenFailed(opened.Error);
            var status = kernel.PoolStatus(Pool.Device);
            if (!status.Succeeded)
                return new PoolResults.OpenFailed(status.Error);
            if (!IsOwnPool(Pool, State, status.Value))
                return new PoolResults.Mismatched(status.Value.TransactionId, State.Checkpoint);
            if (assembly.VerifyLength(status.Value).Error is { } longer)
                return new PoolResults.OpenFailed(longer);
            var picture = KernelPicture.Take(kernel, Pool);
            return picture.Succeeded
                ? new PoolResults.Opened(
                    picture.Value, checkedMetadata.Error, HintsOf(site, picture.Value),
                    PoolSectors.Concern(kernel, State),
                    new FormatLook(kernel, Pool).LookAll(State, picture.Value.Thins?.Keys.ToHashSet()))
                : new PoolResults.OpenFailed(picture.Error);
        }

        /// <summary>Runs before anything that may fail: writers to a device that a dead agent left suspended
        /// hang.</summary>
        private KernelResult ResumeAll(IKernel kernel)
        {
            var uuid = Pool.Identity.Uuid;
            var live = kernel.ListDevices($"{DeviceNames.UuidPrefix}{uuid}-");
            if (!live.Succeeded)
                return live.Outcome;
            foreach (var device in live.Value.Where(
                d => d.Suspended && DeviceNames.ThinIdOf(uuid, d.Uuid) is not null))
                kernel.Resume(device.Name);
            return KernelResult.Done;
        }

        /// <summary>The kernel accepts no table for a live pool in failed mode: the pool is deactivated, and opened
        /// like one that is not live. Null if nothing prevents the opening.</summary>
        private PoolResults.OpenFailed? Reopen(JobSite site)
        {
            // Only the program that assembles the pool may deactivate it.
            if (!State.WasOpened || Pool.Identity.Backing is PoolBacking.Existing)
                return null;
            var status = site.Kernel.PoolStatus(Pool.Device);
            if (!status.Succeeded)
                return null;
            var wasGivenUp = status.Value.Mode is PoolMode.Failed or PoolMode.Error;
            if (!wasGivenUp && !(IsAsked && status.Value.NeedsCheck))
                return null;
            var down = new MetadataRepairEffects(site.Kernel, site.Files, Pool)
                .TakeDownToReopen(evenMounted: wasGivenUp);
            if (down.Error is not { } error)
                return null;
            if (error.Fault == KernelFault.Busy && MappedName.IsValid(error.Subject)
                && site.HoldersOf(new MappedName(error.Subject)) is { Length: > 0 } holders)
                error = error with { Detail = $"held by {holders}" };
            return new PoolResults.OpenFailed(error, wasGivenUp);
        }

        private ImmutableDictionary<ThinId, DeviceHint> HintsOf(JobSite site, KernelPicture picture) =>
            DeviceHints.Read(site.Files, Pool.Paths, (picture.Thins?.Keys ?? [])
                .Where(id => !State.Devices.ContainsKey(id) && !State.Ledger.Quarantine.ContainsKey(id))
                .ToHashSet());
    }

    /// <summary>Deactivates what a failed creation has activated.</summary>
    public sealed record Abandon(PoolContext Pool) : Job
    {
        // Without the claim the pool belongs to another agent, live or not.
        public override JobResult Run(JobSite site) => new PoolResults.Abandoned(
            site.HasClaim ? new AssemblyEffects(site.Kernel, Pool).Close() : KernelResult.Done);
    }

    /// <summary>LVM uses the transaction id of its own pools itself, so it says nothing about the journal. Nor does the
    /// id of a pool that another program made and the agent has not opened yet.</summary>
    internal static bool IsOwnPool(PoolContext pool, PoolState state, ThinPoolStatus status) =>
        pool.Identity.Backing is PoolBacking.Existing { OwnedByLvm: true }
        || (pool.Identity.Backing is PoolBacking.Existing && !state.WasOpened)
        || status.Mode is PoolMode.Failed or PoolMode.Error
        || state.Checkpoint.Allows(status.TransactionId);
}

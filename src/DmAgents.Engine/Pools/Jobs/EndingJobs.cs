using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Pools.Takeover;
using DmAgents.Domain.Ports;

namespace DmAgents.Engine.Pools.Jobs;

/// <summary>The jobs that remove a pool, or return it to the program that had it.</summary>
public static class EndingJobs
{
    /// <summary>Deactivates everything, and removes labels or files.</summary>
    public sealed record Retire(
        PoolContext Pool, ImmutableArray<DeviceRecord> Devices, ImmutableArray<KeptMetadata> Kept) : Job
    {
        public override JobResult Run(JobSite site) =>
            new PoolResults.Retired(site.Claim(Pool).Then(() => RunClaimed(site)));

        private KernelResult RunClaimed(JobSite site)
        {
            var use = new UseEffects(site.Kernel, Pool);
            foreach (var device in Devices)
            {
                var idle = use.Settle(device with { Use = DeviceUse.Idle });
                if (!idle.Succeeded)
                    return idle;
            }
            var assembly = new AssemblyEffects(site.Kernel, Pool);
            return assembly.Close().Then(() => PoolJobs.DiscardMetadata.Discard(site, Pool, Kept))
                .Then(assembly.Dismantle).Then(() => RemoveTraces(site, Pool, Devices));
        }
    }

    /// <summary>Deactivates all of the pool's devices.</summary>
    public sealed record MakeIdle(PoolContext Pool, ImmutableArray<DeviceRecord> Devices) : Job
    {
        public override JobResult Run(JobSite site) => new PoolResults.MadeIdle(
            site.Claim(Pool).Then(() => TakeoverEffects.MakeIdle(site.Kernel, Pool, Devices)));
    }

    /// <summary>Returns the pool to its state before the takeover.</summary>
    /// <remarks>It starts from the beginning: an agent that died in the middle may have left the pool live or not, with
    /// some of its devices. The pool is the right one if its transaction id is the one before or the one
    /// after.</remarks>
    public sealed record GiveBack(PoolContext Pool, PoolState State) : Job
    {
        public override JobResult Run(JobSite site) =>
            new PoolResults.GivenBack(site.Claim(Pool).Then(() => RunClaimed(site.Kernel)));

        private KernelResult RunClaimed(IKernel kernel)
        {
            var takeover = State.Takeover!;
            var opened = new AssemblyEffects(kernel, Pool).Open();
            if (!opened.Succeeded)
                return opened;
            var status = kernel.PoolStatus(Pool.Device);
            if (!status.Succeeded)
                return status.Outcome;
            // The agent does not change the id of LVM's pools: another program set any other id there.
            var isLvms = Pool.Identity.Backing is PoolBacking.Existing { OwnedByLvm: true };
            if ((isLvms || !OpeningJobs.IsOwnPool(Pool, State, status.Value))
                && status.Value.TransactionId != takeover.TransactionId)
            {
                return new KernelError(KernelFault.Invalid, 0, "give back", Pool.Device.Value,
                    $"its transaction id is {status.Value.TransactionId}, which is not the agent's: "
                        + "another program has used it");
            }
            return TakeoverEffects.MakeIdle(kernel, Pool, [.. State.Devices.Values])
                .Then(() => TakeoverEffects.GiveBack(kernel, Pool, takeover, IsKnown));

            bool IsKnown(ThinId id) => State.Devices.ContainsKey(id) || State.Ledger.Quarantine.ContainsKey(id);
        }
    }

    /// <summary>Deactivates what the agent has live of a returned pool.</summary>
    public sealed record LetGo(PoolContext Pool, ImmutableArray<DeviceRecord> Devices) : Job
    {
        public override JobResult Run(JobSite site) => new PoolResults.LetGone(site.Claim(Pool)
            .Then(() => TakeoverEffects.LetGo(site.Kernel, Pool)).Then(() => RemoveTraces(site, Pool, Devices)));
    }

    /// <summary>Removes scratch files, backups, the projection, and the mount directories of devices.</summary>
    private static KernelResult RemoveTraces(JobSite site, PoolContext pool, ImmutableArray<DeviceRecord> devices) =>
        new LookEffects(site.Kernel, site.Files, pool).Clean()
            .Then(new LookEffects(site.Kernel, site.Files, pool, ScratchUse.Proof).Clean)
            .Then(new BackupEffects(site.Kernel, site.Files, pool).RemoveAll)
            .Then(() => RemoveFiles(site, pool, devices));

    /// <remarks>Files of other programs stay, with the directory that contains them.</remarks>
    private static KernelResult RemoveFiles(JobSite site, PoolContext pool, ImmutableArray<DeviceRecord> devices)
    {
        var paths = pool.Paths;
        string[] ours =
        [
            paths.MetadataDirectory, paths.ImageDirectory, paths.ViewDirectory, paths.ContentDirectory,
            paths.TransferDirectory,
        ];
        var written = ours.SelectMany(directory => NamesIn(directory).Select(name => $"{directory}/{name}"));
        foreach (var file in written.Append(paths.IdentityFile))
        {
            if (site.Files.Delete(file) is { Succeeded: false } refused)
                return refused;
        }
        var directories = devices.Select(pool.MountOf)
            .Concat(NamesIn(paths.MountDirectory).Select(name => new MountPath($"{paths.MountDirectory}/{name}")))
            .Distinct()
            .Append(new MountPath(paths.MountDirectory)).Concat(ours.Select(directory => new MountPath(directory)))
            .Append(new MountPath(paths.BackupDirectory))
            .Append(new MountPath(paths.Root));
        foreach (var directory in directories)
        {
            if (site.Kernel.RemoveDirectory(directory).Or(KernelFault.Busy) is { Succeeded: false } refused)
                return refused;
        }
        return KernelResult.Done;

        IReadOnlyList<string> NamesIn(string directory) =>
            site.Files.List(directory) is { Succeeded: true } names ? names.Value : [];
    }
}

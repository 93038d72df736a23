using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Care;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Engine.Pools.Jobs;

/// <summary>The jobs on one device.</summary>
public static class DeviceJobs
{
    /// <summary>Creates a base.</summary>
    /// <param name="StartAgain">An agent that died may have started it.</param>
    public sealed record CreateBase(PoolContext Pool, DeviceRecord Device, bool StartAgain) : Job
    {
        public override JobResult Run(JobSite site)
        {
            var made = new CreationEffects(site.Kernel, Pool).CreateBase(Device, StartAgain);
            return new DeviceResults.Created(Device.Id, made, SettledAfter(site, Pool, Device, made));
        }
    }

    /// <summary>Creates a snapshot, and brings it to its record's use. Runs in the origin's worker if the origin is
    /// writable, otherwise in the device's own.</summary>
    public sealed record CreateSnapshot(
        PoolContext Pool, DeviceRecord Device, DeviceRecord Source, bool MadeBefore) : Job
    {
        public override JobResult Run(JobSite site) => Created(
            site, Pool, Device, MadeBefore,
            new CreationEffects(site.Kernel, Pool).CreateSnapshot(Device, Source, MadeBefore));
    }

    /// <summary>Creates a device without blocks, and activates it.</summary>
    public sealed record CreateBlank(PoolContext Pool, DeviceRecord Device, bool MadeBefore) : Job
    {
        public override JobResult Run(JobSite site) => Created(
            site, Pool, Device, MadeBefore, new CreationEffects(site.Kernel, Pool).CreateBlank(Device, MadeBefore));
    }

    /// <summary>Brings the device to its record's use.</summary>
    /// <param name="Request">The request that waits for it; null in the background.</param>
    /// <param name="Detach">Removes the device even while it is open: the kernel removes it on last close.</param>
    public sealed record Settle(PoolContext Pool, DeviceRecord Device, RequestId? Request, bool Detach = false) : Job
    {
        public override JobResult Run(JobSite site)
        {
            var result = new UseEffects(site.Kernel, Pool).Settle(Device, Detach);
            return new DeviceResults.Settled(
                Device.Id, Request, result,
                result.FailedWith(KernelFault.Busy) ? site.HoldersOf(Pool.NameOf(Device.Id)) : "");
        }
    }

    /// <summary>Checks whether the kernel's state is what the record wants, and corrects it if not.</summary>
    public sealed record Confirm(PoolContext Pool, DeviceRecord Device, RequestId Request, bool Detach) : Job
    {
        public override JobResult Run(JobSite site)
        {
            var wasSo = new UseEffects(site.Kernel, Pool).Confirm(Device, Detach);
            return new DeviceResults.Confirmed(
                Device.Id, Request, wasSo,
                wasSo.FailedWith(KernelFault.Busy) ? site.HoldersOf(Pool.NameOf(Device.Id)) : "");
        }
    }

    /// <summary>Grows device and file system.</summary>
    public sealed record Grow(PoolContext Pool, DeviceRecord Device, RequestId? Request) : Job
    {
        public override JobResult Run(JobSite site) => new DeviceResults.Grown(
            Device.Id, Request, new UseEffects(site.Kernel, Pool).Grow(Device));
    }

    /// <summary>Ends all writing: makes everything durable, and deactivates the device.</summary>
    public sealed record Seal(PoolContext Pool, DeviceRecord Device, RequestId Request) : Job
    {
        public override JobResult Run(JobSite site) => new DeviceResults.Sealed(
            Device.Id, Request, new UseEffects(site.Kernel, Pool).Seal(Device));
    }

    /// <summary>Unmounts a removed device.</summary>
    public sealed record Detach(PoolContext Pool, DeviceRecord Device) : Job
    {
        public override JobResult Run(JobSite site) => new DeviceResults.Detached(
            Device.Id, new DeletionEffects(site.Kernel, Pool).Detach(Device));
    }

    /// <summary>Returns the device's blocks to the pool, or reports the blocks that must be discarded first.</summary>
    /// <param name="IsOrigin">Another existing device was created from its blocks.</param>
    /// <param name="KeyHasSuccessor">Another device has its key.</param>
    public sealed record Delete(PoolContext Pool, DeviceRecord Device, bool IsOrigin, bool KeyHasSuccessor) : Job
    {
        public override JobResult Run(JobSite site) => new DeviceResults.Deleted(
            Device.Id, new DeletionEffects(site.Kernel, Pool).Begin(Device, IsOrigin, KeyHasSuccessor));
    }

    /// <summary>Discards these blocks of a removed device.</summary>
    public sealed record Discard(PoolContext Pool, DeviceRecord Device, ImmutableArray<BlockRange> Piece) : Job
    {
        public override JobResult Run(JobSite site)
        {
            var begun = site.Time.GetTimestamp();
            var result = new DeletionEffects(site.Kernel, Pool).Discard(Device, Piece);
            return new DeviceResults.Discarded(Device.Id, site.Time.GetElapsedTime(begun), result);
        }
    }

    /// <summary>Deletes the thin id, after all discards.</summary>
    public sealed record EndDeletion(PoolContext Pool, DeviceRecord Device, bool KeyHasSuccessor) : Job
    {
        public override JobResult Run(JobSite site) => new DeviceResults.Deleted(
            Device.Id, new DeletionEffects(site.Kernel, Pool).End(Device, KeyHasSuccessor));
    }

    /// <summary>Trims a range of the device's mounted file system.</summary>
    public sealed record Trim(PoolContext Pool, DeviceRecord Device, ByteSize Start, ByteSize Length) : Job
    {
        public override JobResult Run(JobSite site)
        {
            var begun = site.Time.GetTimestamp();
            var result = new TrimEffects(site.Kernel, Pool).Trim(Device, Start, Length);
            return new DeviceResults.Trimmed(Device.Id, site.Time.GetElapsedTime(begun), result);
        }
    }

    private static DeviceResults.Created Created(
        JobSite site, PoolContext pool, DeviceRecord device, bool madeBefore, KernelResult made)
    {
        var settled = made.Succeeded && !madeBefore
            ? new UseEffects(site.Kernel, pool).SettleFresh(device)
            : SettledAfter(site, pool, device, made);
        return new DeviceResults.Created(device.Id, made, settled);
    }

    private static KernelResult SettledAfter(JobSite site, PoolContext pool, DeviceRecord device, KernelResult made) =>
        made.Succeeded && device.Use != DeviceUse.Idle
            ? new UseEffects(site.Kernel, pool).Settle(device)
            : KernelResult.Done;
}

/// <summary>The results of the jobs.</summary>
public static class DeviceResults
{
    /// <param name="Made">Whether the pool has the device.</param>
    /// <param name="Settled">Whether its live state is as wanted; done if it was not created.</param>
    public sealed record Created(ThinId Id, KernelResult Made, KernelResult Settled) : JobResult
    {
        internal override void Reach(PoolMachine pool) => pool.On(this);
    }

    /// <param name="Holders">The holders of a busy device, for people.</param>
    public sealed record Settled(ThinId Id, RequestId? Request, KernelResult Outcome, string Holders) : JobResult
    {
        internal override void Reach(PoolMachine pool) => pool.On(this);
    }

    /// <param name="WasSo">True if the kernel's state was right, false if it was corrected.</param>
    /// <param name="Holders">The holders of a busy device, for people.</param>
    public sealed record Confirmed(ThinId Id, RequestId Request, KernelResult<bool> WasSo, string Holders) : JobResult
    {
        internal override void Reach(PoolMachine pool) => pool.On(this);
    }

    public sealed record Grown(ThinId Id, RequestId? Request, KernelResult Outcome) : JobResult
    {
        internal override void Reach(PoolMachine pool) => pool.On(this);
    }

    /// <param name="Inodes">How many inodes the file system uses; null if they could not be counted.</param>
    public sealed record Sealed(ThinId Id, RequestId Request, KernelResult<ulong?> Inodes) : JobResult
    {
        internal override void Reach(PoolMachine pool) => pool.On(this);
    }

    public sealed record Detached(ThinId Id, KernelResult Outcome) : JobResult
    {
        internal override void Reach(PoolMachine pool) => pool.Creations.OnDetached(this);
    }

    public sealed record Deleted(ThinId Id, DeletionResult Outcome) : JobResult
    {
        internal override void Reach(PoolMachine pool) => pool.Deletions.OnDeleted(this);
    }

    public sealed record Discarded(ThinId Id, TimeSpan Took, KernelResult Outcome) : JobResult
    {
        internal override void Reach(PoolMachine pool) => pool.Deletions.OnDiscarded(this);
    }

    public sealed record Trimmed(ThinId Id, TimeSpan Took, KernelResult<TrimmedRange> Outcome) : JobResult
    {
        internal override void Reach(PoolMachine pool) => pool.Trim.On(this);
    }
}

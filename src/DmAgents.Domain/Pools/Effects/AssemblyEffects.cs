using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Takeover;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Effects;

/// <summary>
/// Activates a pool on its backing, and lengthens it if the backing has grown. Each effect is "ensure X": a pool that
/// is already live stays as it is, with all its devices.
/// </summary>
public sealed class AssemblyEffects(IKernel kernel, PoolContext pool)
{
    private readonly PoolTables _tables = new(kernel, pool);
    private readonly DiskLabels _labels = new(kernel, pool);

    private PoolName Name => pool.Identity.Name;

    private GuardEffects Guard => new(kernel, pool);

    /// <summary>Labels a new pool's disks and zeroes the start of its metadata, or creates its loop files.</summary>
    /// <remarks>
    /// The journal already has the pool: running this again recovers from a crash in between. Only for a pool that was
    /// never opened (<see cref="PoolState.WasOpened"/>) and is not live: it destroys the data of any other.
    /// </remarks>
    public KernelResult Prepare() => pool.Identity.Backing switch
    {
        PoolBacking.Disks disks => _labels.Label(disks).Then(() => KernelResult.Each(disks.Metadata.Take(1),
            part => kernel.Zero(part.Disk, part.Start.Bytes, ByteSize.KiB(4)))),
        PoolBacking.LoopFiles files => kernel.EnsureDirectory(files.Data.File.Directory)
            .Then(() => kernel.EnsureDirectory(files.Metadata.File.Directory))
            .Then(() => kernel.CreateFile(files.Data.File, files.Data.Size).Or(KernelFault.Exists))
            .Then(() => kernel.CreateFile(files.Metadata.File, files.Metadata.Size).Or(KernelFault.Exists)),
        _ => KernelResult.Done,
    };

    /// <summary>
    /// Checks the metadata before a pool that was opened before is activated again: its host may have crashed. Damage
    /// that the kernel would find only later, in use, may be beyond repair by then.
    /// </summary>
    /// <returns>Invalid if its metadata are damaged; NotSupported if they cannot be checked. Done for a pool that is
    /// live, or that another program assembles.</returns>
    public KernelResult CheckMetadata()
    {
        if (!kernel.Find(pool.Device).FailedWith(KernelFault.NotFound)
            || pool.Identity.Backing is PoolBacking.Existing)
            return KernelResult.Done;
        var device = new MetadataDeviceEffects(kernel, pool);
        return device.RemoveNext().Then(() =>
        {
            var metadata = device.Attach();
            return metadata.Outcome.Then(() => kernel.CheckMetadata(metadata.Value));
        });
    }

    /// <summary>Activates the pool with the full length of its backing.</summary>
    public KernelResult Open() => pool.Identity.Backing switch
    {
        PoolBacking.Disks disks => _labels.Verify(disks)
            .Then(() => _tables.Open(_tables.DataOf(disks)))
            .Then(() => _tables.Open(_tables.MetadataOf(disks)))
            .Then(() => _tables.Open(_tables.PoolOf(disks))),
        PoolBacking.LoopFiles files => Guard.Look().Then(() => OpenLoop(files)).Then(Guard.Raise),
        PoolBacking.Existing existing => kernel.Find(existing.Pool).Outcome,
        _ => throw new InvalidOperationException("a backing of no known kind"),
    };

    /// <summary>Whether the pool's disks can be read again; this reads from the disks themselves.</summary>
    public KernelResult Reach() => pool.Identity.Backing switch
    {
        PoolBacking.Disks disks => _labels.Verify(disks),
        PoolBacking.LoopFiles files => kernel.InspectFile(files.Data.File).Outcome
            .Then(() => kernel.InspectFile(files.Metadata.File).Outcome),
        _ => MetadataDeviceEffects.NotOurs(pool),
    };

    /// <summary>
    /// Refuses a live pool that is longer than its backing. An agent with another journal has grown it, so the space
    /// after the end that this journal knows is in use.
    /// </summary>
    public KernelResult VerifyLength(ThinPoolStatus status)
    {
        var blocks = pool.Identity.Backing switch
        {
            PoolBacking.Disks disks => PoolTables.Sum(disks.Data).Value,
            PoolBacking.LoopFiles files => files.Data.Size.Sectors.Value,
            _ => ulong.MaxValue,
        } / pool.Identity.BlockSize.Sectors.Value;
        return status.Data.Total <= blocks
            ? KernelResult.Done
            : new KernelError(KernelFault.Invalid, 0, "open pool", pool.Device.Value,
                $"it has {status.Data.Total} blocks where the journal knows of {blocks}: the journal is older than the "
                + $"pool's last growth; next: dmagent pool adopt {Name}");
    }

    /// <summary>
    /// Labels the disks of a growth before it is journaled: if the journal names a disk without its label, the pool
    /// does not open. A label alone is harmless: the growth can be requested again.
    /// </summary>
    public KernelResult PrepareGrowth() =>
        pool.Identity.Backing is PoolBacking.Disks disks ? _labels.Label(disks) : KernelResult.Done;

    /// <summary>Labels added disks, and gives the live pool its new length.</summary>
    public KernelResult Grow() => PrepareGrowth().Then(Open);

    /// <summary>Deactivates the pool, with everything below it that the agent activated. Its devices must be
    /// gone.</summary>
    public KernelResult Close() => pool.Identity.Backing switch
    {
        PoolBacking.Disks => kernel.ClosePool(pool.Device).Or(KernelFault.NotFound)
            .Then(() => kernel.Remove(DeviceNames.Data(Name), deferred: false).Or(KernelFault.NotFound))
            .Then(() => kernel.Remove(DeviceNames.Metadata(Name), deferred: false).Or(KernelFault.NotFound)),
        PoolBacking.LoopFiles files => Guard.Lower()
            .Then(() => kernel.ClosePool(pool.Device).Or(KernelFault.NotFound))
            .Then(() => kernel.DetachLoop(files.Data.File).Or(KernelFault.NotFound))
            .Then(() => kernel.DetachLoop(files.Metadata.File).Or(KernelFault.NotFound)),
        _ => KernelResult.Done,
    };

    /// <summary>Runs after <see cref="Close"/> when the pool is retired: erases labels and deletes files.</summary>
    public KernelResult Dismantle() => pool.Identity.Backing switch
    {
        PoolBacking.Disks disks => KernelResult.Each(DiskLabels.DisksOf(disks), _labels.Erase),
        PoolBacking.LoopFiles files => kernel.DeleteFile(files.Data.File)
            .Then(() => kernel.DeleteFile(files.Metadata.File)),
        _ => KernelResult.Done,
    };

    private KernelResult OpenLoop(PoolBacking.LoopFiles files)
    {
        var enlarged = Enlarge(files.Data).Then(() => Enlarge(files.Metadata));
        if (!enlarged.Succeeded)
            return enlarged;
        var metadata = kernel.AttachLoop(files.Metadata.File);
        if (!metadata.Succeeded)
            return metadata.Outcome;
        var data = kernel.AttachLoop(files.Data.File);
        return data.Outcome.Then(
            () => _tables.Open(_tables.PoolOf(metadata.Value, data.Value, files.Data.Size.Sectors)));
    }

    private KernelResult Enlarge(LoopFilePart part)
    {
        var file = kernel.InspectFile(part.File);
        return !file.Succeeded ? file.Outcome
            : file.Value.Size < part.Size ? kernel.EnlargeFile(part.File, part.Size)
            : KernelResult.Done;
    }

    /// <summary>Sets what the live pool does to writers when it is full. Does nothing for a pool that another program
    /// assembles.</summary>
    public KernelResult SetNoSpace(NoSpacePolicy policy)
    {
        switch (pool.Identity.Backing)
        {
            case PoolBacking.Disks disks:
                return kernel.ReloadPool(_tables.PoolOf(disks) with { NoSpace = policy });
            case PoolBacking.LoopFiles files:
                var metadata = kernel.AttachLoop(files.Metadata.File);
                var data = metadata.Succeeded ? kernel.AttachLoop(files.Data.File) : metadata;
                return data.Outcome.Then(() => kernel.ReloadPool(
                    _tables.PoolOf(metadata.Value, data.Value, files.Data.Size.Sectors) with { NoSpace = policy }));
            default:
                return KernelResult.Done;
        }
    }
}

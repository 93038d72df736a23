using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Takeover;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Effects;

/// <summary>
/// Activates a pool on its backing, and lengthens it if the backing has grown. Each effect is "ensure X": a pool that
/// is already live stays as it is, with all its devices.
/// </summary>
public sealed partial class AssemblyEffects(IKernel kernel, PoolContext pool)
{
    private PoolName Name => pool.Identity.Name;

    private PoolUuid Uuid => pool.Identity.Uuid;

    private GuardEffects Guard => new(kernel, pool);

    /// <summary>Labels a new pool's disks and zeroes the start of its metadata, or creates its loop files.</summary>
    /// <remarks>
    /// The journal already has the pool: running this again recovers from a crash in between. Only for a pool that was
    /// never opened (<see cref="PoolState.WasOpened"/>) and is not live: it destroys the data of any other.
    /// </remarks>
    public KernelResult Prepare() => pool.Identity.Backing switch
    {
        PoolBacking.Disks disks => Label(disks).Then(() => Each(disks.Metadata.Take(1),
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
        return RemoveNextMetadata().Then(() =>
        {
            var metadata = AttachMetadata();
            return metadata.Outcome.Then(() => kernel.CheckMetadata(metadata.Value));
        });
    }

    /// <summary>Activates the pool with the full length of its backing.</summary>
    public KernelResult Open() => pool.Identity.Backing switch
    {
        PoolBacking.Disks disks => Verify(disks)
            .Then(() => OpenLinear(DeviceNames.Data(Name), DeviceNames.DataId(Uuid), disks.Data))
            .Then(() => OpenLinear(DeviceNames.Metadata(Name), DeviceNames.MetadataId(Uuid), disks.Metadata))
            .Then(() => OpenPool(
                DeviceNames.Metadata(Name).Path, DeviceNames.Data(Name).Path, Sum(disks.Data))),
        PoolBacking.LoopFiles files => Guard.Look().Then(() => OpenLoop(files)).Then(Guard.Raise),
        PoolBacking.Existing existing => kernel.Find(existing.Pool).Outcome,
        _ => throw new InvalidOperationException("a backing of no known kind"),
    };

    /// <summary>Whether the pool's disks can be read again; this reads from the disks themselves.</summary>
    public KernelResult Reach() => pool.Identity.Backing switch
    {
        PoolBacking.Disks disks => Verify(disks),
        PoolBacking.LoopFiles files => kernel.InspectFile(files.Data.File).Outcome
            .Then(() => kernel.InspectFile(files.Metadata.File).Outcome),
        _ => NotOurs(),
    };

    /// <summary>
    /// Refuses a live pool that is longer than its backing. An agent with another journal has grown it, so the space
    /// after the end that this journal knows is in use.
    /// </summary>
    public KernelResult VerifyLength(ThinPoolStatus status)
    {
        var blocks = pool.Identity.Backing switch
        {
            PoolBacking.Disks disks => Sum(disks.Data).Value,
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
        pool.Identity.Backing is PoolBacking.Disks disks ? Label(disks) : KernelResult.Done;

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
        PoolBacking.Disks disks => Each(DisksOf(disks), EraseLabel),
        PoolBacking.LoopFiles files => kernel.DeleteFile(files.Data.File)
            .Then(() => kernel.DeleteFile(files.Metadata.File)),
        _ => KernelResult.Done,
    };

    /// <summary>A disk that is missing, or by now belongs to another pool, has no label of this pool to
    /// erase.</summary>
    private KernelResult EraseLabel(DevicePath disk)
    {
        var label = ReadLabel(disk);
        return label.FailedWith(KernelFault.NotFound) ? KernelResult.Done
            : !label.Succeeded ? label.Outcome
            : label.Value?.Pool == Uuid ? kernel.Zero(disk, ByteSize.Zero, DiskLabel.Reserved.Bytes)
            : KernelResult.Done;
    }

    private KernelResult OpenLoop(PoolBacking.LoopFiles files)
    {
        var enlarged = Enlarge(files.Data).Then(() => Enlarge(files.Metadata));
        if (!enlarged.Succeeded)
            return enlarged;
        var metadata = kernel.AttachLoop(files.Metadata.File);
        if (!metadata.Succeeded)
            return metadata.Outcome;
        var data = kernel.AttachLoop(files.Data.File);
        return data.Outcome.Then(() => OpenPool(metadata.Value, data.Value, files.Data.Size.Sectors));
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
                var table = TableOf(DeviceNames.Metadata(Name).Path, DeviceNames.Data(Name).Path, Sum(disks.Data));
                return kernel.ReloadPool(table with { NoSpace = policy });
            case PoolBacking.LoopFiles files:
                var metadata = kernel.AttachLoop(files.Metadata.File);
                var data = metadata.Succeeded ? kernel.AttachLoop(files.Data.File) : metadata;
                return data.Outcome.Then(() => kernel.ReloadPool(
                    TableOf(metadata.Value, data.Value, files.Data.Size.Sectors) with { NoSpace = policy }));
            default:
                return KernelResult.Done;
        }
    }

    private ThinPoolTable TableOf(DevicePath metadata, DevicePath data, SectorCount length)
    {
        var blocks = length.Value / pool.Identity.BlockSize.Sectors.Value;
        return new ThinPoolTable(
            pool.Device, DeviceNames.PoolId(Uuid), metadata, data, length, pool.Identity.BlockSize,
            LowWaterMark: Math.Max(1, (ulong)(blocks * pool.LowWaterPercent / 100)));
    }

    private KernelResult OpenPool(DevicePath metadata, DevicePath data, SectorCount length)
    {
        var table = TableOf(metadata, data, length);
        var opened = kernel.OpenPool(table);
        // Reloading the same table grows a live pool, and is harmless if the pool has not grown.
        return opened.FailedWith(KernelFault.Exists) ? ReloadWhereOther(table) : opened;
    }

    /// <summary>Restores a table that was changed by hand. Refuses one that maps other devices: the operator must
    /// decide which of the two has the pool's blocks.</summary>
    private KernelResult ReloadWhereOther(ThinPoolTable table)
    {
        var live = FindOwn(table.Name, table.Uuid);
        if (!live.Succeeded)
            return live.Outcome;
        var compared = kernel.Compare(table);
        if (!compared.Succeeded)
            return compared.Outcome;
        if (!compared.Value.MapsAsGiven)
            return ChangedByHand(compared.Value);
        // VerifyLength refuses a pool that is longer than the journal says.
        return (live.Value.Length > table.DataLength || compared.Value.IsAsGiven) && !live.Value.Suspended
            ? MetadataHaveGrown(table)
            : kernel.ReloadPool(table);
    }

    private static KernelError ChangedByHand(TableState found) => new(
        KernelFault.Invalid, 0, "open pool", found.Device.Name.Value,
        $"its table was changed by hand, or a disk has another number by now; it maps: {found.Text}");

    /// <summary>The pool's own length says nothing about its metadata device: compare the size in the status.</summary>
    private KernelResult MetadataHaveGrown(ThinPoolTable table)
    {
        var status = kernel.PoolStatus(table.Name);
        var device = kernel.Inspect(table.Metadata);
        if (!status.Succeeded || !device.Succeeded)
            return status.Outcome.Then(() => device.Outcome);
        var usable = device.Value.Size < MetadataSize.Most ? device.Value.Size : MetadataSize.Most;
        return status.Value.Metadata.TotalBytes < usable.RoundDown(ByteSize.KiB(4))
            ? kernel.ReloadPool(table)
            : KernelResult.Done;
    }

    private static LinearTable TableOf(MappedName name, MappedUuid uuid, ImmutableArray<DiskPart> parts) =>
        new(name, uuid, [.. parts.Select(Segment)]);

    private KernelResult OpenLinear(MappedName name, MappedUuid uuid, ImmutableArray<DiskPart> parts)
    {
        var table = TableOf(name, uuid, parts);
        var opened = kernel.OpenLinear(table);
        if (!opened.FailedWith(KernelFault.Exists))
            return opened.Outcome;
        var live = FindOwn(name, uuid);
        if (!live.Succeeded)
            return live.Outcome;
        var compared = kernel.Compare(table);
        return !compared.Succeeded ? compared.Outcome
            : !compared.Value.MapsAsGiven ? ChangedByHand(compared.Value)
            : live.Value.Length < table.Length || live.Value.Suspended ? kernel.ReloadLinear(table)
            : KernelResult.Done;
    }

    /// <summary>A device with this name and another uuid belongs to another program, or to an earlier pool of this
    /// name.</summary>
    private KernelResult<LiveDevice> FindOwn(MappedName name, MappedUuid uuid)
    {
        var live = kernel.Find(name);
        return live.Succeeded && live.Value.Uuid != uuid
            ? new KernelError(KernelFault.Exists, 0, "open pool", name.Value,
                $"a device of this name is live and not this pool's: its uuid is '{live.Value.Uuid}'")
            : live;
    }

    /// <summary>Refuses a disk without a label, or with another pool's label: it is not the disk it was.</summary>
    private KernelResult Verify(PoolBacking.Disks disks) => Each(DisksOf(disks), Verify);

    private KernelResult Verify(DevicePath disk)
    {
        var label = ReadLabel(disk);
        if (!label.Succeeded)
            return label.Outcome;
        return label.Value?.Pool == Uuid
            ? KernelResult.Done
            : new KernelError(KernelFault.Invalid, 0, "open pool", disk.Value, label.Value is { } other
                ? $"the disk belongs to pool {other.Name} ({other.Pool})"
                : $"the disk does not carry the label of pool {Name}");
    }

    private KernelResult Label(PoolBacking.Disks disks) => Each(DisksOf(disks), Label);

    private KernelResult Label(DevicePath disk)
    {
        var label = ReadLabel(disk);
        return !label.Succeeded ? label.Outcome
            : label.Value?.Pool == Uuid ? KernelResult.Done
            : kernel.Write(disk, ByteSize.Zero, new DiskLabel(Uuid, Name, DiskIdentity(disk)).ToBytes());
    }

    /// <summary>Deterministic for a disk of a pool, so that labelling again writes the same label.</summary>
    private Guid DiskIdentity(DevicePath disk) => new(
        System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes($"{Uuid} {disk}"))
            .AsSpan(0, 16));

    private KernelResult<DiskLabel?> ReadLabel(DevicePath disk)
    {
        Span<byte> bytes = new byte[DiskLabel.Length];
        var read = kernel.Read(disk, ByteSize.Zero, bytes);
        return read.Succeeded ? DiskLabel.Read(bytes) : read.Error;
    }

    private static IEnumerable<DevicePath> DisksOf(PoolBacking.Disks disks) =>
        disks.Data.Concat(disks.Metadata).Select(part => part.Disk).Distinct();

    private static SectorCount Sum(ImmutableArray<DiskPart> parts) =>
        parts.Aggregate(default(SectorCount), (sum, part) => sum + part.Length);

    private static KernelResult Each<T>(IEnumerable<T> items, Func<T, KernelResult> effect) =>
        items.Aggregate(KernelResult.Done, (result, item) => result.Then(() => effect(item)));
}

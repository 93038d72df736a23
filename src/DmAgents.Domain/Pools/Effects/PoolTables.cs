using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Effects;

/// <summary>
/// Gives the pool and the linear devices below it the tables that follow from the journal. A live device keeps its
/// table if that maps the same.
/// </summary>
internal sealed class PoolTables(IKernel kernel, PoolContext pool)
{
    private PoolName Name => pool.Identity.Name;

    private PoolUuid Uuid => pool.Identity.Uuid;

    public ThinPoolTable PoolOf(PoolBacking.Disks disks) =>
        PoolOf(DeviceNames.Metadata(Name).Path, DeviceNames.Data(Name).Path, Sum(disks.Data));

    public ThinPoolTable PoolOf(DevicePath metadata, DevicePath data, SectorCount length)
    {
        var blocks = length.Value / pool.Identity.BlockSize.Sectors.Value;
        return new ThinPoolTable(
            pool.Device, DeviceNames.PoolId(Uuid), metadata, data, length, pool.Identity.BlockSize,
            LowWaterMark: Math.Max(1, (ulong)(blocks * pool.LowWaterPercent / 100)));
    }

    public LinearTable DataOf(PoolBacking.Disks disks) =>
        new(DeviceNames.Data(Name), DeviceNames.DataId(Uuid), [.. disks.Data.Select(Segment)]);

    public LinearTable MetadataOf(PoolBacking.Disks disks) =>
        new(DeviceNames.Metadata(Name), DeviceNames.MetadataId(Uuid), [.. disks.Metadata.Select(Segment)]);

    /// <summary>Activates the pool, or gives the live pool this table.</summary>
    public KernelResult Open(ThinPoolTable table)
    {
        var opened = kernel.OpenPool(table);
        // Reloading the same table grows a live pool, and is harmless if the pool has not grown.
        return opened.FailedWith(KernelFault.Exists) ? ReloadWhereOther(table) : opened;
    }

    /// <summary>Activates the device, or gives the live device this table.</summary>
    public KernelResult Open(LinearTable table)
    {
        var opened = kernel.OpenLinear(table);
        if (!opened.FailedWith(KernelFault.Exists))
            return opened.Outcome;
        var live = FindOwn(table.Name, table.Uuid);
        if (!live.Succeeded)
            return live.Outcome;
        var compared = kernel.Compare(table);
        return !compared.Succeeded ? compared.Outcome
            : !compared.Value.MapsAsGiven ? ChangedByHand(compared.Value)
            : live.Value.Length < table.Length || live.Value.Suspended ? kernel.ReloadLinear(table)
            : KernelResult.Done;
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

    private static KernelError ChangedByHand(TableState found) => new(
        KernelFault.Invalid, 0, "open pool", found.Device.Name.Value,
        $"its table was changed by hand, or a disk has another number by now; it maps: {found.Text}");

    public static LinearSegment Segment(DiskPart part) => new(part.Disk, part.Start, part.Length);

    public static SectorCount Sum(ImmutableArray<DiskPart> parts) =>
        parts.Aggregate(default(SectorCount), (sum, part) => sum + part.Length);
}

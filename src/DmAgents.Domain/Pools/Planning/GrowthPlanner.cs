using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using static DmAgents.Domain.Pools.Planning.DiskParts;
using static DmAgents.Domain.Pools.Planning.Plans;

namespace DmAgents.Domain.Pools.Planning;

/// <summary>Plans the growth of a pool, and examines its future spare disks.</summary>
internal sealed class GrowthPlanner(IKernel kernel, PoolIdentity pool)
{
    private const string What = "cannot grow pool";

    /// <inheritdoc cref="BackingPlanner.PlanGrowth"/>
    public BackingPlan Plan(GrowthRequest request, bool force) =>
        (pool.Backing, request) switch
        {
            (PoolBacking.Disks disks, GrowthRequest.AddDisk add) => PlanDisk(disks, add, force),
            (PoolBacking.Disks disks, GrowthRequest.AddVolume add) => PlanVolume(disks, add),
            (PoolBacking.LoopFiles files, GrowthRequest.EnlargeTo to) => PlanFile(files, to.Budget, to.Size),
            (PoolBacking.LoopFiles files, GrowthRequest.EnlargeBy by) =>
                by.More.Bytes > ulong.MaxValue - SizeOf(files, by.Budget).Bytes
                    ? Unfit($"{by.More} more is more than a file can have").AsPlan()
                    : PlanFile(files, by.Budget, SizeOf(files, by.Budget) + by.More),
            (PoolBacking.Disks, _) => Unfit("it is made of disks: give a device, not a size").AsPlan(),
            (PoolBacking.LoopFiles, _) =>
                Unfit("it is made of loop files, which are enlarged: give a size, not a device").AsPlan(),
            _ => Unfit("another program assembles it, and has to grow it").AsPlan(),
        };

    /// <inheritdoc cref="BackingPlanner.LookAtSpare"/>
    public (DevicePath Disk, Refusal? Refusal) LookAtSpare(DevicePath disk)
    {
        if (pool.Backing is not PoolBacking.Disks disks)
            return (disk, null);
        return PlanDisk(disks, new GrowthRequest.AddDisk(PoolBudget.Data, disk), force: false) switch
        {
            BackingPlan.Planned { Backing: PoolBacking.Disks after } => (after.Data[^1].Disk, null),
            BackingPlan.Refused refused => (disk, refused.Refusal with { What = "cannot make it a spare" }),
            _ => (disk, null),
        };
    }

    private BackingPlan PlanDisk(PoolBacking.Disks disks, GrowthRequest.AddDisk add, bool force)
    {
        var look = new DiskInspection(kernel, What, pool.Uuid, force);
        if (IsAmong(kernel, disks.Data.Concat(disks.Metadata), add.Disk))
            return look.No(RefusalKind.Exists, add.Disk, "the pool has it already", "choose another disk").AsPlan();
        if (look.Look(add.Disk, out var info) is { } no)
            return no.AsPlan();
        var isData = add.Budget == PoolBudget.Data;
        if (isData && SmallerSectors(look, info) is { } smaller)
            return smaller.AsPlan();
        var whole = WholeOf(info, isData ? pool.BlockSize.Bytes : ByteSize.MiB(1));
        var part = isData ? whole : Capped(whole, Sum(disks.Metadata).Sectors);
        if (part.Length == default)
        {
            return look.No(RefusalKind.Invalid, add.Disk, isData
                    ? $"it has no room for a block of {pool.BlockSize}"
                    : $"the metadata have {Sum(disks.Metadata)}, more the kernel does not use",
                "choose a larger disk for the data").AsPlan();
        }
        var after = isData
            ? disks with { Data = disks.Data.Add(part) }
            : disks with { Metadata = disks.Metadata.Add(part) };
        return Continued(after, Sum(after.Data), isData ? NewRemarks(disks, add.Disk, info.Shape) : []);
    }

    /// <summary>Remarks about an added disk beside the pool's disks, without those made before. None about a disk that
    /// cannot be examined: the growth itself fails on it.</summary>
    private ImmutableArray<string> NewRemarks(PoolBacking.Disks disks, DevicePath added, DiskShape shape)
    {
        var before = disks.Data.Select(part => part.Disk).Distinct()
            .Select(disk => (Disk: disk, Look: kernel.Inspect(disk))).Where(disk => disk.Look.Succeeded)
            .Select(disk => (disk.Disk, disk.Look.Value.Shape)).ToList();
        return [.. DiskRemarks.Of([.. before, (added, shape)], pool.BlockSize)
            .Except(DiskRemarks.Of(before, pool.BlockSize))];
    }

    /// <summary>
    /// Refuses data on larger sectors than the pool has. All of the pool's devices would have the larger sectors from
    /// their next activation on, and file systems made for smaller sectors could not be mounted: xfs requires its own
    /// sector size, ext4 at most its block size, and a guest's content is unknown. Live devices would continue with
    /// writes that the added disk refuses. Metadata are not affected: they are read and written in blocks of 4 KiB.
    /// </summary>
    private Refusal? SmallerSectors(DiskInspection look, BlockDeviceInfo disk)
    {
        if (disk.Shape.Sector <= DiskShape.UsualSector)
            return null;
        var has = pool.SectorSize is { } made ? made : PoolSectors.Of(kernel, pool.Backing);
        if (has.Error is { } error)
            return Failed(look.What, pool.Name.Value, error);
        return disk.Shape.Sector <= has.Value
            ? null
            : look.No(RefusalKind.WrongState, disk.StablePath,
                $"it has sectors of {disk.Shape.Sector}, and pool {pool.Name} has sectors of {has.Value}: file systems "
                + "that were made for those could not be mounted any more, and nothing would bring them back",
                PoolSectors.WaysTo(has.Value));
    }

    /// <summary>Checks the group's disks first: a volume on disks with larger sectors would be created in vain, and
    /// remain.</summary>
    private Refusal? SmallerSectors(GrowthRequest.AddVolume add)
    {
        if (add.Budget != PoolBudget.Data)
            return null;
        var look = new DiskInspection(kernel, What, pool.Uuid, Force: false);
        var disks = kernel.DisksOf(add.Volume.Group);
        return disks.Succeeded
            ? disks.Value.Select(kernel.Inspect).Where(disk => disk.Succeeded)
                .Select(disk => SmallerSectors(look, disk.Value)).FirstOrDefault(no => no is not null)
            : null;
    }

    /// <summary>The plan already creates the volume: only an existing one can be examined.</summary>
    private BackingPlan PlanVolume(PoolBacking.Disks disks, GrowthRequest.AddVolume add)
    {
        if (SmallerSectors(add) is { } smaller)
            return smaller.AsPlan();
        var volume = kernel.EnsureVolume(add.Volume, add.Size);
        return volume.Error is { } error
            ? new Refusal(RefusalKind.Failed, What, add.Volume.ToString(), error.ToString(),
                $"look at the group: vgs {add.Volume.Group}").AsPlan()
            : PlanDisk(disks, new GrowthRequest.AddDisk(add.Budget, volume.Value), force: false);
    }

    private BackingPlan PlanFile(PoolBacking.LoopFiles files, PoolBudget budget, ByteSize size)
    {
        var isData = budget == PoolBudget.Data;
        var (part, unit) = isData ? (files.Data, pool.BlockSize.Bytes) : (files.Metadata, ByteSize.KiB(4));
        var wanted = size.RoundDown(unit);
        if (!isData && wanted > MetadataSize.Most)
        {
            return Unfit($"{wanted} for the metadata, of which the kernel uses {MetadataSize.Most} at most")
                .AsPlan();
        }
        if (wanted < part.Size)
            return Unfit($"{part.File} has {part.Size}, and a pool cannot shrink").AsPlan();
        var found = kernel.InspectFile(part.File);
        if (found.Error is { } error)
            return Failed(What, part.File.Value, error).AsPlan();
        var more = wanted - part.Size;
        ImmutableArray<string> warnings = more > found.Value.HostFree
            ? [$"the file system of {part.File} has {found.Value.HostFree} free, less than the {more} that are added"]
            : [];
        var larger = part with { Size = wanted };
        var after = isData ? files with { Data = larger } : files with { Metadata = larger };
        return Continued(after, after.Data.Size, warnings);
    }

    private static ByteSize SizeOf(PoolBacking.LoopFiles files, PoolBudget budget) =>
        budget == PoolBudget.Data ? files.Data.Size : files.Metadata.Size;

    private BackingPlan Continued(PoolBacking after, ByteSize data, ImmutableArray<string> warnings) =>
        BackingGrowth.Continues(pool.Backing, after) is { } why
            ? Unfit(why).AsPlan()
            : new BackingPlan.Planned(after, pool.BlockSize, data, warnings);

    private Refusal Unfit(string why) => new(
        RefusalKind.Invalid, What, pool.Name.Value, why, $"look at what it is made of: dmagent pool show {pool.Name}");
}

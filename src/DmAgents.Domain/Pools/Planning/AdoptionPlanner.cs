using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using static DmAgents.Domain.Pools.Planning.DiskParts;
using static DmAgents.Domain.Pools.Planning.Plans;

namespace DmAgents.Domain.Pools.Planning;

/// <summary>Finds the backing of an existing pool that no journal describes.</summary>
internal sealed class AdoptionPlanner(IKernel kernel)
{
    private const string What = "cannot adopt pool";

    /// <inheritdoc cref="BackingPlanner.PlanAdoption"/>
    public BackingPlan Plan(PoolPaths paths, BackingRequest request, out PoolUuid? owner)
    {
        owner = null;
        return request switch
        {
            BackingRequest.Direct r => FindDirect(paths.Pool, r, out owner),
            BackingRequest.SingleDisk r => FindSingle(paths.Pool, r.Disk, out owner),
            BackingRequest.Loop r => FindLoop(paths, r),
            BackingRequest.Existing r => FindExisting(r.Pool),
            _ => throw new InvalidOperationException($"a planner does not know the request {request.GetType().Name}"),
        };
    }

    private BackingPlan FindDirect(PoolName name, BackingRequest.Direct request, out PoolUuid? owner)
    {
        owner = null;
        var disks = ImmutableArray.CreateBuilder<BlockDeviceInfo>();
        foreach (var disk in request.Data.Add(request.Metadata))
        {
            if (FindDisk(name, disk, ref owner, out var info) is { } no)
                return no.AsPlan();
            if (disks.Any(known => known.Number == info.Number))
                return NotFound(RefusalKind.Invalid, disk.Value, "it is named twice", "name each disk once").AsPlan();
            disks.Add(info);
        }
        var measures = kernel.InspectMetadata(request.Metadata, DiskLabel.Reserved);
        if (!measures.Succeeded)
            return NoMetadata(request.Metadata.Value, measures.Error).AsPlan();
        var (layout, left) = (measures.Value, measures.Value.Data);
        var data = ImmutableArray.CreateBuilder<DiskPart>();
        // All disks but the last are used whole; the last one may have been enlarged since.
        foreach (var disk in disks.Take(request.Data.Length))
        {
            var whole = WholeOf(disk, layout.BlockSize.Bytes);
            var used = data.Count < request.Data.Length - 1 || whole.Length.Bytes < left ? whole.Length.Bytes : left;
            if (left < used || used == ByteSize.Zero)
                return Unfit(disk.StablePath, layout).AsPlan();
            data.Add(whole with { Length = used.Sectors });
            left -= used;
        }
        var metadata = disks[^1];
        return left != ByteSize.Zero || metadata.Size < DiskLabel.Reserved.Bytes + layout.Metadata
            ? Unfit(metadata.StablePath, layout).AsPlan()
            : Planned(
                new PoolBacking.Disks(
                    data.ToImmutable(),
                    [new DiskPart(metadata.StablePath, DiskLabel.Reserved, layout.Metadata.Sectors)]),
                layout.BlockSize, layout.Data,
                data.Count > 1
                    ? ["nothing tells in which order its data lie on the disks; in another one its content is damaged"]
                    : [],
                disks.SkipLast(1).Max(disk => disk.Shape.Sector));
    }

    private BackingPlan FindSingle(PoolName name, DevicePath disk, out PoolUuid? owner)
    {
        owner = null;
        if (FindDisk(name, disk, ref owner, out var info) is { } no)
            return no.AsPlan();
        var measures = kernel.InspectMetadata(disk, DiskLabel.Reserved);
        if (!measures.Succeeded)
            return NoMetadata(disk.Value, measures.Error).AsPlan();
        var layout = measures.Value;
        // If the part is longer than the kernel uses, the metadata do not show where it ends.
        var isTold = layout.Metadata < MetadataSize.Most && layout.Metadata.Bytes % ByteSize.MiB(1).Bytes == 0;
        var start = DiskLabel.Reserved + layout.Metadata.Sectors;
        return !isTold || info.Size < start.Bytes + layout.Data
            ? Unfit(disk, layout).AsPlan()
            : Planned(
                new PoolBacking.Disks(
                    [new DiskPart(info.StablePath, start, layout.Data.Sectors)],
                    [new DiskPart(info.StablePath, DiskLabel.Reserved, layout.Metadata.Sectors)]),
                layout.BlockSize, layout.Data, [], info.Shape.Sector);
    }

    private BackingPlan FindLoop(PoolPaths paths, BackingRequest.Loop request)
    {
        var (dataFile, metadataFile) = paths.FilesIn(request.Directory);
        var (data, metadata) = (kernel.InspectFile(dataFile), kernel.InspectFile(metadataFile));
        if ((data.Error ?? metadata.Error) is { } error)
        {
            return NotFound(
                error.Fault == KernelFault.NotFound ? RefusalKind.NotFound : RefusalKind.Failed,
                error.Subject, error.ToString(), "name the directory with the pool's two files").AsPlan();
        }
        var loop = metadata.Value.Attached is { } attached ? attached : kernel.AttachLoop(metadataFile);
        var measures = loop.Succeeded ? kernel.InspectMetadata(loop.Value, default) : loop.Error;
        if (loop.Succeeded && metadata.Value.Attached is null)
            kernel.DetachLoop(metadataFile);
        if (!measures.Succeeded)
            return NoMetadata(metadataFile.Value, measures.Error).AsPlan();
        var layout = measures.Value;
        return data.Value.Size < layout.Data || metadata.Value.Size < layout.Metadata
            ? Unfit(dataFile.Value, layout).AsPlan()
            : Planned(
                new PoolBacking.LoopFiles(
                    new LoopFilePart(dataFile, layout.Data), new LoopFilePart(metadataFile, metadata.Value.Size)),
                layout.BlockSize, layout.Data, [], DiskShape.UsualSector);
    }

    private BackingPlan FindExisting(MappedName pool)
    {
        var live = kernel.Find(pool);
        if (live.Error is { } missing)
            return LivePoolPlanner.Unusable(pool, missing, What).AsPlan();
        if (live.Value.Uuid.Value.StartsWith(DeviceNames.UuidPrefix, StringComparison.Ordinal))
        {
            return NotFound(RefusalKind.WrongState, pool.Value, "the agent itself made it live of what it lies on",
                "name that: --disk, --data and --metadata, or --loop").AsPlan();
        }
        var status = kernel.PoolStatus(pool);
        return status.Error is { } noStatus
            ? LivePoolPlanner.Unusable(pool, noStatus, What).AsPlan()
            : new LivePoolPlanner(kernel).PlanLive(pool, live.Value, status.Value, What);
    }

    private Refusal? FindDisk(PoolName name, DevicePath disk, ref PoolUuid? owner, out BlockDeviceInfo info)
    {
        var inspected = kernel.Inspect(disk);
        info = inspected.Succeeded ? inspected.Value : null!;
        Span<byte> start = new byte[DiskLabel.Length];
        var read = inspected.Outcome.Succeeded ? kernel.Read(disk, ByteSize.Zero, start) : inspected.Outcome;
        if (read.Error is { } error)
        {
            return NotFound(
                error.Fault == KernelFault.NotFound ? RefusalKind.NotFound : RefusalKind.Failed,
                disk.Value, error.ToString(), "list the disks there are: lsblk");
        }
        if (DiskLabel.Read(start) is not { } label)
        {
            return NotFound(RefusalKind.WrongState, disk.Value, "it carries no label of a pool",
                "name the disks that the pool was made of");
        }
        if (label.Name != name)
        {
            return NotFound(RefusalKind.WrongState, disk.Value, $"it belongs to pool {label.Name} ({label.Pool})",
                $"adopt that one: dmagent pool adopt {label.Name}");
        }
        if (owner is { } known && known != label.Pool)
        {
            return NotFound(RefusalKind.WrongState, disk.Value, $"it belongs to {label.Pool}, and others to {known}",
                "name the disks of one pool");
        }
        owner = label.Pool;
        return null;
    }

    private static Refusal NoMetadata(string subject, KernelError error) => NotFound(
        RefusalKind.Failed, subject, $"there are no metadata of a pool where they should be: {error}",
        "name the disk or file that has them");

    private static Refusal Unfit(object subject, MetadataLayout layout) => NotFound(
        RefusalKind.WrongState, subject.ToString()!,
        $"by its metadata the pool has {layout.Data} of data in blocks of {layout.BlockSize}, and metadata of "
        + $"{layout.Metadata}: that is not what is named",
        "name what the pool is made of, in its order; --data and --metadata for several disks, --disk for one");

    private static Refusal NotFound(RefusalKind kind, string subject, string why, string next) =>
        new(kind, What, subject, why, next);
}

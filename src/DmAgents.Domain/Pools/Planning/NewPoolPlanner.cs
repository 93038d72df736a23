using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using static DmAgents.Domain.Pools.Planning.DiskParts;
using static DmAgents.Domain.Pools.Planning.Plans;

namespace DmAgents.Domain.Pools.Planning;

/// <summary>Plans a pool that the agent creates on blank disks or in new files.</summary>
internal sealed class NewPoolPlanner(IKernel kernel, PoolBlockSize blockSize)
{
    /// <summary>What such a plan is for, in the text of its refusals.</summary>
    public const string What = "cannot create pool";

    public BackingPlan Plan(PoolPaths paths, BackingRequest request, bool force) =>
        request switch
        {
            BackingRequest.Direct r => PlanDirect(r, new DiskInspection(kernel, What, Own: null, force)),
            BackingRequest.SingleDisk r => PlanSingle(r, new DiskInspection(kernel, What, Own: null, force)),
            BackingRequest.Loop r => PlanLoop(paths, r),
            _ => throw new InvalidOperationException($"a planner does not know the request {request.GetType().Name}"),
        };

    private BackingPlan PlanDirect(BackingRequest.Direct request, DiskInspection look)
    {
        if (request.Data.IsDefaultOrEmpty)
        {
            return look.No(RefusalKind.Invalid, request.Metadata, "no disk for the data was given", "name one or more")
                .AsPlan();
        }
        var parts = ImmutableArray.CreateBuilder<DiskPart>();
        var shapes = ImmutableArray.CreateBuilder<(DevicePath Disk, DiskShape Shape)>();
        var seen = new HashSet<DeviceNumber>();
        foreach (var disk in request.Data.Add(request.Metadata))
        {
            if (look.Look(disk, out var info) is { } no)
                return no.AsPlan();
            if (!seen.Add(info.Number))
                return look.No(RefusalKind.Invalid, disk, "it is named twice", "name each disk once").AsPlan();
            shapes.Add((disk, info.Shape));
            parts.Add(WholeOf(info, parts.Count < request.Data.Length ? blockSize.Bytes : ByteSize.MiB(1)));
        }
        var metadata = parts[^1];
        parts.RemoveAt(parts.Count - 1);
        shapes.RemoveAt(shapes.Count - 1);
        if (parts.FirstOrDefault(part => part.Length == default) is { } none)
            return look.No(RefusalKind.Invalid, none.Disk, $"it has no room for a block of {blockSize}",
                "choose a larger disk or smaller blocks").AsPlan();
        var data = Sum(parts);
        return Sizes(request.Data[0].Value, data, request.Metadata.Value, metadata.Length.Bytes) is { } unfit
            ? unfit
            : Planned(new PoolBacking.Disks(parts.ToImmutable(), [Capped(metadata, default)]), blockSize, data,
                [.. Sparing(metadata.Length.Bytes, data), .. DiskRemarks.Of(shapes, blockSize)],
                shapes.Max(disk => disk.Shape.Sector));
    }

    private BackingPlan PlanSingle(BackingRequest.SingleDisk request, DiskInspection look)
    {
        var disk = request.Disk;
        if (look.Look(disk, out var info) is { } no)
            return no.AsPlan();
        var usable = info.Size - DiskLabel.Reserved.Bytes;
        var metadata = (request.MetadataSize ?? PoolSizes.MetadataFor(usable, blockSize)).RoundUp(ByteSize.MiB(1));
        if (metadata >= usable)
        {
            return look.No(RefusalKind.NoSpace, disk,
                $"it has {info.Size}, of which the metadata alone take {metadata}",
                "choose a larger disk, or give a smaller size for the metadata").AsPlan();
        }
        var data = (usable - metadata).RoundDown(blockSize.Bytes);
        var start = DiskLabel.Reserved;
        // The data come last, so that they can grow with the disk.
        var backing = new PoolBacking.Disks(
            [new DiskPart(info.StablePath, start + metadata.Sectors, data.Sectors)],
            [new DiskPart(info.StablePath, start, metadata.Sectors)]);
        return Sizes(disk.Value, data, disk.Value, metadata) is { } unfit
            ? unfit
            : Planned(backing, blockSize, data,
                [.. Sparing(metadata, data), .. DiskRemarks.Of([(disk, info.Shape)], blockSize)],
                info.Shape.Sector);
    }

    private BackingPlan PlanLoop(PoolPaths paths, BackingRequest.Loop request)
    {
        var (dataFile, metadataFile) = paths.FilesIn(request.Directory);
        foreach (var file in new[] { dataFile, metadataFile })
        {
            var found = kernel.InspectFile(file);
            if (found.Succeeded)
            {
                return new Refusal(RefusalKind.Exists, What, file.Value, "there is such a file already",
                    "remove it if no pool needs it, or give another directory").AsPlan();
            }
            if (!found.FailedWith(KernelFault.NotFound))
                return Failed(What, file.Value, found.Error).AsPlan();
        }
        var data = request.DataSize.RoundDown(blockSize.Bytes);
        var metadata = (request.MetadataSize ?? PoolSizes.MetadataFor(data, blockSize)).RoundDown(ByteSize.KiB(4));
        return Sizes(dataFile.Value, data, metadataFile.Value, metadata) is { } unfit
            ? unfit
            : Planned(
                new PoolBacking.LoopFiles(new LoopFilePart(dataFile, data), new LoopFilePart(metadataFile, metadata)),
                blockSize, data, Sparing(metadata, data), DiskShape.UsualSector);
    }

    private BackingPlan.Refused? Sizes(
        string dataSubject, ByteSize data, string metadataSubject, ByteSize metadata)
    {
        if (data < PoolSizes.LeastData || data < blockSize.Bytes)
        {
            var least = PoolSizes.LeastData < blockSize.Bytes ? blockSize.Bytes : PoolSizes.LeastData;
            return new Refusal(RefusalKind.Invalid, What, dataSubject,
                $"{data} for the data, and a pool needs {least} at least", $"give {least} or more").AsPlan();
        }
        var needed = PoolSizes.LeastMetadataFor(data, blockSize);
        return metadata < needed
            ? new Refusal(RefusalKind.Invalid, What, metadataSubject,
                $"{metadata} for the metadata, and {data} of data in blocks of {blockSize} need {needed} at least",
                $"give {PoolSizes.MetadataFor(data, blockSize)}, or larger blocks").AsPlan()
            : null;
    }

    private ImmutableArray<string> Sparing(ByteSize metadata, ByteSize data)
    {
        var advised = PoolSizes.MetadataFor(data, blockSize);
        return metadata < advised
            ? [$"the metadata have {metadata}; with many snapshots {data} of data need up to {advised}"]
            : [];
    }
}

using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Planning;

/// <summary>
/// Turns an operator's request into a backing, or explains why it is impossible. Examines disks and files through the
/// ports, and writes nothing.
/// </summary>
public sealed partial class BackingPlanner(IKernel kernel)
{
    private const string Creates = "cannot create pool";

    /// <summary>Plans a new pool.</summary>
    /// <param name="paths">The pool's future paths.</param>
    /// <param name="blockSize">The new pool's block size; an existing one keeps its own.</param>
    /// <param name="force">Overwrite the content of the disks.</param>
    public BackingPlan Plan(PoolPaths paths, BackingRequest request, PoolBlockSize blockSize, bool force) =>
        request switch
        {
            BackingRequest.Direct r => PlanDirect(r, blockSize, new DiskInspection(kernel, Creates, Own: null, force)),
            BackingRequest.SingleDisk r =>
                PlanSingle(r, blockSize, new DiskInspection(kernel, Creates, Own: null, force)),
            BackingRequest.Loop r => PlanLoop(paths, r, blockSize),
            BackingRequest.Existing r => PlanExisting(r.Pool),
            _ => throw new InvalidOperationException($"a planner does not know the request {request.GetType().Name}"),
        };

    private static BackingPlan PlanDirect(BackingRequest.Direct request, PoolBlockSize blockSize, DiskInspection look)
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
        return Sizes(look, request.Data[0], data, request.Metadata, metadata.Length.Bytes, blockSize) is { } unfit
            ? unfit
            : Planned(new PoolBacking.Disks(parts.ToImmutable(), [Capped(metadata, default)]), blockSize, data,
                [.. Sparing(metadata.Length.Bytes, data, blockSize), .. DiskRemarks.Of(shapes, blockSize)],
                shapes.Max(disk => disk.Shape.Sector));
    }

    private static BackingPlan PlanSingle(
        BackingRequest.SingleDisk request, PoolBlockSize blockSize, DiskInspection look)
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
        return Sizes(look, disk, data, disk, metadata, blockSize) is { } unfit
            ? unfit
            : Planned(backing, blockSize, data,
                [.. Sparing(metadata, data, blockSize), .. DiskRemarks.Of([(disk, info.Shape)], blockSize)],
                info.Shape.Sector);
    }

    private BackingPlan PlanLoop(PoolPaths paths, BackingRequest.Loop request, PoolBlockSize blockSize)
    {
        var (dataFile, metadataFile) = FilesOf(paths, request.Directory);
        foreach (var file in new[] { dataFile, metadataFile })
        {
            var found = kernel.InspectFile(file);
            if (found.Succeeded)
            {
                return new Refusal(RefusalKind.Exists, Creates, file.Value, "there is such a file already",
                    "remove it if no pool needs it, or give another directory").AsPlan();
            }
            if (!found.FailedWith(KernelFault.NotFound))
                return Failed(Creates, file.Value, found.Error).AsPlan();
        }
        var data = request.DataSize.RoundDown(blockSize.Bytes);
        var metadata = (request.MetadataSize ?? PoolSizes.MetadataFor(data, blockSize)).RoundDown(ByteSize.KiB(4));
        return Sizes(dataFile.Value, data, metadataFile.Value, metadata, blockSize) is { } unfit
            ? unfit
            : Planned(
                new PoolBacking.LoopFiles(new LoopFilePart(dataFile, data), new LoopFilePart(metadataFile, metadata)),
                blockSize, data, Sparing(metadata, data, blockSize), DiskShape.UsualSector);
    }

    private static (LoopFile Data, LoopFile Metadata) FilesOf(PoolPaths paths, MountPath? directory) =>
        directory is { } own && own.Value != paths.Root
            ? (new LoopFile($"{own}/{paths.Pool}-data.img"), new LoopFile($"{own}/{paths.Pool}-metadata.img"))
            : (paths.DataFile, paths.MetadataFile);

    private static BackingPlan.Planned Planned(
        PoolBacking backing, PoolBlockSize blockSize, ByteSize data, ImmutableArray<string> warnings,
        ByteSize sectors) =>
        new(backing, blockSize, data, warnings) { SectorSize = sectors };

    /// <summary>The disk after its label, in whole <paramref name="unit"/>s.</summary>
    private static DiskPart WholeOf(BlockDeviceInfo disk, ByteSize unit) => new(
        disk.StablePath, DiskLabel.Reserved, (disk.Size - DiskLabel.Reserved.Bytes).RoundDown(unit).Sectors);

    /// <summary>The part of a metadata disk that the kernel can use in addition to the present metadata.</summary>
    private static DiskPart Capped(DiskPart part, SectorCount before)
    {
        var most = MetadataSize.Most.Sectors - before;
        return part.Length > most ? part with { Length = most } : part;
    }

    private static ByteSize Sum(IEnumerable<DiskPart> parts) =>
        parts.Aggregate(default(SectorCount), (sum, part) => sum + part.Length).Bytes;

    private static BackingPlan.Refused? Sizes(
        DiskInspection look, DevicePath dataDisk, ByteSize data, DevicePath metadataDisk, ByteSize metadata,
        PoolBlockSize blockSize) =>
        Sizes(dataDisk.Value, data, metadataDisk.Value, metadata, blockSize, look.What);

    private static BackingPlan.Refused? Sizes(
        string dataSubject, ByteSize data, string metadataSubject, ByteSize metadata, PoolBlockSize blockSize,
        string what = Creates)
    {
        if (data < PoolSizes.LeastData || data < blockSize.Bytes)
        {
            var least = PoolSizes.LeastData < blockSize.Bytes ? blockSize.Bytes : PoolSizes.LeastData;
            return new Refusal(RefusalKind.Invalid, what, dataSubject,
                $"{data} for the data, and a pool needs {least} at least", $"give {least} or more").AsPlan();
        }
        var needed = PoolSizes.LeastMetadataFor(data, blockSize);
        return metadata < needed
            ? new Refusal(RefusalKind.Invalid, what, metadataSubject,
                $"{metadata} for the metadata, and {data} of data in blocks of {blockSize} need {needed} at least",
                $"give {PoolSizes.MetadataFor(data, blockSize)}, or larger blocks").AsPlan()
            : null;
    }

    private static ImmutableArray<string> Sparing(ByteSize metadata, ByteSize data, PoolBlockSize blockSize)
    {
        var advised = PoolSizes.MetadataFor(data, blockSize);
        return metadata < advised
            ? [$"the metadata have {metadata}; with many snapshots {data} of data need up to {advised}"]
            : [];
    }

    private static Refusal Failed(string what, string subject, KernelError error) =>
        new(RefusalKind.Failed, what, subject, error.ToString(), "see the kernel's log: dmesg");
}

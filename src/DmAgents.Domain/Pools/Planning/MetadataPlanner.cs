using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using static DmAgents.Domain.Pools.Planning.DiskParts;
using static DmAgents.Domain.Pools.Planning.Plans;

namespace DmAgents.Domain.Pools.Planning;

/// <summary>Plans a place for metadata that replace a pool's present ones.</summary>
/// <param name="what">What the plan is for, in the text of a refusal.</param>
internal sealed class MetadataPlanner(
    IKernel kernel, PoolIdentity pool, ImmutableArray<KeptMetadata> kept, string what)
{
    /// <inheritdoc cref="BackingPlanner.PlanMetadata"/>
    public BackingPlan Plan(ImmutableArray<DevicePath> spares, DevicePath? into, bool force) => pool.Backing switch
    {
        PoolBacking.LoopFiles when into is { } disk => new Refusal(RefusalKind.Invalid, what, disk.Value,
            $"pool {pool.Name} is made of files, and so are its metadata", "leave the device out").AsPlan(),
        PoolBacking.LoopFiles files => OnFile(files),
        PoolBacking.Disks disks when into is { } disk => OnDisk(disks, disk, force),
        PoolBacking.Disks disks => spares
            .Select(spare => OnDisk(disks, spare, force: false))
            .FirstOrDefault(plan => plan is BackingPlan.Planned) ?? NoSpare(disks, spares),
        _ => new Refusal(RefusalKind.WrongState, what, pool.Name.Value, "another program assembles it",
            "repair it with that program").AsPlan(),
    };

    private BackingPlan OnFile(PoolBacking.LoopFiles files)
    {
        var taken = kept.Select(k => k.File?.File).Append(files.Metadata.File).ToHashSet();
        var first = taken.Select(file => file?.Value).Where(file => file is not null).MinBy(file => file!.Length)!;
        var stem = first.EndsWith(".img", StringComparison.Ordinal) ? first[..^4] : first;
        var next = Enumerable.Range(2, taken.Count + 1).Select(i => new LoopFile($"{stem}-{i}.img"))
            .First(file => !taken.Contains(file));
        var present = kernel.InspectFile(files.Metadata.File);
        if (present.Error is { } error && error.Fault != KernelFault.NotFound)
            return Failed(what, files.Metadata.File.Value, error).AsPlan();
        ImmutableArray<string> warnings = present.Succeeded && present.Value.HostFree < files.Metadata.Size
            ? [$"the file system of {next} has {present.Value.HostFree} free, "
                + $"and the file may come to take {files.Metadata.Size}"]
            : [];
        return new BackingPlan.Planned(
            files with { Metadata = new LoopFilePart(next, files.Metadata.Size) }, pool.BlockSize, files.Data.Size,
            warnings);
    }

    private BackingPlan OnDisk(PoolBacking.Disks disks, DevicePath disk, bool force)
    {
        var look = new DiskInspection(kernel, what, pool.Uuid, force);
        if (IsAmong(kernel, disks.Data.Concat(disks.Metadata).Concat(kept.SelectMany(k => k.Parts)), disk))
        {
            return look.No(RefusalKind.Exists, disk, "it holds something of the pool already", "choose another disk")
                .AsPlan();
        }
        if (look.Look(disk, out var info) is { } no)
            return no.AsPlan();
        var least = Sum(disks.Metadata);
        var part = Capped(WholeOf(info, ByteSize.MiB(1)), default);
        return part.Length.Bytes < least
            ? look.No(RefusalKind.NoSpace, disk,
                $"it has room for {part.Length.Bytes} of metadata, and the pool's have {least}",
                "choose a larger disk").AsPlan()
            : new BackingPlan.Planned(disks with { Metadata = [part] }, pool.BlockSize, Sum(disks.Data), []);
    }

    private BackingPlan.Refused NoSpare(PoolBacking.Disks disks, ImmutableArray<DevicePath> spares) =>
        new Refusal(RefusalKind.NoSpace, what, pool.Name.Value,
            spares.IsEmpty
                ? $"it has no spare disk for other metadata, which need {Sum(disks.Metadata)}"
                : $"none of its spare disks ({string.Join(", ", spares)}) can take other metadata, which need "
                    + $"{Sum(disks.Metadata)}",
            $"name a blank disk with --into, or give the pool one: dmagent pool spare add {pool.Name} DISK").AsPlan();
}

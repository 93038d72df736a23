using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Mending;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Planning;

public sealed partial class BackingPlanner
{
    /// <summary>Plans a place for replacement metadata beside the present ones: a file beside a loop file; for a pool
    /// of disks the named disk, or its first spare disk that is large enough.</summary>
    /// <param name="into">Null: one of the spares.</param>
    /// <param name="force">Overwrite the content of the named disk.</param>
    public BackingPlan PlanMetadata(
        PoolIdentity pool, ImmutableArray<KeptMetadata> kept, ImmutableArray<DevicePath> spares, DevicePath? into,
        bool force, string what) => pool.Backing switch
        {
            PoolBacking.LoopFiles when into is { } disk => new Refusal(RefusalKind.Invalid, what, disk.Value,
                $"pool {pool.Name} is made of files, and so are its metadata", "leave the device out").AsPlan(),
            PoolBacking.LoopFiles files => PlanMetadataFile(pool, kept, files, what),
            PoolBacking.Disks disks when into is { } disk => PlanMetadataDisk(pool, kept, disks, disk, force, what),
            PoolBacking.Disks disks => spares
                .Select(spare => PlanMetadataDisk(pool, kept, disks, spare, force: false, what))
                .FirstOrDefault(plan => plan is BackingPlan.Planned) ?? NoSpare(pool, disks, spares, what),
            _ => new Refusal(RefusalKind.WrongState, what, pool.Name.Value, "someone else assembles it",
                "let whoever does it repair it").AsPlan(),
        };

    private BackingPlan PlanMetadataFile(
        PoolIdentity pool, ImmutableArray<KeptMetadata> kept, PoolBacking.LoopFiles files, string what)
    {
        var taken = kept.Select(k => k.File?.File).Append(files.Metadata.File).ToHashSet();
        var first = taken.Select(file => file?.Value).Where(file => file is not null).MinBy(file => file!.Length)!;
        var stem = first.EndsWith(".img", StringComparison.Ordinal) ? first[..^4] : first;
        var next = Enumerable.Range(2, taken.Count + 1).Select(i => new LoopFile($"{stem}-{i}.img"))
            .First(file => !taken.Contains(file));
        var present = kernel.InspectFile(files.Metadata.File);
        if (present.Error is { } error && error.Fault != Ports.KernelFault.NotFound)
            return Failed(what, files.Metadata.File.Value, error).AsPlan();
        ImmutableArray<string> warnings = present.Succeeded && present.Value.HostFree < files.Metadata.Size
            ? [$"the file system of {next} has {present.Value.HostFree} free, "
                + $"and the file may come to take {files.Metadata.Size}"]
            : [];
        return new BackingPlan.Planned(
            files with { Metadata = new LoopFilePart(next, files.Metadata.Size) }, pool.BlockSize, files.Data.Size,
            warnings);
    }

    private BackingPlan PlanMetadataDisk(
        PoolIdentity pool, ImmutableArray<KeptMetadata> kept, PoolBacking.Disks disks, DevicePath disk, bool force,
        string what)
    {
        var look = new DiskInspection(kernel, what, pool.Uuid, force);
        if (IsPartOf(disks, disk)
            || IsPartOf(new PoolBacking.Disks([.. kept.SelectMany(k => k.Parts)], []), disk))
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

    private static BackingPlan.Refused NoSpare(
        PoolIdentity pool, PoolBacking.Disks disks, ImmutableArray<DevicePath> spares, string what) =>
        new Refusal(RefusalKind.NoSpace, what, pool.Name.Value,
            spares.IsEmpty
                ? $"it has no spare disk for other metadata, which need {Sum(disks.Metadata)}"
                : $"none of its spare disks ({string.Join(", ", spares)}) can take other metadata, which need "
                    + $"{Sum(disks.Metadata)}",
            $"name a blank disk with --into, or give the pool one: dmagent pool spare add {pool.Name} DISK").AsPlan();
}

using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;

namespace DmAgents.Domain.Pools.Metadata;

/// <summary>Whether a pool's metadata may be replaced now. Pure.</summary>
public static class MetadataRepairDecider
{
    private const int MostNames = 8;

    /// <param name="state">The state by the journal.</param>
    /// <param name="health">The latest status; null if the agent does not know the pool to be live.</param>
    /// <param name="source">The source of the replacement.</param>
    /// <param name="next">The pool's backing with the replacement; null if there is no place for one.</param>
    /// <returns>The obstacle; null if there is none.</returns>
    public static Refusal? Refuse(PoolState state, PoolHealth? health, MetadataSource source, PoolBacking? next)
    {
        var what = What(source);
        var name = state.Identity!.Name.Value;
        if (state.Identity.Backing is PoolBacking.Existing existing)
            return NotOurs(what, name, existing);
        if (Foreign(state, what) is { } foreign)
            return foreign;
        if (health is { CanChange: true } && source is MetadataSource.Present)
        {
            return new Refusal(RefusalKind.WrongState, what, name,
                "the kernel uses its metadata without complaint: there is nothing to repair",
                $"see whether journal and pool agree: dmagent pool check {name}");
        }
        if (health is { Condition: not PoolCondition.Failed } && Mounted(state) is { } mounted)
        {
            return new Refusal(RefusalKind.Busy, what, name,
                $"it has to be taken down for that, and these are mounted: {mounted}",
                "unmount them first: dmagent container unmount");
        }
        return next is not null && Unfit(state, next) is { } why
            ? new Refusal(RefusalKind.Invalid, what, name, why, $"see what it is made of: dmagent pool show {name}")
            : null;
    }

    /// <summary>Refuses to replace or delete metadata of a pool that may be returned to another program, which would
    /// start with the metadata that it had.</summary>
    /// <returns>Null if no other program may get the pool back.</returns>
    public static Refusal? Foreign(PoolState state, string what) => state.Takeover is { IsConfirmed: false } takeover
        ? new Refusal(RefusalKind.WrongState, what, state.Identity!.Name.Value,
            $"it is {takeover.Program}'s until the adoption is confirmed",
            $"confirm it or give it back first: dmagent pool adopt-docker --confirm {state.Identity.Name}")
        : null;

    /// <summary>The journal's facts about the pool, for metadata that no longer have them.</summary>
    public static MetadataShape ShapeOf(PoolState state)
    {
        var pool = state.Identity!;
        var data = pool.Backing switch
        {
            PoolBacking.Disks disks => disks.Data.Aggregate(0UL, (sum, part) => sum + part.Length.Value),
            PoolBacking.LoopFiles files => files.Data.Size.Sectors.Value,
            _ => 0UL,
        };
        return new MetadataShape(state.Checkpoint.Reached, pool.BlockSize, data / pool.BlockSize.Sectors.Value);
    }

    public static string What(MetadataSource source) =>
        source is MetadataSource.Backup ? "cannot restore metadata" : "cannot repair metadata";

    /// <summary>The backing must have the same blocks, and its metadata on a file or disks that hold nothing of the
    /// pool.</summary>
    private static string? Unfit(PoolState state, PoolBacking next)
    {
        switch (state.Identity!.Backing, next)
        {
            case (PoolBacking.LoopFiles old, PoolBacking.LoopFiles @new):
                return old.Data != @new.Data ? "its blocks stay where they are"
                    : old.Metadata.File == @new.Metadata.File
                        || state.Kept.Any(kept => kept.File?.File == @new.Metadata.File)
                        ? $"{@new.Metadata.File} holds metadata of the pool"
                    : @new.Metadata.Size < old.Metadata.Size ? "its metadata cannot become smaller"
                    : null;
            case (PoolBacking.Disks old, PoolBacking.Disks @new):
                var taken = old.Data.Concat(old.Metadata).Concat(state.Kept.SelectMany(kept => kept.Parts))
                    .Select(part => part.Disk).ToHashSet();
                return !old.Data.SequenceEqual(@new.Data) ? "its blocks stay where they are"
                    : @new.Metadata.Where(part => taken.Contains(part.Disk)).Select(part => part.Disk.Value)
                        .FirstOrDefault() is { } disk ? $"{disk} holds something of the pool"
                    : Length(@new) < Length(old) ? "its metadata cannot become smaller"
                    : null;
            default:
                return "a pool does not change from disks to files, nor back";
        }
    }

    private static ulong Length(PoolBacking.Disks disks) =>
        disks.Metadata.Aggregate(0UL, (sum, part) => sum + part.Length.Value);

    private static string? Mounted(PoolState state)
    {
        var names = state.Devices.Values.Where(d => d is { IsPresent: true, Use: DeviceUse.Mounted })
            .Select(d => d.Key.Name).Order(StringComparer.Ordinal).ToList();
        return names.Count switch
        {
            0 => null,
            <= MostNames => string.Join(", ", names),
            _ => $"{string.Join(", ", names.Take(MostNames))} and {names.Count - MostNames} more",
        };
    }

    private static Refusal NotOurs(string what, string name, PoolBacking.Existing existing) => new(
        RefusalKind.WrongState, what, name, "another program assembles it, and has to repair it",
        existing.OwnedByLvm
            ? "with everything of it unmounted: systemctl stop dmagentd; lvchange -an VG/POOL; "
                + "lvconvert --repair VG/POOL; lvchange -ay VG/POOL; systemctl start dmagentd"
            : "stop the agent, take the pool down, and run thin_repair -i METADATA -o SPARE on its metadata device");
}

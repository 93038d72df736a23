using System.Collections.Immutable;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools;

/// <summary>Whether one backing extends another: growth appends parts or lengthens a last one, and never moves or cuts
/// them.</summary>
public static class BackingGrowth
{
    /// <summary>Null if <paramref name="after"/> extends <paramref name="before"/>; otherwise the reason, for
    /// people.</summary>
    public static string? Continues(PoolBacking before, PoolBacking after) => (before, after) switch
    {
        (PoolBacking.Existing, _) => "another program assembles it, and has to grow it",
        (PoolBacking.Disks old, PoolBacking.Disks @new) =>
            Continues(old.Data, @new.Data) ?? Continues(old.Metadata, @new.Metadata)
            ?? (old.Equals(@new) ? "it is that large already" : null),
        (PoolBacking.LoopFiles old, PoolBacking.LoopFiles @new) =>
            Continues(old.Data, @new.Data) ?? Continues(old.Metadata, @new.Metadata)
            ?? (old == @new ? "it is that large already" : null),
        (PoolBacking.LoopFiles, _) => "it is made of loop files, which are enlarged: give a size, not a device",
        _ => "it is made of disks: give a device, not a size",
    };

    private static string? Continues(ImmutableArray<DiskPart> before, ImmutableArray<DiskPart> after)
    {
        if (after.Length < before.Length)
            return "a pool cannot shrink";
        for (var i = 0; i < before.Length; i++)
        {
            var isLast = i == before.Length - 1;
            var (old, @new) = (before[i], after[i]);
            if (old.Disk != @new.Disk || old.Start != @new.Start)
                return "its parts cannot move";
            if (@new.Length < old.Length)
                return "a pool cannot shrink";
            if (@new.Length > old.Length && !isLast)
                return "only its last part can become longer";
        }
        return after.Any(part => part.Length == default) ? "a part of no length" : null;
    }

    private static string? Continues(LoopFilePart before, LoopFilePart after) =>
        before.File != after.File ? "its files cannot move"
        : after.Size < before.Size ? "a pool cannot shrink"
        : after.Size.Bytes % SectorCount.BytesPerSector != 0 ? "a size is a multiple of 512 bytes"
        : null;
}

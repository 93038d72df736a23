using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;

namespace DmAgents.Domain.Pools.Planning;

/// <summary>What an operator should know about the disks with a pool's blocks. None of it makes a pool
/// incorrect.</summary>
public static class DiskRemarks
{
    public static IEnumerable<string> Of(
        IReadOnlyCollection<(DevicePath Disk, DiskShape Shape)> disks, PoolBlockSize blockSize)
    {
        if (disks.Select(disk => disk.Shape.Sector).Distinct().Count() > 1)
        {
            yield return $"its disks have sectors of {string.Join(" and ", disks.Select(disk => disk.Shape.Sector)
                .Distinct().Order())}: all of its devices have the largest";
        }
        // dm-thin's own condition: below it, dm-thin stops passing discards down.
        var without = disks.Where(disk => disk.Shape.LongestDiscard < blockSize.Bytes)
            .Select(disk => disk.Disk).ToList();
        if (without.Count > 0 && without.Count < disks.Count)
        {
            yield return $"{string.Join(", ", without)} takes no discard of a whole block of {blockSize}: no disk of the "
                + "pool gets discards";
        }
        foreach (var (disk, shape) in disks)
        {
            if (shape.IsRemovable)
                yield return $"the medium of {disk} can be taken out: with it all of the pool goes";
            if (shape.IsMisaligned)
                yield return $"{disk} does not begin on a physical block of {shape.PhysicalSector}: writes are slow";
        }
    }
}

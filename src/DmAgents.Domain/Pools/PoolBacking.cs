using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools;

/// <summary>What a pool is made of.</summary>
public abstract record PoolBacking
{
    private PoolBacking()
    {
    }

    /// <summary>Parts of disks, joined by linear devices.</summary>
    /// <param name="Data">The parts with the blocks; growth appends, or lengthens the last.</param>
    /// <param name="Metadata">The parts with the metadata.</param>
    public sealed record Disks(ImmutableArray<DiskPart> Data, ImmutableArray<DiskPart> Metadata) : PoolBacking
    {
        public bool Equals(Disks? other) =>
            other is not null && Data.SequenceEqual(other.Data) && Metadata.SequenceEqual(other.Metadata);

        public override int GetHashCode() => HashCode.Combine(Data.Length, Metadata.Length, Data[0]);
    }

    /// <summary>Files that the agent made, through loop devices: for trying out.</summary>
    public sealed record LoopFiles(LoopFilePart Data, LoopFilePart Metadata) : PoolBacking;

    /// <summary>A pool that someone else assembles before the agent starts; the agent never takes it down.</summary>
    /// <param name="Pool">Its mapped device.</param>
    /// <param name="OwnedByLvm">LVM keeps its own count in the transaction id: the agent leaves it alone.</param>
    public sealed record Existing(MappedName Pool, bool OwnedByLvm) : PoolBacking;
}

/// <summary>A part of a disk.</summary>
/// <param name="Disk">The disk, by a path that survives reboots where there is one.</param>
/// <param name="Start">Where the part begins; before the first part of a disk lies the disk's label.</param>
/// <param name="Length">Its length.</param>
public sealed record DiskPart(DevicePath Disk, SectorCount Start, SectorCount Length);

/// <summary>A loop file and how large it is to be.</summary>
public sealed record LoopFilePart(LoopFile File, ByteSize Size);

using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools;

/// <summary>The devices or files that a pool consists of.</summary>
public abstract record PoolBacking
{
    private PoolBacking()
    {
    }

    /// <summary>Parts of disks, concatenated by linear devices.</summary>
    /// <param name="Data">The parts with data; growth appends a part, or lengthens the last.</param>
    /// <param name="Metadata">The parts with metadata.</param>
    public sealed record Disks(ImmutableArray<DiskPart> Data, ImmutableArray<DiskPart> Metadata) : PoolBacking
    {
        public bool Equals(Disks? other) =>
            other is not null && Data.SequenceEqual(other.Data) && Metadata.SequenceEqual(other.Metadata);

        public override int GetHashCode() => HashCode.Combine(Data.Length, Metadata.Length, Data[0]);
    }

    /// <summary>Files that the agent created, through loop devices, for trials.</summary>
    public sealed record LoopFiles(LoopFilePart Data, LoopFilePart Metadata) : PoolBacking;

    /// <summary>A pool that another program assembles before the agent starts; the agent never deactivates
    /// it.</summary>
    /// <param name="Pool">Its mapped device.</param>
    /// <param name="OwnedByLvm">LVM uses the transaction id itself: the agent does not change it.</param>
    public sealed record Existing(MappedName Pool, bool OwnedByLvm) : PoolBacking;
}

/// <summary>A part of a disk.</summary>
/// <param name="Disk">The disk, by a path that survives reboots if there is one.</param>
/// <param name="Start">Where the part starts; the disk's label lies before its first part.</param>
/// <param name="Length">Its length.</param>
public sealed record DiskPart(DevicePath Disk, SectorCount Start, SectorCount Length);

/// <summary>A loop file and its intended size.</summary>
public sealed record LoopFilePart(LoopFile File, ByteSize Size);

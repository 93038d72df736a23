using DmAgents.Domain.Units;

namespace DmAgents.Domain.Ports;

/// <summary>What a block device demands of its users, and what it can do. The default is a plain disk.</summary>
public sealed record DiskShape
{
    /// <summary>The sectors that the first disks had, and most present themselves with still.</summary>
    public static ByteSize UsualSector { get; } = new(512);

    /// <summary>The largest that the agent's file systems and the kernel's pool metadata can be read by: both have
    /// blocks of 4 KiB.</summary>
    public static ByteSize LargestSector { get; } = ByteSize.KiB(4);

    public static DiskShape Plain { get; } = new();

    /// <summary>The logical block size: nothing smaller is read or written. What stacks devices takes the largest.
    /// </summary>
    public ByteSize Sector { get; init; } = UsualSector;

    /// <summary>The physical block size: a smaller write is slow, and not wrong.</summary>
    public ByteSize PhysicalSector { get; init; } = UsualSector;

    /// <summary>The device does not begin on one of its physical blocks.</summary>
    public bool IsMisaligned { get; init; }

    /// <summary>The most that one discard gives back; zero where the device takes none.</summary>
    public ByteSize LongestDiscard { get; init; } = ByteSize.GiB(2);

    /// <summary>Its zones can only be written from their start to their end (host-managed).</summary>
    public bool IsZoned { get; init; }

    /// <summary>Its medium can be taken out.</summary>
    public bool IsRemovable { get; init; }
}

using DmAgents.Domain.Units;

namespace DmAgents.Domain.Ports;

/// <summary>What a block device requires of its users, and its abilities. The default is a plain disk.</summary>
public sealed record DiskShape
{
    /// <summary>512 bytes: the most common sector size.</summary>
    public static ByteSize UsualSector { get; } = new(512);

    /// <summary>4 KiB: the largest sector size that the agent's file systems and the kernel's pool metadata support,
    /// because their blocks have 4 KiB.</summary>
    public static ByteSize LargestSector { get; } = ByteSize.KiB(4);

    public static DiskShape Plain { get; } = new();

    /// <summary>The logical block size: the smallest unit of reads and writes. A stacked device has the largest of the
    /// devices below.</summary>
    public ByteSize Sector { get; init; } = UsualSector;

    /// <summary>The physical block size: smaller writes are slow, but correct.</summary>
    public ByteSize PhysicalSector { get; init; } = UsualSector;

    /// <summary>The device does not begin on one of its physical blocks.</summary>
    public bool IsMisaligned { get; init; }

    /// <summary>The longest single discard; zero if the device supports none.</summary>
    public ByteSize LongestDiscard { get; init; } = ByteSize.GiB(2);

    /// <summary>Host-managed zones: each can only be written sequentially.</summary>
    public bool IsZoned { get; init; }

    /// <summary>The medium is removable.</summary>
    public bool IsRemovable { get; init; }
}

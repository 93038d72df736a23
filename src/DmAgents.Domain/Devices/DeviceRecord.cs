using System.Collections.Immutable;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Devices;

/// <summary>The purpose of a thin device.</summary>
public enum DeviceKind
{
    /// <summary>An empty file system, the origin of all snapshots without a parent.</summary>
    Base,

    /// <summary>Committed: never written again.</summary>
    Layer,

    /// <summary>The writable snapshot of a layer or of the base.</summary>
    Container,
}

/// <summary>The phase of a device's life.</summary>
public enum DevicePhase
{
    /// <summary>Its intent is journaled; the pool may or may not have it.</summary>
    Creating,

    /// <summary>It is in the pool.</summary>
    Ready,

    /// <summary>Removed for its owner; its blocks are not yet returned to the pool.</summary>
    Removing,

    /// <summary>The journal has it, the pool lacks it: the agent reports it, and never drops it silently.</summary>
    Lost,
}

/// <summary>The intended live state of a device. Survives restarts and reboots: recovery restores it.</summary>
public enum DeviceUse
{
    /// <summary>No mapped device.</summary>
    Idle,

    /// <summary>A mapped device, which a client mounts or passes to a virtual machine.</summary>
    Active,

    /// <summary>Mounted on its directory below the state directory.</summary>
    Mounted,
}

/// <summary>One thin device in the journal.</summary>
/// <param name="Id">Its thin id; never reused before the pool has confirmed its deletion.</param>
/// <param name="Key">Its owner's name for it.</param>
/// <param name="Kind">Its purpose.</param>
/// <param name="Phase">The phase of its life.</param>
/// <param name="Parent">The layer below it in the lineage; null for a base.</param>
/// <param name="Source">The device that it is a snapshot of: its parent, or the committed container.</param>
/// <param name="Size">The size of its block device; the pool does not store it.</param>
/// <param name="FileSystem">The file system on it.</param>
/// <param name="Use">Its intended live state.</param>
/// <param name="ReadOnly">Its mapped device refuses writes.</param>
/// <param name="Labels">The owner's labels, for people and clients.</param>
/// <param name="CreatedAt">When its intent was journaled.</param>
/// <param name="UpdatedAt">When key, labels, size or use last changed.</param>
public sealed record DeviceRecord(
    ThinId Id,
    DeviceKey Key,
    DeviceKind Kind,
    DevicePhase Phase,
    ThinId? Parent,
    ThinId? Source,
    ByteSize Size,
    FileSystemKind FileSystem,
    DeviceUse Use,
    bool ReadOnly,
    ImmutableSortedDictionary<string, string> Labels,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt)
{
    /// <summary>The size that device and file system are growing to; null if they are not growing.</summary>
    public ByteSize? GrowingTo { get; init; }

    /// <summary>How many inodes its file system uses, counted when it became a layer; null if they were not
    /// counted.</summary>
    public ulong? Inodes { get; init; }

    /// <summary>The directory of its file system that is its tree, if the program that made it put other files beside
    /// it; null if the whole file system is the tree. Snapshots of the device inherit it.</summary>
    public string? Root { get; init; }

    /// <summary>The format of its file system, which is its base's. Null if another program or an older agent made it
    /// with the features of the host's mkfs.</summary>
    public FormatName? Format { get; init; }

    /// <summary>The pool's transaction id when its intent was journaled: the pool created it in this transaction or a
    /// later one. Zero if it is unknown.</summary>
    public TransactionId CreatedIn { get; init; }

    /// <summary>The pool has another device under this thin id, from older metadata: it created that one before this
    /// one was requested.</summary>
    /// <param name="createdIn">The transaction in which the pool created its device.</param>
    public bool IsNot(TransactionId createdIn) => createdIn.Value < CreatedIn.Value;

    /// <summary>Part of the pool's content for its owner: neither in removal nor lost.</summary>
    public bool IsPresent => Phase is DevicePhase.Creating or DevicePhase.Ready;
}

using System.Collections.Immutable;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Devices;

/// <summary>What a thin device is for.</summary>
public enum DeviceKind
{
    /// <summary>The empty file system from which every parentless snapshot descends.</summary>
    Base,

    /// <summary>Committed: never written again.</summary>
    Layer,

    /// <summary>The writable snapshot of a layer or of the base.</summary>
    Container,
}

/// <summary>How far a device has come.</summary>
public enum DevicePhase
{
    /// <summary>Its intent is journaled, the pool may or may not have it.</summary>
    Creating,

    /// <summary>It is in the pool.</summary>
    Ready,

    /// <summary>Gone for its owner; its blocks are on their way back to the pool.</summary>
    Removing,

    /// <summary>The journal has it, the pool lacks it: reported, never dropped in silence.</summary>
    Lost,
}

/// <summary>What is to be live of a device. Survives restarts and reboots: recovery brings it back.</summary>
public enum DeviceUse
{
    /// <summary>No mapped device.</summary>
    Idle,

    /// <summary>A mapped device, for someone else to mount or to hand to a virtual machine.</summary>
    Active,

    /// <summary>Mounted at its place below the state directory.</summary>
    Mounted,
}

/// <summary>One thin device, as the journal has it.</summary>
/// <param name="Id">Its thin id; never given to another device before the pool has confirmed its removal.</param>
/// <param name="Key">What its owner calls it.</param>
/// <param name="Kind">What it is for.</param>
/// <param name="Phase">How far it has come.</param>
/// <param name="Parent">The device above which it lies in the lineage; null for a base.</param>
/// <param name="Source">The device whose blocks it began with: its parent, or the container that was committed.</param>
/// <param name="Size">The size of its block device; the pool does not keep it.</param>
/// <param name="FileSystem">The file system on it.</param>
/// <param name="Use">What is to be live of it.</param>
/// <param name="ReadOnly">Its mapped device refuses writes.</param>
/// <param name="Labels">The owner's, for people and clients.</param>
/// <param name="CreatedAt">When its intent was journaled.</param>
/// <param name="UpdatedAt">When key, labels, size or use changed last.</param>
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
    /// <summary>The size that device and file system are about to have; null where no growth is under way.</summary>
    public ByteSize? GrowingTo { get; init; }

    /// <summary>How many inodes its file system has in use; counted when it became a layer, null where it was not.
    /// </summary>
    public ulong? Inodes { get; init; }

    /// <summary>The directory of its file system that is its tree, where the program that made it put other things
    /// beside it; null where the whole file system is the tree. What is made of the device inherits it.</summary>
    public string? Root { get; init; }

    /// <summary>How its file system was made, that of its base; null where another program, or an older agent, left the
    /// features to the host's mkfs.</summary>
    public FormatName? Format { get; init; }

    /// <summary>The pool's transaction id when its intent was journaled: the pool made it in that one or a later one.
    /// Zero where that is not known.</summary>
    public TransactionId CreatedIn { get; init; }

    /// <summary>The pool has another device under this one's thin id, that of metadata of an earlier time: it made that
    /// one before this one was asked for.</summary>
    /// <param name="createdIn">When the pool made what it has, by its transaction id.</param>
    public bool IsNot(TransactionId createdIn) => createdIn.Value < CreatedIn.Value;

    /// <summary>Part of the pool's content for its owner: neither on its way out nor lost.</summary>
    public bool IsPresent => Phase is DevicePhase.Creating or DevicePhase.Ready;
}

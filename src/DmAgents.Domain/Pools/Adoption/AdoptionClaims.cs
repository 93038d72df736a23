using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Adoption;

/// <summary>A claim about one thin id of a pool, from a file of an agent whose journal is lost or of another
/// program.</summary>
/// <param name="Id">The thin id.</param>
/// <param name="Key">The device's key.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Parent">The layer below it; null for a base, or if it is unknown.</param>
/// <param name="Size">The size of its block device, which the pool does not store.</param>
/// <param name="FileSystem">The file system on it.</param>
/// <param name="CreatedAt">When it was requested.</param>
public sealed record AdoptionClaim(
    ThinId Id, DeviceKey Key, DeviceKind Kind, ThinId? Parent, ByteSize Size, FileSystemKind FileSystem,
    DateTimeOffset CreatedAt)
{
    /// <summary>Its phase. Creating: the opening finishes it from <see cref="Source"/>. Removing: the removal
    /// continues. No claim says Lost: the pool's metadata show that.</summary>
    public DevicePhase Phase { get; init; } = DevicePhase.Ready;

    /// <summary>The device that it was created as a snapshot of; null: its parent.</summary>
    public ThinId? Source { get; init; }

    /// <summary>The use to restore.</summary>
    public DeviceUse Use { get; init; }

    /// <summary>Its mapped device refuses writes.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>The owner's labels.</summary>
    public ImmutableSortedDictionary<string, string> Labels { get; init; } =
        ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>The size it was growing to; null if it was not growing.</summary>
    public ByteSize? GrowingTo { get; init; }

    /// <summary>How many inodes its file system has in use; null if they were not counted.</summary>
    public ulong? Inodes { get; init; }

    /// <summary>The directory of its file system that is its tree; null if the whole file system is.</summary>
    public string? Root { get; init; }

    /// <summary>The features that its file system was made with; null if they are unknown.</summary>
    public FormatName? Format { get; init; }

    /// <summary>The pool's transaction id shortly before the pool created the device. The pool's metadata hold this id
    /// or a later one. Null if it is unknown.</summary>
    public TransactionId? CreatedIn { get; init; }

    /// <summary>When key, labels, size or use last changed; null: at <see cref="CreatedAt"/>.</summary>
    public DateTimeOffset? UpdatedAt { get; init; }
}

/// <summary>A claim that a reference names a layer.</summary>
public sealed record ImageClaim(
    ImageReference Reference, ThinId TopLayer, string ConfigDigest, string Config, DateTimeOffset TaggedAt);

/// <summary>A claim that a layer or base can also be read under another key.</summary>
public sealed record ViewClaim(
    DeviceKey Key, ThinId Source, ImmutableSortedDictionary<string, string> Labels, DateTimeOffset CreatedAt);

/// <summary>All claims about a pool's content.</summary>
public sealed record AdoptionClaims(
    ImmutableArray<AdoptionClaim> Devices, ImmutableArray<ImageClaim> Images, ImmutableArray<ViewClaim> Views)
{
    public static AdoptionClaims None { get; } = new([], [], []);
}

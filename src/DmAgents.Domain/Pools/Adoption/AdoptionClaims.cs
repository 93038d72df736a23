using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Adoption;

/// <summary>Somebody says what a thin id of a pool is: a file of an agent whose journal is lost, or another program's.
/// </summary>
/// <param name="Id">The thin id.</param>
/// <param name="Key">What the device is to be called.</param>
/// <param name="Kind">What it is for.</param>
/// <param name="Parent">The device above which it lies; null for a base, and where that is not known.</param>
/// <param name="Size">The size of its block device, which the pool does not keep.</param>
/// <param name="FileSystem">The file system on it.</param>
/// <param name="CreatedAt">When it was asked for.</param>
public sealed record AdoptionClaim(
    ThinId Id, DeviceKey Key, DeviceKind Kind, ThinId? Parent, ByteSize Size, FileSystemKind FileSystem,
    DateTimeOffset CreatedAt)
{
    /// <summary>How far it had come. Creating: finished by the opening, from <see cref="Source"/>. Removing: it goes on
    /// being removed. Lost is not claimed: the pool tells.</summary>
    public DevicePhase Phase { get; init; } = DevicePhase.Ready;

    /// <summary>With whose blocks it began; null: with its parent's.</summary>
    public ThinId? Source { get; init; }

    /// <summary>What was live of it, and is to be again.</summary>
    public DeviceUse Use { get; init; }

    /// <summary>Its mapped device refuses writes.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>The owner's.</summary>
    public ImmutableSortedDictionary<string, string> Labels { get; init; } =
        ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>The size that it was about to have; null where no growth was under way.</summary>
    public ByteSize? GrowingTo { get; init; }

    /// <summary>How many inodes its file system has in use; null where nobody counted.</summary>
    public ulong? Inodes { get; init; }

    /// <summary>The directory of its file system that is its tree; null where that is the whole of it.</summary>
    public string? Root { get; init; }

    /// <summary>How its file system was made; null where that is not known.</summary>
    public FormatName? Format { get; init; }

    /// <summary>The pool's transaction id shortly before the pool made the device: the pool says that or a later one.
    /// Null where nobody knows.</summary>
    public TransactionId? CreatedIn { get; init; }

    /// <summary>When key, labels, size or use changed last; null: when it was asked for.</summary>
    public DateTimeOffset? UpdatedAt { get; init; }
}

/// <summary>Somebody says that a reference means a layer.</summary>
public sealed record ImageClaim(
    ImageReference Reference, ThinId TopLayer, string ConfigDigest, string Config, DateTimeOffset TaggedAt);

/// <summary>Somebody says that a layer or base is read under a further key.</summary>
public sealed record ViewClaim(
    DeviceKey Key, ThinId Source, ImmutableSortedDictionary<string, string> Labels, DateTimeOffset CreatedAt);

/// <summary>All that somebody says of a pool's content.</summary>
public sealed record AdoptionClaims(
    ImmutableArray<AdoptionClaim> Devices, ImmutableArray<ImageClaim> Images, ImmutableArray<ViewClaim> Views)
{
    public static AdoptionClaims None { get; } = new([], [], []);
}

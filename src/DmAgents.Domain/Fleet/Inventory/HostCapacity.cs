using System.Collections.Immutable;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Fleet.Inventory;

/// <summary>An amount of space, in both budgets of a pool.</summary>
public readonly record struct PoolSpace(ByteSize Data, ByteSize Metadata)
{
    public static PoolSpace operator +(PoolSpace left, PoolSpace right) =>
        new(left.Data + right.Data, left.Metadata + right.Metadata);
}

/// <summary>A pool as its host announces it.</summary>
/// <param name="Admits">It accepts new layers: it is open, and above its marks.</param>
public sealed record PoolCapacity(PoolName Pool, PoolSpace Total, PoolSpace Free, bool Admits)
{
    internal bool IsAbout(PoolCapacity other, int permille) =>
        Pool == other.Pool && Total == other.Total && Admits == other.Admits
        && IsNear(Free.Data, other.Free.Data, Total.Data, permille)
        && IsNear(Free.Metadata, other.Free.Metadata, Total.Metadata, permille);

    private static bool IsNear(ByteSize one, ByteSize other, ByteSize total, int permille) =>
        (one > other ? one - other : other - one).Bytes <= (UInt128)total.Bytes * (uint)permille / 1000;
}

/// <summary>A host as it announces itself.</summary>
/// <param name="Pools">Each pool once.</param>
/// <param name="Version">The agent's version, for people.</param>
public sealed record HostCapacity(ImmutableArray<PoolCapacity> Pools, string Version)
{
    public bool Equals(HostCapacity? other) =>
        other is not null && Version == other.Version && Pools.SequenceEqual(other.Pools);

    /// <summary>The other capacity makes no difference to a decision: the same pools, with free space equal within some
    /// thousandths of the total.</summary>
    public bool IsAbout(HostCapacity other, int permille) =>
        Version == other.Version && Pools.Length == other.Pools.Length
        && Pools.Zip(other.Pools).All(pair => pair.First.IsAbout(pair.Second, permille));

    public override int GetHashCode() => HashCode.Combine(Version, Pools.Length);
}

/// <summary>Identifies a decided copy of an image, across restarts and repeats.</summary>
/// <param name="Number">Counts the image's copies from 1, and is never reused.</param>
public readonly record struct CopyId(ImageReference Image, ulong Number)
{
    public override string ToString() => $"{Image}#{Number}";
}

/// <summary>Space reserved for a copy that has not written it yet.</summary>
/// <param name="Until">When the promise expires, unless it is renewed.</param>
public sealed record SpacePromise(CopyId Copy, PoolName Pool, PoolSpace Space, DateTimeOffset Until);

/// <summary>Why a host is absent.</summary>
public enum HostAbsence
{
    /// <summary>It announced that it leaves, and returns only by joining.</summary>
    Left,

    /// <summary>The cluster removed it: it may return with all its data.</summary>
    Lost,
}

/// <summary>A host as a place for a copy: its pool with the most room.</summary>
/// <param name="Promised">The part of the free space that is promised to other copies.</param>
/// <param name="HeldLayers">How many layers of the lineage it has verified with equal digests, from the lowest without
/// a gap. Filled in from the buckets.</param>
public sealed record HostOffer(
    HostName Host, Incarnation Incarnation, PoolName Pool, PoolSpace Total, PoolSpace Free, PoolSpace Promised,
    int HeldLayers);

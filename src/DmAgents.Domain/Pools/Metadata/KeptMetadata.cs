using System.Collections.Immutable;
using DmAgents.Domain.Devices;

namespace DmAgents.Domain.Pools.Metadata;

/// <summary>Metadata that were replaced. They are kept unchanged until the operator deletes them, so that an expert can
/// still recover more from them than the repair did.</summary>
/// <param name="Parts">Their place, for a pool of disks.</param>
/// <param name="File">Their file, for a pool of loop files.</param>
/// <param name="Since">When they were replaced.</param>
public sealed record KeptMetadata(ImmutableArray<DiskPart> Parts, LoopFilePart? File, DateTimeOffset Since)
{
    /// <summary>The metadata of a backing; null if another program assembles the pool.</summary>
    public static KeptMetadata? Of(PoolBacking backing, DateTimeOffset since) => backing switch
    {
        PoolBacking.Disks disks => new KeptMetadata(disks.Metadata, null, since),
        PoolBacking.LoopFiles files => new KeptMetadata([], files.Metadata, since),
        _ => null,
    };

    public IEnumerable<DevicePath> Disks() => Parts.Select(part => part.Disk).Distinct();

    public bool Equals(KeptMetadata? other) =>
        other is not null && Parts.SequenceEqual(other.Parts) && File == other.File && Since == other.Since;

    public override int GetHashCode() => HashCode.Combine(Parts.Length, File, Since);

    /// <summary>For people: the file, or the disks with the places on them.</summary>
    public override string ToString() => File is { } file
        ? file.File.Value
        : string.Join(", ", Parts.Select(part => $"{part.Disk} from {part.Start.Bytes} on"));
}

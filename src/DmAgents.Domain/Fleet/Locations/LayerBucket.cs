using System.Globalization;
using DmAgents.Domain.Layers;

namespace DmAgents.Domain.Fleet.Locations;

/// <summary>
/// One of the 1,024 parts into which the locations of all layers are divided. The hash is the first ten bits of the
/// chain id's digest. A chain id is a SHA-256 or SHA-512, so these bits are evenly spread, and there is no separate
/// hash function to confuse. The number is part of persistence ids and of messages to other hosts: it never changes.
/// </summary>
public readonly record struct LayerBucket
{
    public const int Count = 1024;

    /// <exception cref="ArgumentOutOfRangeException">Not from 0 to 1023.</exception>
    public LayerBucket(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        Index = index;
    }

    public int Index { get; }

    public static LayerBucket Of(ChainId layer) => new(
        int.Parse(layer.Digest.Hex.AsSpan(0, 3), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) >> 2);

    public override string ToString() => Index.ToString(CultureInfo.InvariantCulture);
}

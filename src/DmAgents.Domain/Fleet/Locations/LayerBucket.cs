using System.Globalization;
using DmAgents.Domain.Layers;

namespace DmAgents.Domain.Fleet.Locations;

/// <summary>
/// One of the 1,024 parts into which the locations of all layers are divided. The hash is the chain id's own: the first
/// ten bits of the digest. A chain id is a SHA-256 or SHA-512, so these are evenly spread, and no other hash could be
/// exchanged by mistake. The number is part of persistence ids and of what other hosts are sent: it never changes.
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

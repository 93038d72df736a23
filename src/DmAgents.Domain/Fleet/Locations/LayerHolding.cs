using DmAgents.Domain.Layers;

namespace DmAgents.Domain.Fleet.Locations;

/// <summary>A layer as its host announces it.</summary>
/// <param name="Digest">Of the copy's blocks; null: not computed yet, so that the copy serves no one.</param>
/// <param name="Verified">The host has itself read the blocks and found the digest. Else another host said so.</param>
public sealed record LayerHolding(ChainId Layer, ContentDigest? Digest, bool Verified);

/// <summary>A copy of a layer, as a bucket knows it, in as few bytes as can be.</summary>
public readonly record struct LayerCopy
{
    private const long VerifiedBit = 1;
    private const long DigestBit = 2;

    // Ticks since the year 1 need 62 bits; the two lowest are given up: 400 ns are of no interest here.
    private readonly long _since;
    private readonly ContentDigest _digest;

    public LayerCopy(HostName host, ContentDigest? digest, bool verified, DateTimeOffset since)
    {
        Host = host;
        _digest = digest.GetValueOrDefault();
        _since = (since.UtcTicks & ~(VerifiedBit | DigestBit))
            | (verified ? VerifiedBit : 0) | (digest is null ? 0 : DigestBit);
    }

    public HostName Host { get; }

    public ContentDigest? Digest => (_since & DigestBit) == 0 ? null : _digest;

    public bool Verified => (_since & VerifiedBit) != 0;

    /// <summary>When this content was first heard to be there.</summary>
    public DateTimeOffset Since => new(_since & ~(VerifiedBit | DigestBit), TimeSpan.Zero);

    internal bool Says(LayerHolding holding) => Digest == holding.Digest && Verified == holding.Verified;
}

using DmAgents.Domain.Layers;

namespace DmAgents.Domain.Fleet.Locations;

/// <summary>A layer as its host announces it.</summary>
/// <param name="Digest">The digest of the copy's blocks; null: not computed yet, so the copy serves no other
/// host.</param>
/// <param name="Verified">True: the host itself has read the blocks and found this digest. False: another host reported
/// it.</param>
public sealed record LayerHolding(ChainId Layer, ContentDigest? Digest, bool Verified);

/// <summary>A bucket's record of a copy of a layer, as compact as possible.</summary>
public readonly record struct LayerCopy
{
    private const long VerifiedBit = 1;
    private const long DigestBit = 2;

    // Ticks since the year 1 need 62 bits. The two lowest bits hold flags: 400 ns do not matter here.
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

    /// <summary>When the bucket first heard of this content.</summary>
    public DateTimeOffset Since => new(_since & ~(VerifiedBit | DigestBit), TimeSpan.Zero);

    internal bool Says(LayerHolding holding) => Digest == holding.Digest && Verified == holding.Verified;
}

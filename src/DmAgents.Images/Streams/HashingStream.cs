using System.Security.Cryptography;
using DmAgents.Domain.Layers;

namespace DmAgents.Images.Streams;

/// <summary>Counts and hashes the bytes read through it.</summary>
internal sealed class HashingStream(Stream inner, HashAlgorithmName algorithm, IProgress<long>? progress = null)
    : ReadOnlyStream
{
    // Often enough for a progress bar, rarely enough to cost nothing.
    private const long ReportEvery = 1 << 20;

    private readonly IncrementalHash hash = IncrementalHash.CreateHash(algorithm);
    private long reported;

    public HashAlgorithmName Algorithm => algorithm;

    public long Count { get; private set; }

    public override int Read(Span<byte> buffer)
    {
        var count = inner.Read(buffer);
        hash.AppendData(buffer[..count]);
        Count += count;
        if (Count - reported >= ReportEvery || (count == 0 && Count > reported))
            progress?.Report(reported = Count);
        return count;
    }

    /// <summary>Reads the rest, so that the digest covers everything.</summary>
    public void ReadToEnd()
    {
        var buffer = new byte[64 * 1024];
        while (Read(buffer) > 0)
        {
        }
    }

    public Digest Digest() => Domain.Layers.Digest.FromHash(hash.GetCurrentHash());

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            hash.Dispose();
            inner.Dispose();
        }
        base.Dispose(disposing);
    }
}

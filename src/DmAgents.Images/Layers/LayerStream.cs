using System.Security.Cryptography;
using DmAgents.Domain.Layers;
using DmAgents.Images.Streams;

namespace DmAgents.Images.Layers;

/// <summary>
/// A layer's uncompressed tar. The read that meets the end throws <see cref="ImageException"/> (DigestMismatch) unless
/// the bytes were the ones that the image names: until then nothing that was read is to be trusted.
/// </summary>
public sealed class LayerStream : ReadOnlyStream
{
    // One read of the disk for some tens of the decompressor's.
    private const int BufferSize = 256 * 1024;

    private readonly HashingStream compressed;
    private readonly HashingStream? uncompressed;
    private readonly Stream content;
    private bool verified;

    internal LayerStream(Stream stored, LayerDescriptor descriptor, string origin, IProgress<long>? progress)
    {
        Descriptor = descriptor;
        Origin = origin;
        var tarAlgorithm = descriptor.DiffId?.Algorithm ?? HashAlgorithmName.SHA256;
        compressed = new HashingStream(
            new BufferedStream(stored, BufferSize), descriptor.Digest?.Algorithm ?? tarAlgorithm, progress);
        content = Decompression.Open(compressed, origin, out var compression);
        // Of a plain tar both digests are the same, unless they are by two algorithms.
        if (compression != Compression.None || compressed.Algorithm != tarAlgorithm)
            content = uncompressed = new HashingStream(content, tarAlgorithm);
    }

    public LayerDescriptor Descriptor { get; }

    /// <summary>What the layer is called in messages: which layer, of which archive.</summary>
    public string Origin { get; }

    /// <summary>Bytes read as stored, for progress against the descriptor's size.</summary>
    public long StoredBytes => compressed.Count;

    /// <summary>Uncompressed bytes read.</summary>
    public long Bytes => (uncompressed ?? compressed).Count;

    /// <summary>The digest of the uncompressed tar, known once everything has been read.</summary>
    public Digest DiffId =>
        verified ? Uncompressed : throw new InvalidOperationException($"{Origin} has not been read to its end");

    private Digest Uncompressed => (uncompressed ?? compressed).Digest();

    public override int Read(Span<byte> buffer)
    {
        try
        {
            var count = content.Read(buffer);
            if (count == 0 && !buffer.IsEmpty && !verified)
                Verify();
            return count;
        }
        catch (IOException cause)
        {
            throw new ImageException(
                ImageReason.Failed, $"{Origin} cannot be read ({cause.Message})", "Check the disk", cause);
        }
    }

    /// <summary>Reads to the end without keeping anything: verifies the layer and finds its diff id.</summary>
    public void ReadToEnd()
    {
        var buffer = new byte[BufferSize];
        while (Read(buffer) > 0)
        {
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            content.Dispose();
            compressed.Dispose();
        }
        base.Dispose(disposing);
    }

    private void Verify()
    {
        // The decompressor stops at the end of its data; the stored bytes may go on.
        compressed.ReadToEnd();
        if (compressed.Count != Descriptor.Size)
            throw Mismatch($"{Descriptor.Size} bytes", $"{compressed.Count} bytes");
        if (Descriptor.Digest is { } stored && compressed.Digest() != stored)
            throw Mismatch(stored.Value, compressed.Digest().Value);
        if (Descriptor.DiffId is { } diffId && Uncompressed != diffId)
            throw Mismatch($"the uncompressed {diffId}", Uncompressed.Value);
        verified = true;
    }

    private ImageException Mismatch(string named, string found) => new(
        ImageReason.DigestMismatch, $"{Origin} is not what its image names: {named} expected, {found} found",
        "Nothing was kept of this layer; fetch or write the archive again");
}

using System.Security.Cryptography;
using DmAgents.Domain.Layers;
using DmAgents.Images.Archives;
using DmAgents.Images.Streams;

namespace DmAgents.Images.Layers;

/// <summary>
/// A layer's uncompressed tar. The read that reaches the end throws <see cref="ImageException"/> (DigestMismatch) if
/// the bytes are not those that the image names. Until then nothing that was read can be trusted.
/// </summary>
public sealed class LayerStream : ReadOnlyStream
{
    // One disk read per some tens of the decompressor's reads.
    private const int BufferSize = 256 * 1024;

    private const string FetchAgain = "Fetch or write the archive again";

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
        // A plain tar needs only one digest, unless the two use different algorithms.
        if (compression != Compression.None || compressed.Algorithm != tarAlgorithm)
            content = uncompressed = new HashingStream(content, tarAlgorithm);
    }

    public LayerDescriptor Descriptor { get; }

    /// <summary>The layer's name in messages: which layer, of which archive.</summary>
    public string Origin { get; }

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
            throw Unreadable(cause);
        }
    }

    /// <summary>Reads to the end and discards the bytes: verifies the layer and computes its diff id.</summary>
    public void ReadToEnd()
    {
        var buffer = new byte[BufferSize];
        while (Read(buffer) > 0)
        {
        }
    }

    /// <summary>
    /// Determines from the remaining bytes whether damage or the image's builder caused a refusal: only then the
    /// message can say what helps.
    /// </summary>
    internal ImageException Explain(ImageException refusal, CancellationToken cancellation)
    {
        if (refusal.Reason is ImageReason.NoSpace or ImageReason.NotPermitted or ImageReason.Failed
            or ImageReason.DigestMismatch || (Descriptor.DiffId is null && Descriptor.Digest is null))
            return refusal;
        try
        {
            var buffer = new byte[BufferSize];
            while (Read(buffer) > 0)
                cancellation.ThrowIfCancellationRequested();
            return MadeSo(refusal);
        }
        catch (ImageException other) when (other.Reason is ImageReason.DigestMismatch or ImageReason.Failed)
        {
            return other;
        }
        catch (ImageException)
        {
            return ExplainByStoredBytes(refusal);
        }
    }

    /// <summary>The stored bytes cannot be decompressed to the end, but may have a digest of their own.</summary>
    private ImageException ExplainByStoredBytes(ImageException refusal)
    {
        try
        {
            compressed.ReadToEnd();
        }
        catch (IOException cause)
        {
            return Unreadable(cause);
        }
        return Descriptor.Digest is null ? refusal : StoredMismatch() ?? MadeSo(refusal);
    }

    private static ImageException MadeSo(ImageException refusal) =>
        refusal.Reason is ImageReason.Corrupt or ImageReason.Truncated or ImageReason.NotAnImage
            ? new ImageException(
                refusal.Reason, refusal.What,
                "Build the image again: these are the bytes that it names, so fetching them again changes nothing",
                refusal)
            : refusal;

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
        // The decompressor stops at the end of its data; more stored bytes may follow.
        compressed.ReadToEnd();
        if (StoredMismatch() is { } mismatch)
            throw mismatch;
        if (Descriptor.DiffId is { } diffId && Uncompressed != diffId)
            throw Mismatch(
                $"the uncompressed {diffId}", Uncompressed.Value,
                // The stored bytes match the manifest, so the config names another layer.
                Descriptor.Digest is null
                    ? FetchAgain
                    : "Build the image again: its config names another layer than its manifest");
        verified = true;
    }

    /// <summary>How the stored bytes, read to their end, differ from what the image names.</summary>
    private ImageException? StoredMismatch()
    {
        if (compressed.Count != Descriptor.Size)
            return Mismatch($"{Descriptor.Size} bytes", $"{compressed.Count} bytes", FetchAgain);
        return Descriptor.Digest is { } stored && compressed.Digest() != stored
            ? Mismatch(stored.Value, compressed.Digest().Value, FetchAgain)
            : null;
    }

    private ImageException Mismatch(string named, string found, string next) => new(
        ImageReason.DigestMismatch, $"{Origin} is not what its image names: {named} expected, {found} found", next);

    private ImageException Unreadable(IOException cause) => ArchiveReading.Unreadable(Origin, cause);
}

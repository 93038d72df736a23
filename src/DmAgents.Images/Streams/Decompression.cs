using System.IO.Compression;
using ZstdSharp;

namespace DmAgents.Images.Streams;

internal enum Compression
{
    None,
    Gzip,
    Zstd,
}

/// <summary>
/// Opens compressed streams by what they contain: the media types and names in images are often wrong about it.
/// </summary>
internal static class Decompression
{
    private const int MagicSize = 6;

    /// <param name="source">Is owned by what comes back.</param>
    /// <param name="origin">What the stream is called in messages.</param>
    public static Stream Open(Stream source, string origin) => Open(source, origin, out _);

    public static Stream Open(Stream source, string origin, out Compression compression)
    {
        var start = new byte[MagicSize];
        var size = source.ReadAtLeast(start, MagicSize, throwOnEndOfStream: false);
        var whole = new PrefixedStream(start.AsMemory(0, size), source);
        compression = Detect(start.AsSpan(0, size), origin);
        return compression switch
        {
            Compression.Gzip => new DecompressedStream(new GZipStream(whole, CompressionMode.Decompress), origin),
            Compression.Zstd => new DecompressedStream(new DecompressionStream(whole, leaveOpen: false), origin),
            _ => whole,
        };
    }

    private static Compression Detect(ReadOnlySpan<byte> start, string origin)
    {
        if (start.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b]))
            return Compression.Gzip;
        if (start.StartsWith((ReadOnlySpan<byte>)[0x28, 0xb5, 0x2f, 0xfd]) || IsSkippableFrame(start))
            return Compression.Zstd;
        if (start.StartsWith((ReadOnlySpan<byte>)[0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0]))
            throw Unsupported(origin, "xz");
        if (start.StartsWith("BZh"u8))
            throw Unsupported(origin, "bzip2");
        return Compression.None;
    }

    /// <summary>A zstd frame of other data (RFC 8878, 3.1.2); seekable zstd layers may begin with one.</summary>
    private static bool IsSkippableFrame(ReadOnlySpan<byte> start) =>
        start.Length >= 4 && (start[0] & 0xF0) == 0x50 && start[1..4].SequenceEqual(
            (ReadOnlySpan<byte>)[0x2a, 0x4d, 0x18]);

    private static ImageException Unsupported(string origin, string format) => new(
        ImageReason.Unsupported, $"{origin} is compressed by {format}",
        "Compress it by gzip or zstd instead, or not at all");

    /// <summary>Gives back the bytes that were read to look at them.</summary>
    private sealed class PrefixedStream(ReadOnlyMemory<byte> prefix, Stream rest) : ReadOnlyStream
    {
        private ReadOnlyMemory<byte> left = prefix;

        public override int Read(Span<byte> buffer)
        {
            if (left.IsEmpty)
                return rest.Read(buffer);
            var count = Math.Min(buffer.Length, left.Length);
            left.Span[..count].CopyTo(buffer);
            left = left[count..];
            return count;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                rest.Dispose();
            base.Dispose(disposing);
        }
    }

    /// <summary>Says in the operator's words what a decompressor says in its own.</summary>
    private sealed class DecompressedStream(Stream inner, string origin) : ReadOnlyStream
    {
        public override int Read(Span<byte> buffer)
        {
            try
            {
                return inner.Read(buffer);
            }
            catch (EndOfStreamException cause)
            {
                throw new ImageException(
                    ImageReason.Truncated, $"{origin} ends in the middle of its compressed data", "Fetch it again",
                    cause);
            }
            catch (Exception cause) when (cause is InvalidDataException or ZstdException)
            {
                throw new ImageException(
                    ImageReason.Corrupt, $"{origin} cannot be decompressed ({cause.Message})", "Fetch it again", cause);
            }
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }
    }
}

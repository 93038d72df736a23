using System.IO.Compression;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace DmAgents.Images.Streams;

internal enum Compression
{
    None,
    Gzip,
    Zstd,
    Xz,
    Bzip2,
}

/// <summary>
/// Opens compressed streams by their content: the media types and names in images are often wrong about it.
/// </summary>
internal static class Decompression
{
    private const int MagicSize = 6;

    // Four times what `xz -9` needs. An archive that needs more comes from an attacker or an expert.
    private const string XzMemory = "256MiB";

    private static readonly string[] Xz =
        ["xz", "--decompress", "--stdout", "--threads=0", "--memlimit-decompress=" + XzMemory];

    private const string FetchAgain = "Fetch or write the archive again";

    private static readonly string[] Bzip2 = ["bzip2", "--decompress", "--stdout"];

    /// <param name="source">Owned by the returned stream.</param>
    /// <param name="origin">The stream's name in messages.</param>
    public static Stream Open(Stream source, string origin) => Open(source, origin, out _);

    public static Stream Open(Stream source, string origin, out Compression compression)
    {
        var start = new byte[MagicSize];
        var size = source.ReadAtLeast(start, MagicSize, throwOnEndOfStream: false);
        var whole = new PrefixedStream(start.AsMemory(0, size), source);
        compression = Detect(start.AsSpan(0, size));
        return compression switch
        {
            Compression.Gzip => new DecompressedStream(new GZipStream(whole, CompressionMode.Decompress), origin),
            Compression.Zstd => new DecompressedStream(new DecompressionStream(whole, leaveOpen: false), origin),
            // The system's programs read everything that xz and bzip2 ever wrote (several streams, every filter and
            // check), observe a memory limit and use all processors. A fault in one ends only that program.
            Compression.Xz => new ProgramStream(whole, Xz, Failure(origin, "xz", "xz-utils")),
            Compression.Bzip2 => new ProgramStream(whole, Bzip2, Failure(origin, "bzip2", "bzip2")),
            _ => whole,
        };
    }

    internal static ProgramStream.ProgramFailure Failure(string origin, string program, string package) =>
        (exitStatus, complaint) =>
        {
            if (exitStatus is null)
                return new ImageException(
                    ImageReason.Unsupported,
                    $"{origin} is compressed by {program}, and that program cannot be started ({complaint})",
                    $"Install it on the agent's host: apt-get install {package}");
            if (complaint.Contains("Memory usage limit", StringComparison.Ordinal))
                return new ImageException(
                    ImageReason.Unsupported, $"{origin} needs more than {XzMemory} of memory to be decompressed",
                    "Compress it again with a smaller dictionary: xz -9 or less");
            return complaint.Contains("nexpected end", StringComparison.Ordinal)
                || complaint.Contains("ends unexpectedly", StringComparison.Ordinal)
                ? new ImageException(
                    ImageReason.Truncated, $"{origin} ends in the middle of its compressed data", FetchAgain)
                : new ImageException(
                    ImageReason.Corrupt, $"{origin} cannot be decompressed ({complaint})", FetchAgain);
        };

    private static Compression Detect(ReadOnlySpan<byte> start)
    {
        if (start.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b]))
            return Compression.Gzip;
        if (start.StartsWith((ReadOnlySpan<byte>)[0x28, 0xb5, 0x2f, 0xfd]) || IsSkippableFrame(start))
            return Compression.Zstd;
        if (start.StartsWith((ReadOnlySpan<byte>)[0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0]))
            return Compression.Xz;
        return start.StartsWith("BZh"u8) ? Compression.Bzip2 : Compression.None;
    }

    /// <summary>A zstd frame of other data (RFC 8878, 3.1.2); seekable zstd layers may begin with one.</summary>
    private static bool IsSkippableFrame(ReadOnlySpan<byte> start) =>
        start.Length >= 4 && (start[0] & 0xF0) == 0x50 && start[1..4].SequenceEqual(
            (ReadOnlySpan<byte>)[0x2a, 0x4d, 0x18]);

    /// <summary>Returns the bytes that were read for detection first.</summary>
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

    /// <summary>Turns a decompressor's errors into messages for the operator.</summary>
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
                    ImageReason.Truncated, $"{origin} ends in the middle of its compressed data", FetchAgain, cause);
            }
            catch (ZstdException cause) when (cause.Code == ZSTD_ErrorCode.ZSTD_error_frameParameter_windowTooLarge)
            {
                throw new ImageException(
                    ImageReason.Unsupported, $"{origin} needs more than 128 MiB of memory to be decompressed",
                    "Compress it again without zstd's --long, or with --long=27 at most", cause);
            }
            catch (Exception cause) when (cause is InvalidDataException or ZstdException)
            {
                throw new ImageException(
                    ImageReason.Corrupt, $"{origin} cannot be decompressed ({cause.Message.TrimEnd('.')})", FetchAgain,
                    cause);
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

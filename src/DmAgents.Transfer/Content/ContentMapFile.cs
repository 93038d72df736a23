using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Units;

namespace DmAgents.Transfer.Content;

/// <summary>
/// A content map as bytes, stored beside the pool: about 32 bytes for each piece that is not zeros. The digest at the
/// end is the checksum: it covers everything before it except magic and version. Reading the map computes it.
/// </summary>
/// <remarks>
/// Little endian. Magic (8 bytes), version (2), log2 of the piece size (2), zero (4), device size (8), then runs:
/// number of pieces of zeros (variable length), number of other pieces (variable length), their hashes (32 each). A run
/// of no pieces ends the runs; the digest (32) follows, and nothing else.
/// </remarks>
public static class ContentMapFile
{
    private const int HeaderLength = 24;
    private const ushort Version = 1;

    private static ReadOnlySpan<byte> Magic => "DMCONTNT"u8;

    public static byte[] Write(ContentMap map)
    {
        var bytes = new ArrayBufferWriter<byte>(HeaderLength + ContentDigest.Length + 36 * map.Pieces.Length + 2);
        var header = bytes.GetSpan(HeaderLength)[..HeaderLength];
        header.Clear();
        Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt16LittleEndian(header[8..], Version);
        BinaryPrimitives.WriteUInt16LittleEndian(header[10..], (ushort)BitOperations.Log2((uint)map.PieceSize.Bytes));
        BinaryPrimitives.WriteUInt64LittleEndian(header[16..], map.DeviceSize.Bytes);
        bytes.Advance(HeaderLength);
        var next = 0UL;
        for (var i = 0; i < map.Pieces.Length;)
        {
            var run = 1;
            while (i + run < map.Pieces.Length && map.Pieces[i + run].Index == map.Pieces[i].Index + (ulong)run)
                run++;
            WriteNumber(bytes, map.Pieces[i].Index - next);
            WriteNumber(bytes, (ulong)run);
            next = map.Pieces[i].Index + (ulong)run;
            for (var end = i + run; i < end; i++)
            {
                map.Pieces[i].Hash.CopyTo(bytes.GetSpan(PieceHash.Length));
                bytes.Advance(PieceHash.Length);
            }
        }
        WriteNumber(bytes, 0);
        WriteNumber(bytes, 0);
        map.Digest.CopyTo(bytes.GetSpan(ContentDigest.Length));
        bytes.Advance(ContentDigest.Length);
        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>Reads a map. Fails if its version is unknown or a byte of it differs from what was written.</summary>
    /// <param name="reason">What is wrong with it, as text for the operator.</param>
    public static bool TryRead(
        ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out ContentMap? map, [NotNullWhen(false)] out string? reason)
    {
        map = null;
        reason = Read(bytes, ref map);
        return map is not null && reason is null;
    }

    private static string? Read(ReadOnlySpan<byte> bytes, ref ContentMap? map)
    {
        if (bytes.Length < HeaderLength || !bytes.StartsWith(Magic))
            return "it is no content map";
        var version = BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]);
        if (version != Version)
            return $"it is a content map of version {version}; this agent reads version {Version}";
        var power = BinaryPrimitives.ReadUInt16LittleEndian(bytes[10..]);
        if (power > 30 || !PieceSize.IsValid(1L << power) || BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]) != 0)
            return $"its pieces have 2 to the power of {power} bytes";
        var (size, device) =
            (new PieceSize(1 << power), new ByteSize(BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..])));
        if (device.Bytes > long.MaxValue)
            return "its device is longer than any";
        bytes = bytes[HeaderLength..];
        var pieces = new List<ContentPiece>(bytes.Length / PieceHash.Length);
        if (ReadRuns(ref bytes, size.CountIn(device), pieces) is { } damage)
            return damage;
        if (bytes.Length != ContentDigest.Length)
            return bytes.Length < ContentDigest.Length ? "it is cut off" : "more follows behind its end";
        var read = ContentMap.OfZeros(device, size).With(pieces, device);
        if (read.Digest != new ContentDigest(bytes))
            return "it is not what its digest says";
        map = read;
        return null;
    }

    private static string? ReadRuns(ref ReadOnlySpan<byte> bytes, ulong limit, List<ContentPiece> pieces)
    {
        var next = 0UL;
        while (true)
        {
            if (ReadNumber(ref bytes) is not { } zeros || ReadNumber(ref bytes) is not { } run)
                return "it is cut off";
            if (run == 0)
                return zeros == 0 ? null : "a run of it has no pieces";
            if (zeros > limit - next || run > limit - next - zeros)
                return "a piece of it lies beyond its device";
            if (run > (ulong)(bytes.Length / PieceHash.Length))
                return "it is cut off";
            next += zeros;
            for (; run > 0; run--, next++)
            {
                var hash = new PieceHash(bytes[..PieceHash.Length]);
                if (hash.IsZero)
                    return "a piece of zeros is in it";
                pieces.Add(new ContentPiece(next, hash));
                bytes = bytes[PieceHash.Length..];
            }
        }
    }

    private static void WriteNumber(ArrayBufferWriter<byte> bytes, ulong value)
    {
        var span = bytes.GetSpan(10);
        var length = 0;
        for (; value >= 0x80; value >>= 7)
            span[length++] = (byte)(value | 0x80);
        span[length++] = (byte)value;
        bytes.Advance(length);
    }

    /// <summary>Null if the number is truncated or longer than 64 bits.</summary>
    private static ulong? ReadNumber(ref ReadOnlySpan<byte> bytes)
    {
        var value = 0UL;
        for (var i = 0; i < 10 && i < bytes.Length; i++)
        {
            if (i == 9 && bytes[i] > 1)
                return null;
            value |= (ulong)(bytes[i] & 0x7f) << (7 * i);
            if (bytes[i] < 0x80)
            {
                bytes = bytes[(i + 1)..];
                return value;
            }
        }
        return null;
    }
}

using System.Buffers;
using System.IO.Hashing;
using ZstdSharp;

namespace DmAgents.Transfer.Wire;

/// <summary>
/// A chunk of data: offset (8 bytes), length (4), encoding (1: none, 2: a zstd frame), XXH128 of the decoded bytes
/// (16), and the encoded bytes. The encoded bytes are never more than the decoded ones.
/// </summary>
/// <remarks>A side that never compresses, or never decompresses, allocates no context and no buffer for it: a
/// connection has a reader and a writer, and only one of them carries data.</remarks>
internal sealed class ChunkFormat : IDisposable
{
    private const byte Plain = 1;
    private const byte Zstd = 2;
    private const int Level = 1;

    private readonly CompressionChoice _choice = new();
    private Compressor? _compressor;
    private Decompressor? _decompressor;
    private byte[]? _buffer;

    private byte[] Buffer => _buffer ??= new byte[WireLimits.Chunk];

    public void Dispose()
    {
        _compressor?.Dispose();
        _decompressor?.Dispose();
    }

    public void Write(ArrayBufferWriter<byte> into, TransferRecords.Data data)
    {
        var bytes = data.Bytes.Span;
        if (bytes.Length is 0 or > WireLimits.Chunk)
            throw new ArgumentException($"A chunk has 1 to {WireLimits.Chunk} bytes, not {bytes.Length}", nameof(data));
        var encoded = ReadOnlySpan<byte>.Empty;
        if (_choice.IsWorthTrying)
        {
            // The buffer has the chunk's own length: if the result does not fit, compression was not worth it.
            _compressor ??= new Compressor(Level);
            if (_compressor.TryWrap(bytes, Buffer.AsSpan(0, bytes.Length), out var written))
                encoded = Buffer.AsSpan(0, written);
            _choice.Tried(bytes.Length, encoded.IsEmpty ? bytes.Length : encoded.Length);
        }
        var fields = new FieldWriter(into);
        fields.Size(data.Offset);
        fields.UInt32((uint)bytes.Length);
        fields.Byte(encoded.IsEmpty ? Plain : Zstd);
        fields.UInt128(XxHash128.HashToUInt128(bytes));
        fields.Bytes(encoded.IsEmpty ? bytes : encoded);
    }

    /// <summary>The record's bytes are valid until the next call.</summary>
    public TransferRecords.Data Read(ReadOnlyMemory<byte> payload)
    {
        var fields = new FieldReader(RecordFormat.NameOf(RecordType.Data), payload.Span);
        var (offset, length, encoding, hash) = (fields.Size(), fields.UInt32(), fields.Byte(), fields.UInt128());
        if (length is 0 or > WireLimits.Chunk)
            throw fields.Bad($"a chunk of {length} bytes where {WireLimits.Chunk} are the most", WireFault.BadLength);
        var encoded = fields.Rest();
        ReadOnlyMemory<byte> bytes;
        switch (encoding)
        {
            case Plain when encoded.Length != length:
                throw fields.Bad($"{encoded.Length} bytes for a chunk of {length}", WireFault.BadLength);
            case Plain:
                bytes = payload[^encoded.Length..];
                break;
            case Zstd:
                bytes = Decompress(encoded, (int)length);
                break;
            default:
                throw fields.Bad($"an encoding {encoding}");
        }
        return XxHash128.HashToUInt128(bytes.Span) == hash
            ? new TransferRecords.Data(offset, bytes)
            : throw fields.Bad($"the chunk at byte {offset.Bytes} has another checksum", WireFault.Damaged);
    }

    private ReadOnlyMemory<byte> Decompress(ReadOnlySpan<byte> encoded, int length)
    {
        try
        {
            _decompressor ??= new Decompressor();
            if (_decompressor.TryUnwrap(encoded, Buffer.AsSpan(0, length), out var written) && written == length)
                return Buffer.AsMemory(0, length);
        }
        catch (ZstdException)
        {
            // Reported below: the library's message explains nothing.
        }
        throw FieldReader.Bad(
            RecordFormat.NameOf(RecordType.Data), $"its bytes do not decompress to {length}", WireFault.Damaged);
    }
}

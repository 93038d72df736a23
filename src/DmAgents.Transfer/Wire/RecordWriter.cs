using System.Buffers;
using System.Buffers.Binary;

namespace DmAgents.Transfer.Wire;

/// <summary>
/// Writes records: type (1 byte), payload length (4, little endian), payload. Each record is one write to the stream,
/// from one reused buffer.
/// </summary>
public sealed class RecordWriter(Stream stream) : IDisposable
{
    internal const int PrefixLength = 5;

    private readonly ArrayBufferWriter<byte> _bytes = new(WireLimits.Payload + PrefixLength);
    private readonly ChunkFormat _chunks = new();

    /// <summary>The number of bytes written.</summary>
    public long BytesWritten { get; private set; }

    public void Dispose() => _chunks.Dispose();

    public async ValueTask WriteAsync(TransferRecord record, CancellationToken cancellation)
    {
        Encode(record);
        await stream.WriteAsync(_bytes.WrittenMemory, cancellation).ConfigureAwait(false);
        BytesWritten += _bytes.WrittenCount;
    }

    private void Encode(TransferRecord record)
    {
        _bytes.ResetWrittenCount();
        Span<byte> prefix = stackalloc byte[PrefixLength];
        _bytes.Write(prefix);
        if (record is TransferRecords.Data data)
            _chunks.Write(_bytes, data);
        else
            RecordFormat.Write(new FieldWriter(_bytes), record);
        var type = RecordFormat.TypeOf(record);
        var length = _bytes.WrittenCount - PrefixLength;
        if (length > WireLimits.Of(type))
            throw new ArgumentException($"A record \"{type}\" of {length} bytes exceeds its limit", nameof(record));
        var written = System.Runtime.InteropServices.MemoryMarshal.AsMemory(_bytes.WrittenMemory).Span;
        written[0] = (byte)type;
        BinaryPrimitives.WriteUInt32LittleEndian(written[1..], (uint)length);
    }
}

using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace DmAgents.Fleet.Wire;

/// <summary>Writes big-endian numbers, and byte strings and texts preceded by their length.</summary>
internal sealed class ByteWriter
{
    private readonly ArrayBufferWriter<byte> _buffer = new();

    public ReadOnlyMemory<byte> Written => _buffer.WrittenMemory;

    public ByteWriter U8(int value)
    {
        _buffer.Write([checked((byte)value)]);
        return this;
    }

    public ByteWriter U16(int value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(_buffer.GetSpan(sizeof(ushort)), checked((ushort)value));
        _buffer.Advance(sizeof(ushort));
        return this;
    }

    public ByteWriter U32(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(_buffer.GetSpan(sizeof(uint)), value);
        _buffer.Advance(sizeof(uint));
        return this;
    }

    public ByteWriter U64(ulong value)
    {
        BinaryPrimitives.WriteUInt64BigEndian(_buffer.GetSpan(sizeof(ulong)), value);
        _buffer.Advance(sizeof(ulong));
        return this;
    }

    /// <summary>A time in milliseconds since 1970.</summary>
    public ByteWriter Time(DateTimeOffset time) => U64(unchecked((ulong)time.ToUnixTimeMilliseconds()));

    /// <summary>Bytes without a length, because the reader knows it.</summary>
    public ByteWriter Raw(ReadOnlySpan<byte> bytes)
    {
        _buffer.Write(bytes);
        return this;
    }

    public ByteWriter Bytes16(ReadOnlySpan<byte> bytes) => U16(bytes.Length).Raw(bytes);

    public ByteWriter Bytes32(ReadOnlySpan<byte> bytes) => U32((uint)bytes.Length).Raw(bytes);

    public ByteWriter Text16(string text) => Bytes16(Encoding.UTF8.GetBytes(text));
}

using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Units;
using DmAgents.Transfer.Content;

namespace DmAgents.Transfer.Wire;

/// <summary>Writes the fields of a record, little endian.</summary>
internal readonly struct FieldWriter(ArrayBufferWriter<byte> bytes)
{
    public void Byte(byte value) => Take(1)[0] = value;

    public void Flag(bool value) => Byte(value ? (byte)1 : (byte)0);

    public void UInt16(ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Take(2), value);

    public void UInt32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Take(4), value);

    public void UInt64(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Take(8), value);

    public void UInt128(UInt128 value) => BinaryPrimitives.WriteUInt128LittleEndian(Take(16), value);

    public void Size(ByteSize value) => UInt64(value.Bytes);

    public void Range(PieceRange range)
    {
        UInt64(range.Start);
        UInt64(range.Count);
    }

    /// <summary>16 bytes in the order of the text form.</summary>
    public void Guid(Guid value) => value.TryWriteBytes(Take(16), bigEndian: true, out _);

    public void Digest(ContentDigest value) => value.CopyTo(Take(ContentDigest.Length));

    public void Hash(PieceHash value) => value.CopyTo(Take(PieceHash.Length));

    public void Bytes(ReadOnlySpan<byte> value) => value.CopyTo(Take(value.Length));

    /// <summary>UTF-8 after its length; a text above the limit is truncated between two characters.</summary>
    public void Text(string value, int limit)
    {
        var encoded = Encoding.UTF8.GetBytes(value).AsSpan();
        if (encoded.Length > limit)
        {
            while ((encoded[limit] & 0xc0) == 0x80)
                limit--;
            encoded = encoded[..limit];
        }
        UInt16((ushort)encoded.Length);
        Bytes(encoded);
    }

    private Span<byte> Take(int count)
    {
        var span = bytes.GetSpan(count)[..count];
        bytes.Advance(count);
        return span;
    }
}

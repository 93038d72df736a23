using System.Buffers.Binary;
using System.Text;

namespace DmAgents.Fleet.Wire;

/// <summary>
/// Reads what <see cref="ByteWriter"/> wrote, or what a hostile peer sent. After the first mismatch everything reads as
/// zero or empty, and <see cref="Failed"/> stays true: callers check it once, at the end.
/// </summary>
internal ref struct ByteReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public bool Failed { get; private set; }

    /// <summary>Everything was read, with nothing left over.</summary>
    public readonly bool IsComplete => !Failed && _rest.IsEmpty;

    public byte U8() => Raw(1) is [var value] ? value : (byte)0;

    public ushort U16()
    {
        var taken = Raw(sizeof(ushort));
        return taken.IsEmpty ? (ushort)0 : BinaryPrimitives.ReadUInt16BigEndian(taken);
    }

    public uint U32()
    {
        var taken = Raw(sizeof(uint));
        return taken.IsEmpty ? 0 : BinaryPrimitives.ReadUInt32BigEndian(taken);
    }

    public ulong U64()
    {
        var taken = Raw(sizeof(ulong));
        return taken.IsEmpty ? 0 : BinaryPrimitives.ReadUInt64BigEndian(taken);
    }

    public DateTimeOffset Time()
    {
        var milliseconds = unchecked((long)U64());
        if (milliseconds >= 0 && milliseconds <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())
            return DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
        Fail();
        return default;
    }

    public ReadOnlySpan<byte> Raw(int count)
    {
        if (Failed || count > _rest.Length)
        {
            Fail();
            return default;
        }
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }

    public ReadOnlySpan<byte> Bytes16(int most) => Limited(U16(), most);

    public ReadOnlySpan<byte> Bytes32(int most) => Limited(U32(), most);

    /// <summary>A peer's text for display: control characters, which could control a terminal, become question
    /// marks.</summary>
    public string Text16(int most)
    {
        var text = Encoding.UTF8.GetString(Bytes16(most));
        return string.Concat(text.Select(character => char.IsControl(character) ? '?' : character));
    }

    public void Fail()
    {
        Failed = true;
        _rest = default;
    }

    private ReadOnlySpan<byte> Limited(uint count, int most)
    {
        if (count <= (uint)most)
            return Raw((int)count);
        Fail();
        return default;
    }
}

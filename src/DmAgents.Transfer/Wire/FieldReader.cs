using System.Buffers.Binary;
using System.Text;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Units;
using DmAgents.Transfer.Content;

namespace DmAgents.Transfer.Wire;

/// <summary>Reads the fields of a complete record or file. Refuses by name whatever does not fit.</summary>
/// <param name="name">The name of the record or file, for the refusal.</param>
internal ref struct FieldReader(string name, ReadOnlySpan<byte> payload)
{
    private ReadOnlySpan<byte> _left = payload;

    public byte Byte() => Take(1)[0];

    public bool Flag() => Byte() switch
    {
        0 => false,
        1 => true,
        var other => throw Bad($"a flag is {other}"),
    };

    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    public UInt128 UInt128() => BinaryPrimitives.ReadUInt128LittleEndian(Take(16));

    public Guid Guid() => new(Take(16), bigEndian: true);

    public ContentDigest Digest() => new(Take(ContentDigest.Length));

    public PieceHash Hash() => new(Take(PieceHash.Length));

    /// <summary>At most what Linux counts: 63 bits.</summary>
    public ByteSize Size()
    {
        var bytes = UInt64();
        return bytes <= long.MaxValue ? new ByteSize(bytes) : throw Bad($"a size or position of {bytes} bytes");
    }

    public ulong Piece()
    {
        var piece = UInt64();
        return piece < PieceRange.Most ? piece : throw Bad($"a piece {piece}");
    }

    public PieceRange Range()
    {
        var range = new PieceRange(Piece(), UInt64());
        return range.Count is > 0 and <= PieceRange.Most ? range : throw Bad($"a range of {range.Count} pieces");
    }

    /// <summary>The number of items of a fixed length, all of which must be present.</summary>
    public int Count(int limit, int itemLength)
    {
        var count = UInt32();
        if (count > limit)
            throw Bad($"{count} items where {limit} are the most", WireFault.BadLength);
        if ((long)count * itemLength > _left.Length)
            throw Bad($"{count} items in {_left.Length} bytes", WireFault.CutOff);
        return (int)count;
    }

    public string Text(int limit)
    {
        var length = UInt16();
        if (length > limit)
            throw Bad($"a text of {length} bytes where {limit} are the most", WireFault.BadLength);
        return Encoding.UTF8.GetString(Take(length));
    }

    public ReadOnlySpan<byte> Rest()
    {
        var rest = _left;
        _left = default;
        return rest;
    }

    /// <summary>Checks that everything was read.</summary>
    public readonly void End()
    {
        if (!_left.IsEmpty)
            throw Bad($"{_left.Length} bytes follow its last field", WireFault.TrailingBytes);
    }

    public readonly WireException Bad(string what, WireFault fault = WireFault.BadField) => Bad(name, what, fault);

    public static WireException Bad(string name, string what, WireFault fault) =>
        new(fault, $"a {name} that cannot be: {what}");

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _left.Length)
            throw Bad("its fields end early", WireFault.CutOff);
        var taken = _left[..count];
        _left = _left[count..];
        return taken;
    }
}

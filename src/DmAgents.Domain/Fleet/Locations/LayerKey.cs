using System.Buffers.Binary;
using DmAgents.Domain.Layers;

namespace DmAgents.Domain.Fleet.Locations;

/// <summary>
/// A chain id as a bucket stores it: 40 bytes instead of a string of 168, because a fleet has a million of them.
/// Ordered by the digests' bytes.
/// </summary>
internal readonly record struct LayerKey : IComparable<LayerKey>
{
    private readonly ulong _a;
    private readonly ulong _b;
    private readonly ulong _c;
    private readonly ulong _d;

    /// <summary>The last 64 hex digits of a SHA-512, which only an image's first layer can have; otherwise
    /// null.</summary>
    private readonly string? _rest;

    public LayerKey(ChainId layer)
    {
        var hex = layer.Digest.Hex;
        Span<byte> bytes = stackalloc byte[32];
        Convert.FromHexString(hex.AsSpan(0, 64), bytes, out _, out _);
        _a = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _b = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        _c = BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]);
        _d = BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]);
        _rest = hex.Length == 64 ? null : hex[64..];
    }

    public ChainId Layer
    {
        get
        {
            Span<byte> bytes = stackalloc byte[64];
            BinaryPrimitives.WriteUInt64BigEndian(bytes, _a);
            BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], _b);
            BinaryPrimitives.WriteUInt64BigEndian(bytes[16..], _c);
            BinaryPrimitives.WriteUInt64BigEndian(bytes[24..], _d);
            if (_rest is null)
                return new ChainId(Digest.FromHash(bytes[..32]));
            Convert.FromHexString(_rest, bytes[32..], out _, out _);
            return new ChainId(Digest.FromHash(bytes));
        }
    }

    public int CompareTo(LayerKey other)
    {
        var order = _a.CompareTo(other._a);
        if (order == 0)
            order = _b.CompareTo(other._b);
        if (order == 0)
            order = _c.CompareTo(other._c);
        if (order == 0)
            order = _d.CompareTo(other._d);
        return order != 0 ? order : string.CompareOrdinal(_rest, other._rest);
    }
}

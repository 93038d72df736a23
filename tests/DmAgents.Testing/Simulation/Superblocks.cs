using System.Buffers.Binary;

namespace DmAgents.Testing.Simulation;

/// <summary>
/// What structured content on a disk means. A superblock's bytes hold the number of an immutable value kept here, so
/// that copying, snapshotting, overwriting, zeroing and losing the bytes does the same to the structure.
/// </summary>
internal sealed class Superblocks
{
    public const int Length = 512;

    private const ulong Magic = 0x626c6b7375706572;

    private readonly List<object> _values = [];

    /// <summary>The bytes that stand for the value.</summary>
    public byte[] Encode(object value)
    {
        _values.Add(value);
        var number = (ulong)_values.Count;
        var bytes = new byte[Length];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), number);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(16), ~number);
        return bytes;
    }

    /// <summary>The value that the bytes stand for; null where they are something else.</summary>
    public object? Decode(ReadOnlySpan<byte> bytes)
    {
        var number = BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes) == Magic
            && BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]) == ~number
            && number - 1 < (ulong)_values.Count
            ? _values[(int)(number - 1)]
            : null;
    }
}

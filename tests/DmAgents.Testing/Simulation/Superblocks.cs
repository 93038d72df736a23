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

    private static uint _made;

    private readonly List<object> _values = [];
    private readonly List<Superblocks> _others = [];

    /// <summary>The upper half of its numbers, so that those of another kernel are not taken for its own.</summary>
    private readonly ulong _number = Interlocked.Increment(ref _made);

    /// <summary>What another kernel has written is understood, too, as after a copy of its disk.</summary>
    public void Understand(Superblocks other) => _others.Add(other);

    /// <summary>The bytes that stand for the value.</summary>
    public byte[] Encode(object value)
    {
        ulong number;
        lock (_values)
        {
            _values.Add(value);
            number = _number << 32 | (uint)_values.Count;
        }
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
            ? _others.Prepend(this).Select(each => each.ValueOf(number)).FirstOrDefault(value => value is not null)
            : null;
    }

    private object? ValueOf(ulong number)
    {
        lock (_values)
            return number >> 32 == _number ? _values.ElementAtOrDefault((int)(uint)number - 1) : null;
    }
}

using System.Buffers.Binary;

namespace DmAgents.Kernel.ThinPools.Metadata;

/// <summary>
/// A view of one 4 KiB btree node of a pool's metadata (kernel: struct btree_node in
/// drivers/md/persistent-data/dm-btree-internal.h).
/// </summary>
/// <remarks>
/// Header: checksum u32, flags u32, own block number u64, entries u32, maximum entries u32, bytes per value u32,
/// padding. Then space for the maximum number of 64-bit keys, then the values. In an inner node a value is the child's
/// block number, and its key is the lowest key below that child. All little-endian.
/// </remarks>
internal readonly ref struct BtreeNode
{
    public const int BlockSize = 4096;

    private const int HeadSize = 32;
    private const int KeySize = 8;
    private const uint Inner = 1;
    private const uint Leaf = 2;

    private readonly ReadOnlySpan<byte> _block;
    private readonly int _values;

    private BtreeNode(ReadOnlySpan<byte> block, bool isLeaf, int count, int values, int valueSize)
    {
        _block = block;
        _values = values;
        IsLeaf = isLeaf;
        Count = count;
        ValueSize = valueSize;
    }

    public bool IsLeaf { get; }

    public int Count { get; }

    public int ValueSize { get; }

    /// <summary>False if the numbers in the header contradict each other.</summary>
    public static bool TryRead(ReadOnlySpan<byte> block, out BtreeNode node)
    {
        var flags = BinaryPrimitives.ReadUInt32LittleEndian(block[4..]);
        var count = BinaryPrimitives.ReadUInt32LittleEndian(block[16..]);
        var most = BinaryPrimitives.ReadUInt32LittleEndian(block[20..]);
        var valueSize = BinaryPrimitives.ReadUInt32LittleEndian(block[24..]);
        var fits = flags is Inner or Leaf
            && count <= most
            && valueSize is > 0 and < BlockSize
            && (flags == Leaf || valueSize == sizeof(ulong))
            && HeadSize + most * (ulong)(KeySize + valueSize) <= BlockSize;
        node = fits
            ? new BtreeNode(block, flags == Leaf, (int)count, HeadSize + (int)most * KeySize, (int)valueSize)
            : default;
        return fits;
    }

    public ulong Key(int index) => BinaryPrimitives.ReadUInt64LittleEndian(_block[(HeadSize + index * KeySize)..]);

    public ReadOnlySpan<byte> Value(int index) => _block.Slice(OffsetOf(index), ValueSize);

    /// <summary>The value's offset in the block, in bytes.</summary>
    public int OffsetOf(int index) => _values + index * ValueSize;

    /// <summary>A 64-bit value: a child, a root, or a mapping.</summary>
    public ulong Number(int index) => BinaryPrimitives.ReadUInt64LittleEndian(Value(index));
}

using System.Buffers.Binary;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.ThinPools.Metadata;

namespace DmAgents.Kernel.Tests.ThinPools;

/// <summary>Metadata blocks in memory, written here by the format's description.</summary>
internal sealed class FakeMetadata : IMetadataBlocks
{
    private const uint Inner = 1;
    private const uint Leaf = 2;

    private readonly List<byte[]> _blocks = [new byte[BtreeNode.BlockSize]];

    public ulong Count => (ulong)_blocks.Count;

    /// <summary>How many blocks were read.</summary>
    public int Reads { get; private set; }

    public KernelError? Read(ulong number, uint checksumKind, out ReadOnlySpan<byte> block)
    {
        block = default;
        Reads++;
        if (number >= Count)
            return new KernelError(KernelFault.Failed, 0, "read", "fake", $"block {number} of {Count}");
        block = _blocks[(int)number];
        return BlockChecksum.IsRight(block, checksumKind)
            ? null
            : new KernelError(KernelFault.Failed, 0, "read", "fake", $"checksum of block {number}");
    }

    public byte[] this[ulong number] => _blocks[(int)number];

    public ulong AddDetails(IEnumerable<(ulong Key, byte[] Value)> entries) => AddNode(Leaf, [.. entries]);

    public ulong AddLeaf(params (ulong Key, ulong Value)[] entries) =>
        AddNode(Leaf, [.. entries.Select(entry => (entry.Key, BitConverter.GetBytes(entry.Value)))]);

    public ulong AddInner(params (ulong Key, ulong Child)[] entries) =>
        AddNode(Inner, [.. entries.Select(entry => (entry.Key, BitConverter.GetBytes(entry.Child)))]);

    /// <summary>The value of a device's details.</summary>
    public static byte[] Details(ulong mapped, ulong transaction)
    {
        var value = new byte[24];
        BinaryPrimitives.WriteUInt64LittleEndian(value, mapped);
        BinaryPrimitives.WriteUInt64LittleEndian(value.AsSpan(8), transaction);
        return value;
    }

    public ulong AddSuperblock(ulong mappings, ulong details)
    {
        var block = new byte[BtreeNode.BlockSize];
        BinaryPrimitives.WriteUInt64LittleEndian(block.AsSpan(32), 27022010);
        BinaryPrimitives.WriteUInt32LittleEndian(block.AsSpan(40), 2);
        BinaryPrimitives.WriteUInt64LittleEndian(block.AsSpan(320), mappings);
        BinaryPrimitives.WriteUInt64LittleEndian(block.AsSpan(328), details);
        return Add(block, 160774);
    }

    private ulong AddNode(uint flags, List<(ulong Key, byte[] Value)> entries)
    {
        var block = new byte[BtreeNode.BlockSize];
        var valueSize = entries.Count == 0 ? 8 : entries[0].Value.Length;
        var most = (BtreeNode.BlockSize - 32) / (8 + valueSize) / 3 * 3;
        Assert.True(entries.Count <= most);
        BinaryPrimitives.WriteUInt32LittleEndian(block.AsSpan(4), flags);
        BinaryPrimitives.WriteInt32LittleEndian(block.AsSpan(16), entries.Count);
        BinaryPrimitives.WriteInt32LittleEndian(block.AsSpan(20), most);
        BinaryPrimitives.WriteInt32LittleEndian(block.AsSpan(24), valueSize);
        for (var i = 0; i < entries.Count; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(block.AsSpan(32 + i * 8), entries[i].Key);
            entries[i].Value.CopyTo(block.AsSpan(32 + most * 8 + i * valueSize));
        }
        return Add(block, 121107);
    }

    private ulong Add(byte[] block, uint kind)
    {
        BinaryPrimitives.WriteInt32LittleEndian(block.AsSpan(8), _blocks.Count);
        BinaryPrimitives.WriteUInt32LittleEndian(block, BlockChecksum.Of(block, kind));
        _blocks.Add(block);
        return Count - 1;
    }
}

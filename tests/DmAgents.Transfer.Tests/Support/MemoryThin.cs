using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Transfer.Content;

namespace DmAgents.Transfer.Tests.Support;

/// <summary>A thin device in memory: blocks that are shared with its snapshots until one of them is written.</summary>
internal sealed class MemoryThin : IBlockReader
{
    private readonly Dictionary<long, byte[]> _blocks;

    public MemoryThin(int blockSize, long size)
        : this(blockSize, size, [])
    {
    }

    private MemoryThin(int blockSize, long size, Dictionary<long, byte[]> blocks) =>
        (BlockSize, Length, _blocks) = (blockSize, size, blocks);

    public int BlockSize { get; }

    public long Length { get; private set; }

    public ByteSize Size => new((ulong)Length);

    public long MappedBlocks => _blocks.Count;

    /// <summary>All bytes.</summary>
    public byte[] Content
    {
        get
        {
            var bytes = new byte[Length];
            Read(ByteSize.Zero, bytes);
            return bytes;
        }
    }

    public IEnumerable<ByteRange> Mapped => _blocks.Keys.Order().Select(BlockRange);

    public MemoryThin Snapshot(long? size = null) =>
        new(BlockSize, size ?? Length, new Dictionary<long, byte[]>(_blocks));

    public KernelResult Read(ByteSize offset, Span<byte> into)
    {
        Check((long)offset.Bytes, into.Length);
        for (var at = 0; at < into.Length;)
        {
            var (block, within) = Math.DivRem((long)offset.Bytes + at, BlockSize);
            var count = (int)Math.Min(BlockSize - within, into.Length - at);
            if (_blocks.TryGetValue(block, out var bytes))
                bytes.AsSpan((int)within, count).CopyTo(into[at..]);
            else
                into.Slice(at, count).Clear();
            at += count;
        }
        return KernelResult.Done;
    }

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        Check(offset, bytes.Length);
        while (!bytes.IsEmpty)
        {
            var (block, within) = Math.DivRem(offset, BlockSize);
            var count = (int)Math.Min(BlockSize - within, bytes.Length);
            var copy = _blocks.TryGetValue(block, out var old) ? old.ToArray() : new byte[BlockSize];
            bytes[..count].CopyTo(copy.AsSpan((int)within));
            _blocks[block] = copy;
            offset += count;
            bytes = bytes[count..];
        }
    }

    /// <summary>Whole blocks are unmapped, the rest is written.</summary>
    public void Zero(long offset, long length)
    {
        Check(offset, length);
        while (length > 0)
        {
            var (block, within) = Math.DivRem(offset, BlockSize);
            var count = Math.Min(BlockSize - within, length);
            if (within == 0 && (count == BlockSize || offset + count == Length))
                _blocks.Remove(block);
            else if (_blocks.ContainsKey(block))
                Write(offset, new byte[count]);
            (offset, length) = (offset + count, length - count);
        }
    }

    /// <summary>Damages a byte below whatever shares the block, as a disk does.</summary>
    public void Rot(long offset) => _blocks[offset / BlockSize][offset % BlockSize] ^= 0x40;

    /// <summary>Blocks that one maps and the other maps elsewhere, or not.</summary>
    public List<ByteRange> ChangedSince(MemoryThin origin) =>
    [
        .. _blocks.Keys.Union(origin._blocks.Keys).Where(block => _blocks.GetValueOrDefault(block)
            != origin._blocks.GetValueOrDefault(block)).Select(BlockRange),
    ];

    public ContentMap Map(PieceSize pieces) =>
        ContentScan.Whole(this, pieces, Mapped, CancellationToken.None).Value;

    private ByteRange BlockRange(long block) =>
        new(new ByteSize((ulong)(block * BlockSize)), new ByteSize((ulong)BlockSize));

    private void Check(long offset, long length)
    {
        if (offset < 0 || length < 0 || offset + length > Length || offset % 512 != 0 || length % 512 != 0)
            throw new InvalidOperationException($"{length} bytes from {offset} on of a device of {Length}");
    }
}

using System.Buffers.Binary;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.BlockDevices;
using DmAgents.Kernel.Interop;

namespace DmAgents.Kernel.ThinPools.Metadata;

/// <summary>
/// Corrects the free counts of the last bitmaps in a pool's two space maps, after thin_restore or thin_repair 0.9.0
/// wrote them (findings/thin-restore-growth.sh).
/// </summary>
/// <remarks>
/// A bitmap covers 16,320 blocks; the last one also covers blocks beyond the device's end. The kernel counts every
/// unused block as free, so that growth need not touch the bitmap, and skips a bitmap with no free block (kernel:
/// sm_ll_extend and sm_ll_find_free_block in dm-space-map-common.c). 0.9.0 counts only the blocks within the device: a
/// pool that grows later runs out of space with up to 1 GiB free, in blocks of 64 KiB. 1.1.0 counts as the kernel does.
/// <para>The superblock holds the roots: number of blocks, number in use, and the index of the bitmaps, 8 bytes each;
/// for data at 64 with a btree as index, for metadata at 192 with one block as index. An index entry: the bitmap's
/// block u64, its free blocks u32, the first that may be free u32. A bitmap: 16 bytes, then two bits per block, both 0
/// if the block is free.</para>
/// </remarks>
internal sealed class SpaceMapEnds
{
    private const int DataRootOffset = 64;
    private const int MetadataRootOffset = 192;
    private const int IndexOffset = 16;
    private const int BitmapOffset = 16;
    private const int EntrySize = 16;
    private const int FreeOffset = 8;
    private const int BlocksPerByte = 4;
    private const uint BlocksPerBitmap = (BtreeNode.BlockSize - BitmapOffset) * BlocksPerByte;

    private readonly IMetadataBlocks _blocks;
    private readonly FileDescriptor _file;
    private readonly DevicePath _metadata;

    private SpaceMapEnds(IMetadataBlocks blocks, FileDescriptor file, DevicePath metadata) =>
        (_blocks, _file, _metadata) = (blocks, file, metadata);

    /// <summary>Corrects both maps, if they are wrong. Idempotent.</summary>
    /// <param name="metadata">The metadata device of a pool that is not live.</param>
    /// <returns>Failed if a map is damaged or cannot be read or written; Busy if the device is in use.</returns>
    public static KernelResult Complete(DevicePath metadata)
    {
        var file = BlockNodes.Open(metadata, OpenFlags.ReadWrite | OpenFlags.Direct | OpenFlags.Exclusive);
        if (!file.Succeeded)
            return file.Error;
        using var closing = file.Value;
        var blocks = MetadataBlocks.Open(metadata);
        if (!blocks.Succeeded)
            return blocks.Error;
        using (blocks.Value)
        {
            var ends = new SpaceMapEnds(blocks.Value, file.Value, metadata);
            return ends.CompleteData()
                .Then(ends.CompleteMetadata)
                .Then(() => FileBytes.Sync(file.Value, metadata.Value));
        }
    }

    private KernelResult CompleteData()
    {
        if (Root(DataRootOffset, out var blocks, out var at) is { } error)
            return error;
        if (blocks % BlocksPerBitmap == 0)
            return KernelResult.Done;
        var walk = new BtreeWalk(_blocks);
        for (var level = 0; ; level++)
        {
            if (walk.Node(at, level, out var node) is { } damaged)
                return damaged;
            var last = node.Count - 1;
            if (last < 0 || node.IsLeaf && (node.ValueSize != EntrySize || node.Key(last) != blocks / BlocksPerBitmap))
                return BtreeWalk.Damaged(at, $"no index of the bitmaps of {blocks} blocks");
            if (node.IsLeaf)
                return Complete(at, BlockChecksum.BtreeNode, node.OffsetOf(last), (uint)(blocks % BlocksPerBitmap));
            at = node.Number(last);
        }
    }

    private KernelResult CompleteMetadata()
    {
        if (Root(MetadataRootOffset, out var blocks, out var index) is { } error)
            return error;
        var entry = IndexOffset + (long)(blocks / BlocksPerBitmap) * EntrySize;
        if (blocks % BlocksPerBitmap == 0)
            return KernelResult.Done;
        return entry > BtreeNode.BlockSize - EntrySize
            ? BtreeWalk.Damaged(index, $"an index has no place for {blocks} blocks")
            : Complete(index, BlockChecksum.SpaceMapIndex, (int)entry, (uint)(blocks % BlocksPerBitmap));
    }

    private KernelError? Root(int offset, out ulong blocks, out ulong index)
    {
        (blocks, index) = (0, 0);
        if (_blocks.Read(0, BlockChecksum.Superblock, out var superblock) is { } error)
            return error;
        blocks = BinaryPrimitives.ReadUInt64LittleEndian(superblock[offset..]);
        index = BinaryPrimitives.ReadUInt64LittleEndian(superblock[(offset + 16)..]);
        return null;
    }

    /// <param name="at">The index block with the last bitmap's entry.</param>
    /// <param name="kind">The kind of that block's checksum.</param>
    /// <param name="entry">The entry's offset in that block.</param>
    /// <param name="within">The number of the bitmap's blocks that lie within the device.</param>
    private KernelResult Complete(ulong at, uint kind, int entry, uint within)
    {
        if (_blocks.Read(at, kind, out var index) is { } error)
            return error;
        var bitmap = BinaryPrimitives.ReadUInt64LittleEndian(index[entry..]);
        var counted = BinaryPrimitives.ReadUInt32LittleEndian(index[(entry + FreeOffset)..]);
        if (_blocks.Read(bitmap, BlockChecksum.SpaceMapBitmap, out var bits) is { } damaged)
            return damaged;
        var (free, all) = (Free(bits, within), Free(bits, BlocksPerBitmap));
        if (all - free != BlocksPerBitmap - within)
            return BtreeWalk.Damaged(bitmap, $"blocks beyond the {within} of the device are said to be in use");
        // 0.9.0 counts one too few in the metadata's map. The kernel's own count is greater than the free blocks within
        // the device.
        return counted > free ? KernelResult.Done : Write(at, kind, entry + FreeOffset, all);
    }

    private KernelResult Write(ulong at, uint kind, int offset, uint free)
    {
        if (_blocks.Read(at, kind, out var present) is { } error)
            return error;
        var buffer = AlignedBuffers.Take();
        var block = buffer.Bytes[..BtreeNode.BlockSize];
        present.CopyTo(block);
        BinaryPrimitives.WriteUInt32LittleEndian(block[offset..], free);
        BlockChecksum.Set(block, kind);
        var written = FileBytes.Write(_file, _metadata.Value, at * BtreeNode.BlockSize, block);
        AlignedBuffers.Return(buffer);
        return written;
    }

    /// <summary>The number of free blocks among a bitmap's first ones.</summary>
    private static uint Free(ReadOnlySpan<byte> bitmap, uint first)
    {
        var free = 0u;
        for (var block = 0u; block < first; block++)
        {
            var four = bitmap[BitmapOffset + (int)(block / BlocksPerByte)];
            if ((four >> (int)(block % BlocksPerByte) * 2 & 3) == 0)
                free++;
        }
        return free;
    }
}

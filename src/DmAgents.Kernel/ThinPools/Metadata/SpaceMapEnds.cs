using System.Buffers.Binary;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.BlockDevices;
using DmAgents.Kernel.Interop;

namespace DmAgents.Kernel.ThinPools.Metadata;

/// <summary>
/// Corrects how many free blocks the last bitmaps of a pool's two space maps have, after thin_restore or thin_repair
/// 0.9.0 made them (findings/thin-restore-growth.sh).
/// </summary>
/// <remarks>
/// A bitmap has 16,320 blocks, and the last one those beyond the device's end, too. The kernel counts all that are not
/// used as free, so that a growth need not touch it, and passes over a bitmap that has none (kernel: sm_ll_extend and
/// sm_ll_find_free_block in dm-space-map-common.c). 0.9.0 counts those within the device only: a pool that grows later
/// is out of space with up to 1 GiB free, in blocks of 64 KiB. 1.1.0 counts as the kernel does.
/// <para>The roots are in the superblock: number of blocks, number in use, and the index of the bitmaps, 8 bytes each;
/// for the data at 64 with a btree as index, for the metadata at 192 with one block. An entry of an index: the bitmap's
/// block u64, its free blocks u32, the first that may be free u32. A bitmap: 16 bytes, then two bits a block, both 0 if
/// it is free.</para>
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

    /// <summary>Corrects both maps, if they are not right. May be repeated.</summary>
    /// <param name="metadata">Of a pool that is not live.</param>
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

    /// <param name="at">The block of the index that has the last bitmap's entry.</param>
    /// <param name="kind">Of that block's checksum.</param>
    /// <param name="entry">Where in it.</param>
    /// <param name="within">How many of the bitmap's blocks lie within the device.</param>
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
        // 0.9.0 counts one too few in the map of the metadata. What the kernel has counted is more than lies within.
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

    /// <summary>How many of a bitmap's first blocks are free.</summary>
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

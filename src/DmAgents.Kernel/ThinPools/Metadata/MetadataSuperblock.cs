using System.Buffers.Binary;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Kernel.ThinPools.Metadata;

/// <summary>The superblock of a pool that is not live: what the kernel would begin with.</summary>
/// <remarks>struct thin_disk_superblock (drivers/md/dm-thin-metadata.c): flags at 4, magic at 32, transaction id at 48,
/// data block size in sectors at 336. A held root is a copy of it, so that <see cref="MetadataSnapshot"/> reads both.
/// </remarks>
internal static class MetadataSuperblock
{
    private const ulong Place = 0;
    private const int FlagsOffset = 4;
    private const int MagicOffset = 32;
    private const int TransactionOffset = 48;
    private const int BlockSizeOffset = 336;
    private const uint NeedsCheck = 1;

    public static KernelResult<IdleMetadata> Read(IMetadataBlocks blocks)
    {
        var error = blocks.Read(Place, BlockChecksum.Superblock, out var block);
        // An empty or foreign first block has the wrong checksum, too: nothing can be told of it but that.
        if (error is not null)
            return error with { Fault = KernelFault.Invalid };
        if (BinaryPrimitives.ReadUInt64LittleEndian(block[MagicOffset..]) != MetadataSnapshot.Magic)
            return BtreeWalk.Damaged(Place, $"not a thin pool's superblock") with { Fault = KernelFault.Invalid };
        var needsCheck = (BinaryPrimitives.ReadUInt32LittleEndian(block[FlagsOffset..]) & NeedsCheck) != 0;
        var transaction = new TransactionId(BinaryPrimitives.ReadUInt64LittleEndian(block[TransactionOffset..]));
        var sectors = BinaryPrimitives.ReadUInt32LittleEndian(block[BlockSizeOffset..]);
        var blockSize = new SectorCount(sectors).Bytes;
        if (!PoolBlockSize.IsValid(blockSize))
            return BtreeWalk.Damaged(Place, $"data blocks of {sectors} sectors");
        var snapshot = MetadataSnapshot.Open(blocks, Place);
        if (!snapshot.Succeeded)
            return snapshot.Error;
        var thins = snapshot.Value.List();
        return thins.Succeeded
            ? new IdleMetadata(transaction, new PoolBlockSize(blockSize), needsCheck, thins.Value)
            : thins.Error;
    }
}

using System.Buffers.Binary;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Kernel.ThinPools.Metadata;

/// <summary>
/// A pool's metadata at the time of the kernel's metadata snapshot. The kernel keeps the snapshot's blocks in place
/// until the release, whatever the pool does meanwhile.
/// </summary>
/// <remarks>
/// The held root is a copy of the superblock (kernel: struct thin_disk_superblock and __reserve_metadata_snap in
/// drivers/md/dm-thin-metadata.c). Offsets: flags 4, magic 32, version 40, time 44, transaction id 48, number of data
/// blocks 64, number of metadata blocks 192, root of the mappings 320, root of the device details 328, data block size
/// in sectors 336.
/// Mappings: thin id to the root of a btree of its own, which maps a virtual block to data block times 2^24 plus a
/// time. Details: thin id to mapped blocks u64, transaction id u64, created u32, last snapshot u32.
/// </remarks>
internal sealed class MetadataSnapshot
{
    public const ulong Magic = 27022010;

    private const int FlagsOffset = 4;
    private const int MagicOffset = 32;
    private const int VersionOffset = 40;
    private const int TimeOffset = 44;
    private const int TransactionOffset = 48;
    private const int DataBlocksOffset = 64;
    private const int MetadataBlocksOffset = 192;
    private const int MappingsOffset = 320;
    private const int DetailsOffset = 328;
    private const int BlockSizeOffset = 336;
    private const int DetailsSize = 24;
    private const uint NewestVersion = 2;

    /// <summary>THIN_METADATA_NEEDS_CHECK_FLAG.</summary>
    private const uint NeedsCheckFlag = 1;

    private readonly BtreeWalk _walk;
    private readonly IMetadataBlocks _blocks;
    private readonly ulong _mappings;
    private readonly ulong _details;

    private MetadataSnapshot(IMetadataBlocks blocks, ulong mappings, ulong details)
    {
        _blocks = blocks;
        _walk = new BtreeWalk(blocks);
        _mappings = mappings;
        _details = details;
    }

    /// <summary>The pool owner's transaction id at that time.</summary>
    public TransactionId TransactionId { get; private init; }

    /// <summary>The kernel requires a check.</summary>
    public bool NeedsCheck { get; private init; }

    /// <summary>The pool's time: the number of snapshots that it has made.</summary>
    private uint Time { get; init; }

    /// <summary>The size of a data block.</summary>
    private SectorCount DataBlock { get; init; }

    /// <summary>The number of data blocks in the pool. Valid in a superblock, not in a held root.</summary>
    private ulong DataBlocks { get; init; }

    private ulong MetadataBlocks { get; init; }

    /// <summary>The pool's sizes, from a superblock. A held root does not have them.</summary>
    public KernelResult<MetadataLayout> Layout() => PoolBlockSize.IsValid(DataBlock.Bytes)
        ? new MetadataLayout(
            new PoolBlockSize(DataBlock.Bytes), DataBlocks, new ByteSize(MetadataBlocks * BtreeNode.BlockSize))
        : BtreeWalk.Damaged(0, $"data blocks of {DataBlock} sectors");

    /// <param name="blocks">The metadata device.</param>
    /// <param name="heldRoot">From the pool's status; 0, the superblock itself, if the pool is not live.</param>
    public static KernelResult<MetadataSnapshot> Open(IMetadataBlocks blocks, ulong heldRoot)
    {
        if (blocks.Read(heldRoot, BlockChecksum.Superblock, out var block) is { } error)
            return error;
        var magic = BinaryPrimitives.ReadUInt64LittleEndian(block[MagicOffset..]);
        if (magic != Magic)
            return BtreeWalk.Damaged(heldRoot, $"magic {magic}: not a thin pool's superblock");
        var version = BinaryPrimitives.ReadUInt32LittleEndian(block[VersionOffset..]);
        if (version is 0 or > NewestVersion)
            return BtreeWalk.Damaged(heldRoot, $"metadata of version {version} are not known");
        return new MetadataSnapshot(
            blocks,
            BinaryPrimitives.ReadUInt64LittleEndian(block[MappingsOffset..]),
            BinaryPrimitives.ReadUInt64LittleEndian(block[DetailsOffset..]))
        {
            TransactionId = new TransactionId(BinaryPrimitives.ReadUInt64LittleEndian(block[TransactionOffset..])),
            Time = BinaryPrimitives.ReadUInt32LittleEndian(block[TimeOffset..]),
            DataBlock = new SectorCount(BinaryPrimitives.ReadUInt32LittleEndian(block[BlockSizeOffset..])),
            DataBlocks = BinaryPrimitives.ReadUInt64LittleEndian(block[DataBlocksOffset..]),
            MetadataBlocks = BinaryPrimitives.ReadUInt64LittleEndian(block[MetadataBlocksOffset..]),
            NeedsCheck = (BinaryPrimitives.ReadUInt32LittleEndian(block[FlagsOffset..]) & NeedsCheckFlag) != 0,
        };
    }

    /// <summary>Everything reachable, whatever is damaged below the superblock.</summary>
    /// <param name="shape">Supplies what the superblock does not hold.</param>
    public MetadataReadOut ReadOut(MetadataShape shape) => new(_walk, _mappings, _details, Time, shape with
    {
        TransactionId = TransactionId,
        BlockSize = PoolBlockSize.IsValid(DataBlock.Bytes) ? new PoolBlockSize(DataBlock.Bytes) : shape.BlockSize,
    });

    /// <summary>The metadata's content without the mappings.</summary>
    public KernelResult<MetadataContent> Content()
    {
        if (!PoolBlockSize.IsValid(DataBlock.Bytes))
            return BtreeWalk.Damaged(0, $"data blocks of {DataBlock} sectors");
        var thins = List();
        return thins.Succeeded
            ? new MetadataContent(TransactionId, new PoolBlockSize(DataBlock.Bytes), NeedsCheck, [.. thins.Value])
            : thins.Error;
    }

    /// <summary>Every thin id with its number of mapped blocks, ascending.</summary>
    public KernelResult<IReadOnlyList<ThinUsage>> List()
    {
        var thins = new List<(ThinUsage Usage, uint Created)>();
        // Each snapshot has its own time of the pool, which is also its origin's latest.
        var origins = new Dictionary<uint, ThinId>();
        var error = _walk.Entries(_details, DetailsSize, (id, details) =>
        {
            var thin = new ThinId(checked((uint)id));
            var (created, snapshotted) = (Created(details), Snapshotted(details));
            if (created < snapshotted)
                origins[snapshotted] = thin;
            thins.Add((new ThinUsage(
                thin,
                BinaryPrimitives.ReadUInt64LittleEndian(details),
                ExclusiveBlocks: null,
                new TransactionId(BinaryPrimitives.ReadUInt64LittleEndian(details[8..]))), created));
        });
        return error is null
            ? KernelResult.Found<IReadOnlyList<ThinUsage>>([.. thins.Select(thin => thin.Usage with
            {
                SnapshotOf = origins.TryGetValue(thin.Created, out var origin) ? origin : null,
            })])
            : error;
    }

    /// <summary>The blocks that this thin id maps and its origin does not; see
    /// <see cref="IThinPools.OwnBlocks"/>.</summary>
    public KernelResult<IReadOnlyList<BlockRange>> OwnBlocks(ThinAndOrigin thin, bool isOrigin)
    {
        var read = Roots();
        if (!read.Succeeded)
            return read.Error;
        if (!read.Value.TryGetValue(thin.Id, out var root))
            return NoSuch(thin.Id);
        var since = 0U;
        var error = _walk.Entries(_details, DetailsSize, (id, details) =>
            since = id == thin.Id.Value && isOrigin ? Snapshotted(details) : since);
        return error is null
            ? new BlockDifference(_walk).Own(
                root, thin.Origin is { } id && read.Value.TryGetValue(id, out var origin) ? origin : null, since)
            : error;
    }

    /// <summary>The ranges in which two thin ids may hold different bytes; see
    /// <see cref="IThinPools.ChangedRanges"/>.</summary>
    public KernelResult<IReadOnlyList<ByteRange>> Changed(ThinId thin, ThinId? since)
    {
        if (!PoolBlockSize.IsValid(DataBlock.Bytes))
            return BtreeWalk.Damaged(0, $"data blocks of {DataBlock} sectors");
        var root = Root(thin);
        var other = since is { } id ? Root(id) : KernelResult.Found<ulong?>(null);
        if ((root.Error ?? other.Error) is { } missing)
            return missing;
        var blocks = new BlockDifference(_walk).Between(root.Value!.Value, other.Value);
        return blocks.Succeeded
            ? KernelResult.Found<IReadOnlyList<ByteRange>>([.. blocks.Value.Select(Bytes)])
            : blocks.Error;
    }

    private ByteRange Bytes(BlockRange blocks)
    {
        var (start, length) = blocks.InBytes(DataBlock.Bytes);
        return new ByteRange(start, length);
    }

    /// <summary>The root of one device's mappings. Does not read those of all others.</summary>
    private KernelResult<ulong?> Root(ThinId thin)
    {
        ulong? root = null;
        var error = _walk.Find(
            _mappings, thin.Value, sizeof(ulong), (_, value) => root = BinaryPrimitives.ReadUInt64LittleEndian(value));
        if ((error ?? (root is null ? NoSuch(thin) : null)) is { } missing)
            return missing;
        return root;
    }

    private static KernelError NoSuch(ThinId thin) =>
        new(KernelFault.NotFound, 0, "read metadata", thin.ToString(), "the pool has no such thin id");

    private static uint Created(ReadOnlySpan<byte> details) => BinaryPrimitives.ReadUInt32LittleEndian(details[16..]);

    private static uint Snapshotted(ReadOnlySpan<byte> details) =>
        BinaryPrimitives.ReadUInt32LittleEndian(details[20..]);

    /// <summary>As <see cref="List"/>, with the number of blocks that only this thin id maps.</summary>
    /// <param name="dataBlocks">The number of blocks on the pool's data device.</param>
    public KernelResult<IReadOnlyList<ThinUsage>> Measure(ulong dataBlocks)
    {
        var listed = List();
        if (!listed.Succeeded)
            return listed;
        var read = Roots();
        if (!read.Succeeded)
            return read.Error;
        var roots = read.Value;
        var sharing = new BlockSharing(_walk, _blocks.Count, dataBlocks);
        var counted = sharing.Count(
            [.. listed.Value.Select(thin => roots.TryGetValue(thin.Id, out var root) ? root : (ulong?)null)]);
        return counted.Succeeded
            ? KernelResult.Found<IReadOnlyList<ThinUsage>>(
                [.. listed.Value.Zip(counted.Value, (thin, own) => thin with { ExclusiveBlocks = own })])
            : counted.Error;
    }

    /// <summary>For each thin id the number of blocks that it maps beyond its origin; null if the thin id does not
    /// exist.</summary>
    public KernelResult<IReadOnlyList<ulong?>> MeasureAboveOrigins(IReadOnlyList<ThinAndOrigin> thins)
    {
        var read = Roots();
        if (!read.Succeeded)
            return read.Error;
        var roots = read.Value;
        var difference = new BlockDifference(_walk);
        var counts = new List<ulong?>(thins.Count);
        foreach (var thin in thins)
        {
            if (!roots.TryGetValue(thin.Id, out var root))
            {
                counts.Add(null);
                continue;
            }
            var origin = thin.Origin is { } id && roots.TryGetValue(id, out var below) ? below : (ulong?)null;
            var counted = difference.Count(root, origin);
            if (!counted.Succeeded)
                return counted.Error;
            counts.Add(counted.Value);
        }
        return KernelResult.Found<IReadOnlyList<ulong?>>(counts);
    }

    private KernelResult<Dictionary<ThinId, ulong>> Roots()
    {
        var roots = new Dictionary<ThinId, ulong>();
        var error = _walk.Entries(_mappings, sizeof(ulong), (id, root) =>
            roots[new ThinId(checked((uint)id))] = BinaryPrimitives.ReadUInt64LittleEndian(root));
        return error is null ? roots : error;
    }
}

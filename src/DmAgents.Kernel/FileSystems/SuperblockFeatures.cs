using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Numerics;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Kernel.FileSystems;

/// <summary>The feature bits of superblocks, by the names that mke2fs and mkfs.xfs use (kernel: fs/ext4/ext4.h,
/// fs/xfs/libxfs/xfs_format.h).</summary>
internal static class SuperblockFeatures
{
    private static readonly FeatureWord[] Ext4 =
    [
        new("compat", 92,
            "dir_prealloc", "imagic_inodes", "has_journal", "ext_attr", "resize_inode", "dir_index", "lazy_bg", null,
            "snapshot_bitmap", "sparse_super2", "fast_commit", "stable_inodes", "orphan_file"),
        // needs_recovery is a state.
        new("incompat", 96,
            "compression", "filetype", "", "journal_dev", "meta_bg", null, "extent", "64bit", "mmp", "flex_bg",
            "ea_inode", null, "dirdata", "metadata_csum_seed", "large_dir", "inline_data", "encrypt", "casefold"),
        // orphan_present is a state.
        new("ro_compat", 100,
            "sparse_super", "large_file", "btree_dir", "huge_file", "uninit_bg", "dir_nlink", "extra_isize",
            "has_snapshot", "quota", "bigalloc", "metadata_csum", "replica", "read-only", "project", "shared_blocks",
            "verity", ""),
    ];

    private static readonly FeatureWord[] Xfs =
    [
        new("ro_compat", 212, "finobt", "rmapbt", "reflink", "inobtcount"),
        // meta_uuid and needsrepair are states.
        new("incompat", 216,
            "ftype", "sparse", "", "bigtime", "", "nrext64", "exchange", "parent", "metadir", "zoned", "zone_gaps"),
    ];

    /// <summary>Null if the block is not the start of such a file system.</summary>
    public static FileSystemTraits? Read(ReadOnlySpan<byte> block, FileSystemKind kind) =>
        kind == FileSystemKind.Xfs ? ReadXfs(block) : ReadExt4(block[1024..]);

    private static FileSystemTraits? ReadExt4(ReadOnlySpan<byte> super)
    {
        if (BinaryPrimitives.ReadUInt16LittleEndian(super[56..]) != 0xEF53)
            return null;
        var features = ImmutableSortedSet.CreateBuilder<string>(StringComparer.Ordinal);
        foreach (var word in Ext4)
            word.Add(BinaryPrimitives.ReadUInt32LittleEndian(super[word.Offset..]), features);
        var block = 1024UL << (int)(BinaryPrimitives.ReadUInt32LittleEndian(super[24..]) & 0xF);
        return new FileSystemTraits(FileSystemKind.Ext4, new ByteSize(block), features.ToImmutable());
    }

    /// <summary>The optional features of version 4 are always present in version 5 (crc).</summary>
    private static FileSystemTraits? ReadXfs(ReadOnlySpan<byte> super)
    {
        if (!super.StartsWith("XFSB"u8))
            return null;
        var features = ImmutableSortedSet.CreateBuilder<string>(StringComparer.Ordinal);
        if ((BinaryPrimitives.ReadUInt16BigEndian(super[100..]) & 0xF) == 5)
        {
            features.Add("crc");
            foreach (var word in Xfs)
                word.Add(BinaryPrimitives.ReadUInt32BigEndian(super[word.Offset..]), features);
        }
        var sector = BinaryPrimitives.ReadUInt16BigEndian(super[102..]);
        return new FileSystemTraits(FileSystemKind.Xfs, new ByteSize(sector), features.ToImmutable());
    }

    /// <summary>One word of feature bits.</summary>
    /// <param name="Names">From bit 0 on: null for a bit that never had a name, empty for a bit that is a
    /// state.</param>
    private sealed record FeatureWord(string Set, int Offset, params string?[] Names)
    {
        public void Add(uint bits, ImmutableSortedSet<string>.Builder features)
        {
            for (; bits != 0; bits &= bits - 1)
            {
                var bit = BitOperations.TrailingZeroCount(bits);
                var name = bit < Names.Length ? Names[bit] : null;
                if (name?.Length != 0)
                    features.Add(name ?? FileSystemTraits.UnknownBit(Set, bit));
            }
        }
    }
}

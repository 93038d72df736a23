using System.Collections.Immutable;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Devices;

/// <summary>
/// How the agent makes a file system, independent of the host's mkfs and its configuration, so that other hosts can
/// mount a base that one host made. The journal records its name with each base and its descendants.
/// </summary>
/// <param name="Name">Another set of features has another name.</param>
/// <param name="Kind">The file system.</param>
/// <param name="Features">All its features, by the names that its own tools use.</param>
/// <param name="Since">The first kernel that mounts it for writing.</param>
/// <param name="LargestSector">The largest logical sectors of a device on which it can be mounted.</param>
/// <param name="Least">The smallest device on which it can be made.</param>
/// <param name="Most">The largest device on which it can be made; it may grow larger.</param>
public sealed record FileSystemFormat(
    FormatName Name, FileSystemKind Kind, ImmutableArray<string> Features, KernelVersion Since, ByteSize LargestSector,
    ByteSize Least, ByteSize Most)
{
    /// <summary>
    /// The features that mke2fs 1.43 to 1.46 set by default, without ext_attr and the like, which need no mention.
    /// Without metadata_csum_seed and orphan_file, which mke2fs sets since 1.47.0 and older kernels and e2fsprogs
    /// refuse. Least: mke2fs makes no journal below 2048 blocks. Most: from 2^32 blocks on mke2fs omits resize_inode; a
    /// smaller file system grows beyond.
    /// </summary>
    public static FileSystemFormat Ext4 { get; } = new(
        new FormatName("ext4-1"), FileSystemKind.Ext4,
        [
            "has_journal", "ext_attr", "resize_inode", "dir_index", "filetype", "extent", "64bit", "flex_bg",
            "sparse_super", "large_file", "huge_file", "dir_nlink", "extra_isize", "metadata_csum",
        ],
        new KernelVersion(3, 18), ByteSize.KiB(4), Least: ByteSize.MiB(8), Most: ByteSize.TiB(15));

    /// <summary>
    /// What mkfs.xfs 4.16 to 5.14 made (its configuration "lts_5.4" without later features): version 5 with checksums,
    /// sparse inodes, the free inode tree, reference counts for reflinks. Without rmapbt, bigtime, inobtcount, nrext64,
    /// exchange and parent. Sectors of 4 KiB on every device: xfs can be mounted on smaller sectors than it was made
    /// for, but not on larger ones. Least: mkfs.xfs since 5.19 makes none below 300 MiB.
    /// </summary>
    public static FileSystemFormat Xfs { get; } = new(
        new FormatName("xfs-1"), FileSystemKind.Xfs, ["crc", "ftype", "finobt", "sparse", "reflink"],
        new KernelVersion(4, 16),
        ByteSize.KiB(4), Least: ByteSize.MiB(300), Most: LargestDevice);

    /// <summary>Linux counts a device's bytes in a signed 64-bit number; in whole MiB.</summary>
    public static ByteSize LargestDevice => new((1UL << 63) - (1UL << 20));

    /// <summary>The format of new bases.</summary>
    public static FileSystemFormat Of(FileSystemKind kind) => kind switch
    {
        FileSystemKind.Ext4 => Ext4,
        FileSystemKind.Xfs => Xfs,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "not a file system of the agent"),
    };

    /// <summary>Null for a name from a later agent.</summary>
    public static FileSystemFormat? Find(FormatName name) =>
        name == Ext4.Name ? Ext4 : name == Xfs.Name ? Xfs : null;
}

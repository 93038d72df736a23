using System.Collections.Immutable;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Devices;

/// <summary>
/// How the agent makes a file system: the same whatever the host's mkfs and its configuration would choose, so that a
/// base made by one host can be mounted by the others. Journaled by its name with each base and what descends from it.
/// </summary>
/// <param name="Name">Another set of features has another name.</param>
/// <param name="Kind">The file system.</param>
/// <param name="Features">All that it has, by the words of its own tools.</param>
/// <param name="Since">The first kernel that mounts it for writing.</param>
/// <param name="LargestSector">The largest logical sectors of a device on which it can be mounted.</param>
/// <param name="Least">The smallest device on which it can be made.</param>
/// <param name="Most">The largest device on which it can be made; grown it may be larger.</param>
public sealed record FileSystemFormat(
    FormatName Name, FileSystemKind Kind, ImmutableArray<string> Features, KernelVersion Since, ByteSize LargestSector,
    ByteSize Least, ByteSize Most)
{
    /// <summary>
    /// The features that mke2fs 1.43 to 1.46 gave ext4, less ext_attr and the like that need no word. Not among them:
    /// metadata_csum_seed and orphan_file, which mke2fs gives since 1.47.0, and which older kernels and e2fsprogs
    /// refuse. The least: mke2fs makes no journal below 2048 blocks. The most: from 2^32 blocks
    /// on mke2fs leaves resize_inode out; a smaller one grows beyond.
    /// </summary>
    public static FileSystemFormat Ext4 { get; } = new(
        new FormatName("ext4-1"), FileSystemKind.Ext4,
        [
            "has_journal", "ext_attr", "resize_inode", "dir_index", "filetype", "extent", "64bit", "flex_bg",
            "sparse_super", "large_file", "huge_file", "dir_nlink", "extra_isize", "metadata_csum",
        ],
        new KernelVersion(3, 18), ByteSize.KiB(4), Least: ByteSize.MiB(8), Most: ByteSize.TiB(15));

    /// <summary>
    /// What mkfs.xfs 4.16 to 5.14 made (its configuration "lts_5.4" less what is younger): version 5 with checksums,
    /// sparse inodes, the free inode tree, reference counts for reflinks. Not among them: rmapbt, bigtime, inobtcount,
    /// nrext64, exchange and parent. Sectors of 4 KiB whatever the device has: xfs cannot be mounted on larger ones
    /// than it was made for, but on smaller ones. The least: mkfs.xfs since 5.19 makes none below 300 MiB.
    /// </summary>
    public static FileSystemFormat Xfs { get; } = new(
        new FormatName("xfs-1"), FileSystemKind.Xfs, ["crc", "ftype", "finobt", "sparse", "reflink"],
        new KernelVersion(4, 16),
        ByteSize.KiB(4), Least: ByteSize.MiB(300), Most: LargestDevice);

    /// <summary>Linux counts a device's bytes by a signed number of 64 bits; in whole MiB.</summary>
    public static ByteSize LargestDevice => new((1UL << 63) - (1UL << 20));

    /// <summary>What bases are made with today.</summary>
    public static FileSystemFormat Of(FileSystemKind kind) => kind switch
    {
        FileSystemKind.Ext4 => Ext4,
        FileSystemKind.Xfs => Xfs,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "not a file system of the agent"),
    };

    /// <summary>Null where a younger agent has named it.</summary>
    public static FileSystemFormat? Find(FormatName name) =>
        name == Ext4.Name ? Ext4 : name == Xfs.Name ? Xfs : null;
}

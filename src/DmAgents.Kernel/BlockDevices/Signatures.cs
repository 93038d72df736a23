using System.Buffers.Binary;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.Interop;

namespace DmAgents.Kernel.BlockDevices;

/// <summary>Reads parts of a device.</summary>
internal interface IDeviceBytes
{
    KernelResult Read(ulong offset, Span<byte> into);
}

/// <summary>An open device's bytes.</summary>
internal sealed class DeviceBytes(FileDescriptor file, string subject) : IDeviceBytes
{
    public KernelResult Read(ulong offset, Span<byte> into) => FileBytes.Read(file, subject, offset, into);
}

/// <summary>Finds out what a device holds before the agent overwrites it.</summary>
/// <remarks>Offsets and magic numbers come from the formats' own documents. blkid knows many more, but is a separate
/// program. This list covers what disks with data commonly hold.</remarks>
internal static class Signatures
{
    private const int SectorSize = 512;

    private sealed record Mark(string Meaning, long Offset, byte[] Bytes);

    /// <summary>A negative offset counts from the device's end. The order matters: the outermost format comes
    /// first.</summary>
    private static readonly Mark[] Marks =
    [
        new("LUKS encrypted volume", 0, [(byte)'L', (byte)'U', (byte)'K', (byte)'S', 0xBA, 0xBE]),
        new("GPT partition table", 512, "EFI PART"u8.ToArray()),
        new("GPT partition table", 4096, "EFI PART"u8.ToArray()),
        new("GPT partition table", -512, "EFI PART"u8.ToArray()),
        new("LVM physical volume", 512 + 24, "LVM2 001"u8.ToArray()),
        new("LVM physical volume", 24, "LVM2 001"u8.ToArray()),
        new("LVM physical volume", 1024 + 24, "LVM2 001"u8.ToArray()),
        new("LVM physical volume", 1536 + 24, "LVM2 001"u8.ToArray()),
        new("xfs file system", 0, "XFSB"u8.ToArray()),
        new("btrfs file system", 65536 + 64, "_BHRfS_M"u8.ToArray()),
        new("f2fs file system", 1024, [0x10, 0x20, 0xF5, 0xF2]),
        new("squashfs file system", 0, "hsqs"u8.ToArray()),
        new("erofs file system", 1024, [0xE2, 0xE1, 0xF5, 0xE0]),
        new("NTFS file system", 3, "NTFS    "u8.ToArray()),
        new("exFAT file system", 3, "EXFAT   "u8.ToArray()),
        new("FAT file system", 82, "FAT32   "u8.ToArray()),
        new("FAT file system", 54, "FAT16   "u8.ToArray()),
        new("FAT file system", 54, "FAT12   "u8.ToArray()),
        new("ISO 9660 file system", 32768 + 1, "CD001"u8.ToArray()),
        new("swap space", 4096 - 10, "SWAPSPACE2"u8.ToArray()),
        new("swap space", 4096 - 10, "SWAP-SPACE"u8.ToArray()),
        new("swap space", 65536 - 10, "SWAPSPACE2"u8.ToArray()),
        new("Linux RAID member", 0, RaidMark),
        new("Linux RAID member", 4096, RaidMark),
        new("thin pool metadata", 32, [0xBA, 0x52, 0x9C, 0x01, 0, 0, 0, 0]),
        new("bcache device", 4096 + 24, [0xC6, 0x85, 0x73, 0xF6, 0x4E, 0x1A, 0x45, 0xCA]),
        new("Ceph BlueStore device", 0, "bluestore block device"u8.ToArray()),
    ];

    private static byte[] RaidMark => [0xFC, 0x4E, 0x2B, 0xA9];

    /// <summary>What the device holds, in words; empty if nothing was recognized.</summary>
    public static KernelResult<string> Find(ulong size, IDeviceBytes device)
    {
        var head = new byte[Math.Min(size, 128 * 1024)];
        var tailStart = size - Math.Min(size, 128 * 1024);
        var tail = new byte[size - tailStart];
        var read = device.Read(0, head);
        if (read.Succeeded)
            read = device.Read(tailStart, tail);
        if (!read.Succeeded)
            return read.Error;
        foreach (var mark in Marks)
        {
            var place = mark.Offset >= 0 ? Slice(head, mark.Offset, mark.Bytes.Length)
                : Slice(tail, tail.Length + mark.Offset, mark.Bytes.Length);
            if (place.SequenceEqual(mark.Bytes))
                return mark.Meaning;
        }
        return Ext(head) ?? Raid(size, tailStart, tail) ?? Zfs(head) ?? PartitionTable(head) ?? "";
    }

    private static ReadOnlySpan<byte> Slice(ReadOnlySpan<byte> bytes, long offset, int length) =>
        offset >= 0 && offset + length <= bytes.Length ? bytes.Slice((int)offset, length) : default;

    /// <summary>Superblock at 1024: magic at 56, features at 92 and 96. A journal alone means ext3, extents mean
    /// ext4.</summary>
    private static string? Ext(ReadOnlySpan<byte> head)
    {
        var super = Slice(head, 1024, 1024);
        if (super.IsEmpty || BinaryPrimitives.ReadUInt16LittleEndian(super[56..]) != 0xEF53)
            return null;
        var compatible = BinaryPrimitives.ReadUInt32LittleEndian(super[92..]);
        var incompatible = BinaryPrimitives.ReadUInt32LittleEndian(super[96..]);
        const uint hasJournal = 4, isJournal = 8, onlyInExt4 = 0x40 | 0x80 | 0x200;
        if ((incompatible & isJournal) != 0)
            return "ext journal";
        if ((incompatible & onlyInExt4) != 0)
            return "ext4 file system";
        return (compatible & hasJournal) != 0 ? "ext3 file system" : "ext2 file system";
    }

    /// <summary>The mdraid 1.0 superblock lies 8 KiB before the end, the 0.90 one in the last whole 64 KiB but one;
    /// both offsets are rounded down.</summary>
    private static string? Raid(ulong size, ulong tailStart, ReadOnlySpan<byte> tail)
    {
        ulong[] places = size < 128 * 1024
            ? []
            : [(size / SectorSize - 16) / 8 * 8 * SectorSize, size / 65536 * 65536 - 65536];
        foreach (var place in places)
        {
            if (place >= tailStart && Slice(tail, (long)(place - tailStart), 4).SequenceEqual(RaidMark))
                return "Linux RAID member";
        }
        return null;
    }

    /// <summary>A label's name-value list at 16 KiB: encoding XDR (1), byte order, and "version" as the first
    /// name.</summary>
    private static string? Zfs(ReadOnlySpan<byte> head)
    {
        var list = Slice(head, 16 * 1024, 64);
        return !list.IsEmpty && list[0] == 1 && list[1] <= 1 && list.IndexOf("version"u8) > 0 ? "ZFS member" : null;
    }

    /// <summary>A boot sector's magic alone does not prove a partition table: at least one entry must be
    /// valid.</summary>
    private static string? PartitionTable(ReadOnlySpan<byte> head)
    {
        const int table = 446, entry = 16;
        var sector = Slice(head, 0, SectorSize);
        if (sector.IsEmpty || sector[510] != 0x55 || sector[511] != 0xAA)
            return null;
        var used = 0;
        for (var i = 0; i < 4; i++)
        {
            var part = sector.Slice(table + i * entry, entry);
            if (part[0] is not 0 and not 0x80)
                return null;
            if (part[4] != 0 && BinaryPrimitives.ReadUInt32LittleEndian(part[12..]) != 0)
                used++;
        }
        return used > 0 ? "MBR partition table" : null;
    }
}

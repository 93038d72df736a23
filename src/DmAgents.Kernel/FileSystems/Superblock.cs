using System.Buffers.Binary;
using System.Runtime.InteropServices;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.BlockDevices;
using DmAgents.Kernel.Interop;

namespace DmAgents.Kernel.FileSystems;

/// <summary>Reads a file system's superblock from its device.</summary>
/// <remarks>Uses O_DIRECT: xfs writes its superblock past the device's page cache, which would keep showing the first
/// reading.</remarks>
internal static unsafe class Superblock
{
    private const int Length = 4096;

    /// <summary>ext4: struct ext4_super_block at 1024, little-endian: inodes at 0, free ones at 16, magic at 56. xfs:
    /// struct xfs_dsb at 0, big-endian: magic at 0, allocated inodes at 128, free ones at 136.</summary>
    public static KernelResult<ulong> UsedInodes(DevicePath device, FileSystemKind kind) =>
        Read(device, kind, block => UsedInodes(block, kind));

    public static KernelResult<FileSystemTraits> Traits(DevicePath device, FileSystemKind kind)
    {
        var read = Read(device, kind, block =>
            SuperblockFeatures.Read(block, kind) is { } found ? new FoundTraits(found) : (FoundTraits?)null);
        return read.Succeeded ? read.Value.Value : read.Error;
    }

    private static KernelResult<T> Read<T>(DevicePath device, FileSystemKind kind, BlockReader<T> parse)
        where T : struct
    {
        var file = BlockNodes.Open(device, OpenFlags.ReadOnly | OpenFlags.Direct);
        if (!file.Succeeded)
            return file.Error;
        var buffer = (byte*)NativeMemory.AlignedAlloc(Length, Length);
        try
        {
            using (file.Value)
            {
                var block = new Span<byte>(buffer, Length);
                var read = FileBytes.Read(file.Value, device.Value, 0, block);
                if (!read.Succeeded)
                    return read.Error;
                return parse(block) is { } value
                    ? value
                    : new KernelError(KernelFault.Invalid, 0, "read superblock", device.Value, $"it has no {kind}");
            }
        }
        finally
        {
            NativeMemory.AlignedFree(buffer);
        }
    }

    private delegate T? BlockReader<T>(ReadOnlySpan<byte> block) where T : struct;

    private readonly record struct FoundTraits(FileSystemTraits Value);

    /// <summary>Null if the block is not the start of such a file system.</summary>
    internal static ulong? UsedInodes(ReadOnlySpan<byte> block, FileSystemKind kind)
    {
        if (kind == FileSystemKind.Xfs)
        {
            return block.StartsWith("XFSB"u8)
                ? BinaryPrimitives.ReadUInt64BigEndian(block[128..])
                    - BinaryPrimitives.ReadUInt64BigEndian(block[136..])
                : null;
        }
        var super = block[1024..];
        return BinaryPrimitives.ReadUInt16LittleEndian(super[56..]) == 0xEF53
            ? BinaryPrimitives.ReadUInt32LittleEndian(super)
                - (ulong)BinaryPrimitives.ReadUInt32LittleEndian(super[16..])
            : null;
    }
}

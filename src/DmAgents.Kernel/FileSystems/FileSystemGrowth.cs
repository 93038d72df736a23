using System.Runtime.InteropServices;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Kernel.Interop;

namespace DmAgents.Kernel.FileSystems;

/// <summary>
/// Grows a mounted file system to its device's size with the ioctl that resize2fs and xfs_growfs use. This starts no
/// process and also works on a detached mount, which those programs cannot find.
/// </summary>
internal static unsafe class FileSystemGrowth
{
    /// <summary>EXT4_IOC_RESIZE_FS, _IOW('f', 16, __u64): the size in file system blocks (fs/ext4/ext4.h).</summary>
    private const nuint Ext4Resize = 0x40086610;

    /// <summary>XFS_IOC_FSGEOMETRY_V1, _IOR('X', 100, 112 bytes), and XFS_IOC_FSGROWFSDATA, _IOW('X', 110, 16 bytes)
    /// (fs/xfs/libxfs/xfs_fs.h).</summary>
    private const nuint XfsGeometry = 0x80705864;
    private const nuint XfsGrowData = 0x4010586E;

    public static KernelResult Grow(FileDescriptor root, FileSystemKind kind, ByteSize device, string subject) =>
        kind switch
        {
            FileSystemKind.Ext4 => GrowExt4(root, device, subject),
            FileSystemKind.Xfs => GrowXfs(root, device, subject),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "not a file system of the agent"),
        };

    private static KernelResult GrowExt4(FileDescriptor root, ByteSize device, string subject)
    {
        var stated = DeviceCalls.StatFileSystem(root, out var status);
        var errno = Marshal.GetLastPInvokeError();
        if (stated < 0)
            return KernelErrors.From(errno, "statfs", subject);
        // If the size is unchanged, the kernel does nothing.
        var blocks = device.Bytes / (ulong)status.BlockSize;
        var result = DeviceCalls.Control(root, Ext4Resize, &blocks);
        errno = Marshal.GetLastPInvokeError();
        return result < 0 ? KernelErrors.From(errno, "grow ext4", subject) : KernelResult.Done;
    }

    private static KernelResult GrowXfs(FileDescriptor root, ByteSize device, string subject)
    {
        XfsGeometryV1 geometry;
        var result = DeviceCalls.Control(root, XfsGeometry, &geometry);
        var errno = Marshal.GetLastPInvokeError();
        if (result < 0)
            return KernelErrors.From(errno, "xfs geometry", subject);
        var blocks = device.Bytes / geometry.BlockSize;
        if (blocks <= geometry.DataBlocks)
            return KernelResult.Done;
        var growth = new XfsGrowth { NewBlocks = blocks, InodePercent = geometry.InodePercent };
        result = DeviceCalls.Control(root, XfsGrowData, &growth);
        errno = Marshal.GetLastPInvokeError();
        return result < 0 ? KernelErrors.From(errno, "grow xfs", subject) : KernelResult.Done;
    }
}

/// <summary>struct xfs_fsop_geom_v1.</summary>
[StructLayout(LayoutKind.Explicit, Size = 112)]
internal struct XfsGeometryV1
{
    [FieldOffset(0)] public uint BlockSize;
    [FieldOffset(28)] public uint InodePercent;
    [FieldOffset(32)] public ulong DataBlocks;
}

/// <summary>struct xfs_growfs_data.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
internal struct XfsGrowth
{
    [FieldOffset(0)] public ulong NewBlocks;
    [FieldOffset(8)] public uint InodePercent;
}

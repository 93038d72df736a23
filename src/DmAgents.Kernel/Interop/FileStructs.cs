using System.Runtime.InteropServices;
using DmAgents.Domain.Devices;

namespace DmAgents.Kernel.Interop;

/// <summary>struct statx (linux/stat.h): the only stat with the same layout on every architecture.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct FileStatus
{
    public const uint BasicFields = 0x7ff;
    public const int CurrentDirectory = -100;
    public const int NoFollow = 0x100;

    /// <summary>AT_NO_AUTOMOUNT and AT_STATX_DONT_SYNC.</summary>
    public const int NoAutomount = 0x800;
    public const int NoSync = 0x4000;

    /// <summary>AT_EMPTY_PATH: the file that the descriptor itself names.</summary>
    public const int EmptyPath = 0x1000;

    private const ushort TypeMask = 0xF000;
    private const ulong MountRoot = 0x2000;

    [FieldOffset(8)] public ulong Attributes;
    [FieldOffset(28)] public ushort Mode;
    [FieldOffset(32)] public ulong Inode;
    [FieldOffset(40)] public ulong Size;
    [FieldOffset(48)] public ulong Blocks;
    [FieldOffset(56)] public ulong AttributesMask;
    [FieldOffset(128)] public uint NodeMajor;
    [FieldOffset(132)] public uint NodeMinor;
    [FieldOffset(136)] public uint DeviceMajor;
    [FieldOffset(140)] public uint DeviceMinor;

    public readonly bool IsBlockDevice => (Mode & TypeMask) == FileTypes.BlockDevice;

    public readonly bool IsDirectory => (Mode & TypeMask) == FileTypes.Directory;

    public readonly bool IsRegular => (Mode & TypeMask) == FileTypes.Regular;

    /// <summary>True if a mount is on it; null if the kernel (before 5.8) does not report that.</summary>
    public readonly bool? IsMountRoot => (AttributesMask & MountRoot) == 0 ? null : (Attributes & MountRoot) != 0;

    /// <summary>The device number of a device node.</summary>
    public readonly DeviceNumber Node => new(NodeMajor, NodeMinor);

    /// <summary>The device that the file lies on.</summary>
    public readonly DeviceNumber Device => new(DeviceMajor, DeviceMinor);
}

/// <summary>File types in a mode (linux/stat.h).</summary>
internal static class FileTypes
{
    public const ushort CharacterDevice = 0x2000;
    public const ushort Directory = 0x4000;
    public const ushort BlockDevice = 0x6000;
    public const ushort Regular = 0x8000;
    public const ushort Link = 0xA000;
}

/// <summary>struct statfs of the 64-bit architectures (asm-generic/statfs.h).</summary>
[StructLayout(LayoutKind.Explicit, Size = 120)]
internal struct FileSystemStatus
{
    [FieldOffset(8)] public long BlockSize;
    [FieldOffset(32)] public ulong BlocksAvailable;
    [FieldOffset(80)] public long Flags;

    /// <summary>ST_RDONLY (linux/statfs.h): the mount or its file system is read-only.</summary>
    public readonly bool IsReadOnly => (Flags & 1) != 0;
}

/// <summary>struct fstrim_range (linux/fs.h).</summary>
[StructLayout(LayoutKind.Explicit, Size = 24)]
internal struct TrimRange
{
    [FieldOffset(0)] public ulong Start;
    [FieldOffset(8)] public ulong Length;
    [FieldOffset(16)] public ulong MinimumLength;
}

/// <summary>struct pollfd.</summary>
[StructLayout(LayoutKind.Explicit, Size = 8)]
internal struct PollEntry
{
    public const short Readable = 1;

    [FieldOffset(0)] public int Descriptor;
    [FieldOffset(4)] public short Wanted;
    [FieldOffset(6)] public short Found;
}

using System.Runtime.InteropServices;

namespace DmAgents.Kernel.Interop.FileTrees;

/// <summary>struct open_how of linux/openat2.h: what openat2 opens and which resolutions it refuses.</summary>
[StructLayout(LayoutKind.Explicit, Size = 24)]
internal struct OpenHow
{
    [FieldOffset(0)] public ulong Flags;
    [FieldOffset(8)] public ulong Mode;
    [FieldOffset(16)] public ulong Resolve;
}

/// <summary>struct timespec with 64-bit time, as on all 64-bit architectures.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
internal struct TimeSpec
{
    [FieldOffset(0)] public long Seconds;
    [FieldOffset(8)] public long Nanoseconds;
}

/// <summary>
/// struct statx of linux/stat.h. Used in place of struct stat, whose layout differs between x86-64 and arm64.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct Statx
{
    [FieldOffset(0)] public uint Mask;
    [FieldOffset(16)] public uint Links;
    [FieldOffset(20)] public uint Uid;
    [FieldOffset(24)] public uint Gid;
    [FieldOffset(28)] public ushort Mode;
    [FieldOffset(32)] public ulong Inode;
    [FieldOffset(40)] public ulong Size;
    [FieldOffset(48)] public ulong Blocks;
    [FieldOffset(112)] public long ModifiedSeconds;
    [FieldOffset(120)] public uint ModifiedNanoseconds;
    [FieldOffset(128)] public uint DeviceMajor;
    [FieldOffset(132)] public uint DeviceMinor;
}

/// <summary>Offsets in struct linux_dirent64 (getdents64(2)): inode 0, next 8, length 16, type 18, name 19.</summary>
internal static class DirectoryEntryLayout
{
    public const int Length = 16;
    public const int Name = 19;
}

/// <summary>struct fiemap of linux/fiemap.h; its extents follow it.</summary>
[StructLayout(LayoutKind.Explicit, Size = 32)]
internal struct FileMap
{
    [FieldOffset(0)] public ulong Start;
    [FieldOffset(8)] public ulong Length;
    [FieldOffset(16)] public uint Flags;
    [FieldOffset(20)] public uint Mapped;
    [FieldOffset(24)] public uint Room;
}

/// <summary>struct fiemap_extent of linux/fiemap.h.</summary>
[StructLayout(LayoutKind.Explicit, Size = 56)]
internal struct FileMapExtent
{
    [FieldOffset(0)] public ulong Logical;
    [FieldOffset(8)] public ulong Physical;
    [FieldOffset(16)] public ulong Length;
    [FieldOffset(40)] public uint Flags;
}

/// <summary>FIEMAP_EXTENT_ flags of linux/fiemap.h.</summary>
internal static class FileMapFlags
{
    public const uint Last = 1;
    public const uint Unwritten = 0x800;

    /// <summary>FIEMAP_EXTENT_MERGED and SHARED, which leave the place definite. All other flags make it unusable:
    /// unknown, not allocated, encoded, encrypted, not aligned, inline, packed with others.</summary>
    public const uint Harmless = Last | Unwritten | 0x1000 | 0x2000;
}

using System.Runtime.InteropServices;

namespace DmAgents.Kernel.BlockDevices;

/// <summary>struct loop_info64 (linux/loop.h). Device is that of the backing file's file system.</summary>
[StructLayout(LayoutKind.Explicit, Size = 232)]
internal unsafe struct LoopInfo
{
    public const uint DirectIo = 16;
    public const int NameLength = 64;

    [FieldOffset(0)] public ulong Device;
    [FieldOffset(8)] public ulong Inode;
    [FieldOffset(40)] public uint Number;
    [FieldOffset(52)] public uint Flags;
    [FieldOffset(56)] public fixed byte FileName[NameLength];
}

/// <summary>struct loop_config (linux/loop.h).</summary>
[StructLayout(LayoutKind.Explicit, Size = 304)]
internal struct LoopConfig
{
    [FieldOffset(0)] public uint File;
    [FieldOffset(4)] public uint BlockSize;
    [FieldOffset(8)] public LoopInfo Info;
}

/// <summary>Requests to loop devices and to /dev/loop-control (linux/loop.h).</summary>
internal static class LoopRequests
{
    public const nuint SetFile = 0x4C00;
    public const nuint ClearFile = 0x4C01;
    public const nuint SetStatus = 0x4C04;
    public const nuint GetStatus = 0x4C05;
    public const nuint SetCapacity = 0x4C07;
    public const nuint SetDirectIo = 0x4C08;
    public const nuint SetBlockSize = 0x4C09;
    public const nuint Configure = 0x4C0A;
    public const nuint GetFree = 0x4C82;
}

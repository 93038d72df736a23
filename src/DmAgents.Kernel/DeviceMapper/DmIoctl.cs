using System.Runtime.InteropServices;

namespace DmAgents.Kernel.DeviceMapper;

/// <summary>struct dm_ioctl: the head of every request to /dev/mapper/control (linux/dm-ioctl.h).</summary>
[StructLayout(LayoutKind.Explicit, Size = DmLayout.HeaderSize)]
internal unsafe struct DmIoctl
{
    [FieldOffset(0)] public uint VersionMajor;
    [FieldOffset(4)] public uint VersionMinor;
    [FieldOffset(8)] public uint VersionPatch;
    [FieldOffset(12)] public uint DataSize;
    [FieldOffset(16)] public uint DataStart;
    [FieldOffset(20)] public uint TargetCount;
    [FieldOffset(24)] public int OpenCount;
    [FieldOffset(28)] public DmFlags Flags;
    [FieldOffset(32)] public uint EventNumber;
    [FieldOffset(40)] public ulong Device;
    [FieldOffset(48)] public fixed byte Name[DmLayout.NameLength];
    [FieldOffset(176)] public fixed byte Uuid[DmLayout.UuidLength];
    [FieldOffset(305)] public fixed byte Data[7];
}

/// <summary>Sizes and offsets of the records that follow the head.</summary>
internal static class DmLayout
{
    public const int HeaderSize = 312;
    public const int NameLength = 128;
    public const int UuidLength = 129;

    /// <summary>struct dm_target_spec: start 0, length 8, status 16, next 20, type 24.</summary>
    public const int TargetSpecSize = 40;
    public const int TargetSpecLength = 8;
    public const int TargetSpecNext = 20;
    public const int TargetSpecType = 24;
    public const int TargetTypeLength = 16;

    /// <summary>struct dm_name_list: dev 0, next 8, name 12.</summary>
    public const int NameListNext = 8;
    public const int NameListName = 12;

    /// <summary>struct dm_target_msg: sector 0, message 8.</summary>
    public const int MessageText = 8;

    /// <summary>struct dm_target_versions: next 0, version 4, name 16.</summary>
    public const int VersionsVersion = 4;
    public const int VersionsName = 16;

    public static int Align(int offset) => (offset + 7) & ~7;
}

/// <summary>The ioctl numbers: _IOWR(0xfd, command, struct dm_ioctl), the same on x64 and arm64.</summary>
internal enum DmCommand : uint
{
    Version = 0xC138FD00,
    ListDevices = 0xC138FD02,
    DeviceCreate = 0xC138FD03,
    DeviceRemove = 0xC138FD04,
    DeviceRename = 0xC138FD05,
    DeviceSuspend = 0xC138FD06,
    DeviceStatus = 0xC138FD07,
    TableLoad = 0xC138FD09,
    TableStatus = 0xC138FD0C,
    ListVersions = 0xC138FD0D,
    TargetMessage = 0xC138FD0E,
    ArmPoll = 0xC138FD10,
}

/// <summary>DM_*_FLAG of linux/dm-ioctl.h.</summary>
[Flags]
internal enum DmFlags : uint
{
    None = 0,
    ReadOnly = 1 << 0,
    Suspend = 1 << 1,
    StatusTable = 1 << 4,
    ActivePresent = 1 << 5,
    BufferFull = 1 << 8,
    SkipLockFs = 1 << 10,
    NoFlush = 1 << 11,
    Uuid = 1 << 14,
    DeferredRemove = 1 << 17,
}

using System.Runtime.InteropServices;

namespace DmAgents.Kernel.Interop.FileTrees;

/// <summary>Numbers of fcntl.h, sys/stat.h and linux/openat2.h.</summary>
internal static class FileFlags
{
    // x86-64 and arm64 use different values for these two (arch/arm64/include/uapi/asm/fcntl.h).
    private static readonly bool Arm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;
    public static readonly int Directory = Arm ? 0x4000 : 0x10000;
    public static readonly int NoFollow = Arm ? 0x8000 : 0x20000;

    public const int ReadOnly = 0;
    public const int ReadWrite = 2;
    public const int Create = 0x40;
    public const int Exclusive = 0x80;
    public const int NonBlocking = 0x800;
    public const int PathOnly = 0x200000;
    public const int CloseOnExec = 0x80000;

    public const int SymlinkNoFollow = 0x100;
    public const int RemoveDirectory = 0x200;
    public const int EmptyPath = 0x1000;

    public const ulong ResolveNoMagicLinks = 0x02;
    public const ulong ResolveNoSymlinks = 0x04;
    public const ulong ResolveBeneath = 0x08;

    /// <summary>STATX_BASIC_STATS: the fields of stat(2).</summary>
    public const uint StatxBasic = 0x7ff;

    /// <summary>UTIME_OMIT: leaves this one of the two times unchanged.</summary>
    public const long OmitTime = 0x3ffffffe;

    /// <summary>FS_IOC_FIEMAP: _IOWR('f', 11, struct fiemap).</summary>
    public const nuint FileMap = 0xC020660B;

    /// <summary>S_ISGID.</summary>
    public const int SetGroup = 0x400;

    public const int TypeMask = 0xF000;
    public const int TypeFifo = 0x1000;
    public const int TypeCharacter = 0x2000;
    public const int TypeDirectory = 0x4000;
    public const int TypeBlock = 0x6000;
    public const int TypeFile = 0x8000;
    public const int TypeSymlink = 0xA000;
    public const int TypeSocket = 0xC000;
}

using System.Runtime.InteropServices;

namespace DmAgents.Kernel.Interop;

/// <summary>Flags of open(2), from asm-generic/fcntl.h and the two architectures' own headers.</summary>
internal static class OpenFlags
{
    public const int ReadOnly = 0;
    public const int ReadWrite = 2;
    public const int Create = 0x40;
    public const int Exclusive = 0x80;
    public const int Truncate = 0x200;
    public const int NonBlocking = 0x800;
    public const int CloseOnExec = 0x80000;

    /// <summary>O_PATH: only names the place, and needs no read permission.</summary>
    public const int PathOnly = 0x200000;

    /// <summary>O_DIRECTORY. arm64 swaps its value with that of O_DIRECT (asm/fcntl.h).</summary>
    public static int Directory => IsArm ? 0x4000 : 0x10000;

    /// <summary>O_DIRECT: bypasses the page cache.</summary>
    public static int Direct => IsArm ? 0x10000 : 0x4000;

    private static bool IsArm => RuntimeInformation.ProcessArchitecture is Architecture.Arm64;
}

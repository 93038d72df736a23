using System.Runtime.InteropServices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Kernel.Interop;

namespace DmAgents.Kernel.BlockDevices;

/// <summary>The ioctls of block devices (linux/fs.h).</summary>
internal static unsafe class BlockControl
{
    private const nuint SizeInBytes = 0x80081272;
    private const nuint IsReadOnly = 0x125E;
    private const nuint DiscardRange = 0x1277;
    private const nuint ZeroRange = 0x127F;

    public static KernelResult<ByteSize> Size(FileDescriptor file, string subject)
    {
        ulong bytes = 0;
        var result = DeviceCalls.Control(file, SizeInBytes, &bytes);
        var errno = Marshal.GetLastPInvokeError();
        return result < 0 ? KernelErrors.From(errno, "BLKGETSIZE64", subject) : new ByteSize(bytes);
    }

    public static KernelResult<bool> ReadOnly(FileDescriptor file, string subject)
    {
        var flag = 0;
        var result = DeviceCalls.Control(file, IsReadOnly, &flag);
        var errno = Marshal.GetLastPInvokeError();
        return result < 0 ? KernelErrors.From(errno, "BLKROGET", subject) : flag != 0;
    }

    public static KernelResult Discard(FileDescriptor file, string subject, ByteSize offset, ByteSize length) =>
        Range(file, DiscardRange, "BLKDISCARD", subject, offset, length);

    public static KernelResult Zero(FileDescriptor file, string subject, ByteSize offset, ByteSize length) =>
        Range(file, ZeroRange, "BLKZEROOUT", subject, offset, length);

    private static KernelResult Range(
        FileDescriptor file, nuint request, string operation, string subject, ByteSize offset, ByteSize length)
    {
        var range = stackalloc ulong[2] { offset.Bytes, length.Bytes };
        var result = DeviceCalls.Control(file, request, range);
        var errno = Marshal.GetLastPInvokeError();
        return result < 0 ? KernelErrors.From(errno, operation, subject) : KernelResult.Done;
    }
}

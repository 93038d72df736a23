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
    private const nuint LogicalSector = 0x1268;
    private const nuint PhysicalSector = 0x127B;
    private const nuint AlignmentOffset = 0x127A;
    private const nuint DiscardRange = 0x1277;
    private const nuint ZeroRange = 0x127F;

    public static KernelResult<ByteSize> Size(FileDescriptor file, string subject)
    {
        ulong bytes = 0;
        var result = DeviceCalls.Control(file, SizeInBytes, &bytes);
        var errno = Marshal.GetLastPInvokeError();
        return result < 0 ? KernelErrors.From(errno, "BLKGETSIZE64", subject) : new ByteSize(bytes);
    }

    /// <summary>BLKSSZGET: the logical block size.</summary>
    public static KernelResult<ByteSize> Sector(FileDescriptor file, string subject) =>
        Number(file, LogicalSector, "BLKSSZGET", subject, size => new ByteSize((ulong)size));

    /// <summary>BLKPBSZGET: the physical block size.</summary>
    public static KernelResult<ByteSize> Physical(FileDescriptor file, string subject) =>
        Number(file, PhysicalSector, "BLKPBSZGET", subject, size => new ByteSize((ulong)(uint)size));

    /// <summary>BLKALIGNOFF: 0 on an aligned device; -1 if the underlying device cannot be aligned.</summary>
    public static KernelResult<bool> Misaligned(FileDescriptor file, string subject) =>
        Number(file, AlignmentOffset, "BLKALIGNOFF", subject, offset => offset != 0);

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

    private static KernelResult<T> Number<T>(
        FileDescriptor file, nuint request, string operation, string subject, Func<int, T> read)
    {
        var number = 0;
        var result = DeviceCalls.Control(file, request, &number);
        var errno = Marshal.GetLastPInvokeError();
        return result < 0 ? KernelErrors.From(errno, operation, subject) : KernelResult.Found(read(number));
    }

    private static KernelResult Range(
        FileDescriptor file, nuint request, string operation, string subject, ByteSize offset, ByteSize length)
    {
        var range = stackalloc ulong[2] { offset.Bytes, length.Bytes };
        var result = DeviceCalls.Control(file, request, range);
        var errno = Marshal.GetLastPInvokeError();
        return result < 0 ? KernelErrors.From(errno, operation, subject) : KernelResult.Done;
    }
}

using System.Runtime.InteropServices;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.Interop;

namespace DmAgents.Kernel.BlockDevices;

/// <summary>Reads and writes whole ranges of an open file or device: continues a short read or write.</summary>
internal static unsafe class FileBytes
{
    /// <summary>Fills the span. Invalid if the file ends first.</summary>
    public static KernelResult Read(FileDescriptor file, string subject, ulong offset, Span<byte> into)
    {
        fixed (byte* start = into)
        {
            for (nint done = 0; done < into.Length;)
            {
                var read = DeviceCalls.ReadAt(file, start + done, (nuint)(into.Length - done), (long)offset + done);
                var errno = Marshal.GetLastPInvokeError();
                if (read < 0 && errno == Errno.Interrupted)
                    continue;
                if (read < 0)
                    return KernelErrors.From(errno, "read", subject);
                if (read == 0)
                    return new KernelError(KernelFault.Invalid, 0, "read", subject, "it ends before the range does");
                done += read;
            }
        }
        return KernelResult.Done;
    }

    /// <summary>Writes the span. The bytes are not durable before an fsync.</summary>
    public static KernelResult Write(FileDescriptor file, string subject, ulong offset, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            for (nint done = 0; done < bytes.Length;)
            {
                var written = DeviceCalls.WriteAt(
                    file, start + done, (nuint)(bytes.Length - done), (long)offset + done);
                var errno = Marshal.GetLastPInvokeError();
                if (written < 0 && errno == Errno.Interrupted)
                    continue;
                if (written < 0)
                    return KernelErrors.From(errno, "write", subject);
                if (written == 0)
                    return KernelErrors.From(Errno.InputOutput, "write", subject, "the device took nothing");
                done += written;
            }
        }
        return KernelResult.Done;
    }

    public static KernelResult Sync(FileDescriptor file, string subject)
    {
        var synced = DeviceCalls.Sync(file);
        var errno = Marshal.GetLastPInvokeError();
        return synced < 0 ? KernelErrors.From(errno, "fsync", subject) : KernelResult.Done;
    }
}

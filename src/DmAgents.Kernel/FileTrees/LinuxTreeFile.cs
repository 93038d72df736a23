using System.Runtime.InteropServices;
using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Kernel.Interop.FileTrees;
using Microsoft.Win32.SafeHandles;

namespace DmAgents.Kernel.FileTrees;

/// <summary>An open regular file; reads and writes by offset, without a buffer of its own.</summary>
internal sealed unsafe class LinuxTreeFile(SafeFileHandle handle) : ITreeFile
{
    public FileTreeStatus Read(Span<byte> buffer, long offset, out int count)
    {
        fixed (byte* start = buffer)
        {
            while (true)
            {
                var read = FileCalls.Read(handle, start, (nuint)buffer.Length, offset);
                var errno = Marshal.GetLastPInvokeError();
                count = (int)Math.Max(read, 0);
                if (read >= 0)
                    return FileTreeStatus.Done;
                if (errno != FileTreeErrno.Interrupted)
                    return FileTreeErrno.Of(errno, "pread");
            }
        }
    }

    public FileTreeStatus Write(ReadOnlySpan<byte> buffer, long offset)
    {
        fixed (byte* start = buffer)
        {
            var done = 0;
            while (done < buffer.Length)
            {
                var written = FileCalls.Write(handle, start + done, (nuint)(buffer.Length - done), offset + done);
                var errno = Marshal.GetLastPInvokeError();
                if (written < 0 && errno != FileTreeErrno.Interrupted)
                    return FileTreeErrno.Of(errno, "pwrite");
                done += (int)Math.Max(written, 0);
            }
        }
        return FileTreeStatus.Done;
    }

    public FileTreeStatus SetLength(long length) =>
        FileCalls.Truncate(handle, length) < 0 ? FileTreeErrno.Last("ftruncate") : FileTreeStatus.Done;

    public FileTreeStatus SetAttributes(EntryAttributes attributes, out IReadOnlyList<LostXattr> lost) =>
        new InodeAttributes(handle, EntryType.File).Set(attributes, out lost);

    public void Dispose() => handle.Dispose();
}

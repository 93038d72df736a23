using System.Runtime.InteropServices;
using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Kernel.Interop.FileTrees;
using Microsoft.Win32.SafeHandles;

namespace DmAgents.Kernel.FileTrees;

/// <summary>An open regular file; reads and writes by offset, unbuffered.</summary>
/// <param name="attributes">The attributes of a new file; null for a file that is only read.</param>
/// <param name="missing">Which of them the file still lacks.</param>
internal sealed unsafe class LinuxTreeFile(
    SafeFileHandle handle, EntryAttributes? attributes, MissingAttributes missing) : ITreeFile
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

    public IReadOnlyList<FileExtent>? Extents() => FileExtents.Of(handle);

    public FileTreeStatus Write(ReadOnlySpan<byte> buffer, long offset)
    {
        fixed (byte* start = buffer)
        {
            var done = 0;
            while (done < buffer.Length)
            {
                var count = FileCalls.Write(handle, start + done, (nuint)(buffer.Length - done), offset + done);
                var errno = Marshal.GetLastPInvokeError();
                if (count < 0 && errno != FileTreeErrno.Interrupted)
                    return FileTreeErrno.Of(errno, "pwrite");
                done += (int)Math.Max(count, 0);
            }
        }
        return FileTreeStatus.Done;
    }

    public FileTreeStatus SetLength(long length) =>
        FileCalls.Truncate(handle, length) < 0 ? FileTreeErrno.Last("ftruncate") : FileTreeStatus.Done;

    public FileTreeStatus Complete(out IReadOnlyList<LostXattr> lost)
    {
        lost = [];
        var inode = new InodeAttributes(handle, EntryType.File);
        return attributes is null ? throw new InvalidOperationException("The file is open for reading")
            : missing == MissingAttributes.All ? inode.Set(attributes, out lost)
            : inode.SetMissing(attributes, missing);
    }

    public void Dispose() => handle.Dispose();
}

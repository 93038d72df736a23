using System.Runtime.InteropServices;

namespace DmAgents.Kernel.Interop;

/// <summary>The system calls on files and device nodes that the boundary uses.</summary>
/// <remarks>
/// open and ioctl are variadic in C. On Linux x64 and arm64 a variadic call passes integers and pointers just as a
/// plain one does, so they can be declared plainly.
/// </remarks>
internal static unsafe partial class DeviceCalls
{
    private const string C = "libc";

    [LibraryImport(C, EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial FileDescriptor Open(string path, int flags, uint mode);

    [LibraryImport(C, EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int descriptor);

    [LibraryImport(C, EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Control(FileDescriptor file, nuint request, void* argument);

    [LibraryImport(C, EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Control(FileDescriptor file, nuint request, nint argument);

    [LibraryImport(C, EntryPoint = "pread", SetLastError = true)]
    public static partial nint ReadAt(FileDescriptor file, void* buffer, nuint count, long offset);

    [LibraryImport(C, EntryPoint = "pwrite", SetLastError = true)]
    public static partial nint WriteAt(FileDescriptor file, void* buffer, nuint count, long offset);

    [LibraryImport(C, EntryPoint = "fsync", SetLastError = true)]
    public static partial int Sync(FileDescriptor file);

    [LibraryImport(C, EntryPoint = "ftruncate", SetLastError = true)]
    public static partial int Truncate(FileDescriptor file, long length);

    [LibraryImport(C, EntryPoint = "fchmod", SetLastError = true)]
    public static partial int ChangeMode(FileDescriptor file, uint mode);

    [LibraryImport(C, EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ChangeOwner(string path, uint user, uint group);

    [LibraryImport(C, EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Stat(int directory, string path, int flags, uint mask, out FileStatus status);

    [LibraryImport(C, EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Stat(FileDescriptor file, string path, int flags, uint mask, out FileStatus status);

    /// <summary>POSIX_FADV_DONTNEED: drops the range's clean pages from the page cache.</summary>
    public const int NotNeeded = 4;

    [LibraryImport(C, EntryPoint = "posix_fadvise")]
    public static partial int Advise(FileDescriptor file, long offset, long length, int advice);

    [LibraryImport(C, EntryPoint = "fstatfs", SetLastError = true)]
    public static partial int StatFileSystem(FileDescriptor file, out FileSystemStatus status);

    [LibraryImport(C, EntryPoint = "mknod", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MakeNode(string path, uint mode, ulong device);

    [LibraryImport(C, EntryPoint = "mkdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MakeDirectory(string path, uint mode);

    [LibraryImport(C, EntryPoint = "rmdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int RemoveDirectory(string path);

    [LibraryImport(C, EntryPoint = "unlink", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Unlink(string path);

    [LibraryImport(C, EntryPoint = "unlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int UnlinkAt(FileDescriptor directory, string path, int flags);

    [LibraryImport(C, EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial FileDescriptor OpenAt(FileDescriptor directory, string path, int flags, uint mode);

    [LibraryImport(C, EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Rename(string from, string to);

    [LibraryImport(C, EntryPoint = "poll", SetLastError = true)]
    public static partial int Poll(PollEntry* entries, nuint count, int milliseconds);

    [LibraryImport(C, EntryPoint = "eventfd", SetLastError = true)]
    public static partial FileDescriptor EventCounter(uint initial, int flags);

    [LibraryImport(C, EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(FileDescriptor file, void* buffer, nuint count);

    [LibraryImport(C, EntryPoint = "geteuid")]
    public static partial uint EffectiveUser();
}

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DmAgents.Kernel.Interop.FileTrees;

/// <summary>
/// The system calls behind a file tree, relative to directory handles. Names are NUL-terminated bytes. On failure a
/// call returns -1 and leaves errno in the last P/Invoke error. glibc before 2.42 has no wrapper for openat2, so this
/// class uses syscall().
/// </summary>
internal static unsafe partial class FileCalls
{
    private const string LibC = "libc";

    /// <summary>SYS_openat2: the same number on x86-64 and arm64 (calls since 424 are common to all).</summary>
    public const long OpenAt2Number = 437;

    [LibraryImport(LibC, EntryPoint = "syscall", SetLastError = true)]
    public static partial long OpenAt2(long number, SafeFileHandle directory, byte* path, OpenHow* how, nuint size);

    [LibraryImport(LibC, EntryPoint = "open", SetLastError = true)]
    public static partial int Open(byte* path, int flags);

    [LibraryImport(LibC, EntryPoint = "openat", SetLastError = true)]
    public static partial int OpenAt(SafeFileHandle directory, byte* name, int flags, uint mode);

    [LibraryImport(LibC, EntryPoint = "statx", SetLastError = true)]
    public static partial int Statx(SafeFileHandle directory, byte* name, int flags, uint mask, Statx* result);

    [LibraryImport(LibC, EntryPoint = "getdents64", SetLastError = true)]
    public static partial nint GetDirectoryEntries(SafeFileHandle directory, byte* buffer, nuint size);

    [LibraryImport(LibC, EntryPoint = "readlinkat", SetLastError = true)]
    public static partial nint ReadLinkAt(SafeFileHandle directory, byte* name, byte* buffer, nuint size);

    [LibraryImport(LibC, EntryPoint = "mkdirat", SetLastError = true)]
    public static partial int MakeDirectoryAt(SafeFileHandle directory, byte* name, uint mode);

    [LibraryImport(LibC, EntryPoint = "symlinkat", SetLastError = true)]
    public static partial int SymlinkAt(byte* target, SafeFileHandle directory, byte* name);

    [LibraryImport(LibC, EntryPoint = "linkat", SetLastError = true)]
    public static partial int LinkAt(SafeFileHandle from, byte* target, SafeFileHandle to, byte* name, int flags);

    [LibraryImport(LibC, EntryPoint = "mknodat", SetLastError = true)]
    public static partial int MakeNodeAt(SafeFileHandle directory, byte* name, uint mode, ulong device);

    [LibraryImport(LibC, EntryPoint = "unlinkat", SetLastError = true)]
    public static partial int UnlinkAt(SafeFileHandle directory, byte* name, int flags);

    [LibraryImport(LibC, EntryPoint = "fchownat", SetLastError = true)]
    public static partial int ChownAt(SafeFileHandle directory, byte* name, uint owner, uint group, int flags);

    [LibraryImport(LibC, EntryPoint = "chmod", SetLastError = true)]
    public static partial int Chmod(byte* path, uint mode);

    [LibraryImport(LibC, EntryPoint = "fchmod", SetLastError = true)]
    public static partial int Chmod(SafeFileHandle file, uint mode);

    [LibraryImport(LibC, EntryPoint = "fchmodat", SetLastError = true)]
    public static partial int ChmodAt(SafeFileHandle directory, byte* name, uint mode, int flags);

    [LibraryImport(LibC, EntryPoint = "geteuid")]
    public static partial uint EffectiveUser();

    [LibraryImport(LibC, EntryPoint = "getegid")]
    public static partial uint EffectiveGroup();

    [LibraryImport(LibC, EntryPoint = "utimensat", SetLastError = true)]
    public static partial int SetTimesAt(SafeFileHandle directory, byte* name, TimeSpec* times, int flags);

    [LibraryImport(LibC, EntryPoint = "futimens", SetLastError = true)]
    public static partial int SetTimes(SafeFileHandle file, TimeSpec* times);

    [LibraryImport(LibC, EntryPoint = "listxattr", SetLastError = true)]
    public static partial nint ListXattrs(byte* path, byte* names, nuint size);

    [LibraryImport(LibC, EntryPoint = "flistxattr", SetLastError = true)]
    public static partial nint ListXattrs(SafeFileHandle file, byte* names, nuint size);

    [LibraryImport(LibC, EntryPoint = "getxattr", SetLastError = true)]
    public static partial nint GetXattr(byte* path, byte* name, byte* value, nuint size);

    [LibraryImport(LibC, EntryPoint = "setxattr", SetLastError = true)]
    public static partial int SetXattr(byte* path, byte* name, byte* value, nuint size, int flags);

    [LibraryImport(LibC, EntryPoint = "removexattr", SetLastError = true)]
    public static partial int RemoveXattr(byte* path, byte* name);

    [LibraryImport(LibC, EntryPoint = "pread64", SetLastError = true)]
    public static partial nint Read(SafeFileHandle file, byte* buffer, nuint size, long offset);

    [LibraryImport(LibC, EntryPoint = "pwrite64", SetLastError = true)]
    public static partial nint Write(SafeFileHandle file, byte* buffer, nuint size, long offset);

    [LibraryImport(LibC, EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Control(SafeFileHandle file, nuint request, FileMap* map);

    [LibraryImport(LibC, EntryPoint = "syncfs", SetLastError = true)]
    public static partial int SyncFileSystem(SafeFileHandle file);

    [LibraryImport(LibC, EntryPoint = "statfs", SetLastError = true)]
    public static partial int StatFileSystem(byte* path, FileSystemStatus* status);

    [LibraryImport(LibC, EntryPoint = "ftruncate64", SetLastError = true)]
    public static partial int Truncate(SafeFileHandle file, long length);
}

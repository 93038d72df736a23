using System.Runtime.InteropServices;

namespace DmAgents.Kernel.Interop;

/// <summary>The system calls that mount, and those on a whole mounted file system.</summary>
internal static unsafe partial class MountCalls
{
    /// <summary>System call numbers from 424 on are the same on every architecture (asm-generic/unistd.h).</summary>
    public const nint OpenMountTree = 428;
    public const nint MoveMountTree = 429;
    public const nint OpenFileSystem = 430;
    public const nint ConfigureFileSystem = 431;
    public const nint MountFileSystem = 432;

    private const string C = "libc";

    [LibraryImport(C, EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Mount(string source, string target, string type, nuint flags, string data);

    [LibraryImport(C, EntryPoint = "umount2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Unmount(string target, int flags);

    [LibraryImport(C, EntryPoint = "syncfs", SetLastError = true)]
    public static partial int SyncFileSystem(FileDescriptor file);

    /// <summary>fsopen(2) by number: glibc has a wrapper only since 2.36.</summary>
    [LibraryImport(C, EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint FsOpen(nint number, string type, nuint flags);

    [LibraryImport(C, EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint FsConfig(
        nint number, FileDescriptor context, nuint command, string? key, string? value, nint auxiliary);

    [LibraryImport(C, EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint OpenTree(nint number, nint directory, string path, nuint flags);

    [LibraryImport(C, EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint MoveMount(
        nint number, FileDescriptor from, string fromPath, nint toDirectory, string toPath, nuint flags);

    [LibraryImport(C, EntryPoint = "syscall", SetLastError = true)]
    public static partial nint FsMount(nint number, FileDescriptor context, nuint flags, nuint attributes);
}

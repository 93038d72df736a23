using System.Runtime.InteropServices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Kernel.BlockDevices;
using DmAgents.Kernel.FileSystems;
using DmAgents.Kernel.Interop;

namespace DmAgents.Kernel.Files;

/// <summary>Small files that survive a power cut whole, in their old or new version.</summary>
public sealed class LinuxDurableFiles : IDurableFiles
{
    /// <summary>A suffix that readers ignore. A leftover of a crash is overwritten, or removed as a stray.</summary>
    private const string Temporary = ".tmp";

    private const uint OwnerWritesAllRead = 0x1A4;
    private const uint OwnerAlone = 0x180;

    public KernelResult Replace(string path, ReadOnlySpan<byte> content) =>
        Replace(path, content, OpenFlags.Truncate, OwnerWritesAllRead);

    public KernelResult ReplaceSecret(string path, ReadOnlySpan<byte> content)
    {
        // A leftover of a crash would keep its mode, and a process that has it open could read the new content.
        var cleared = Delete(path + Temporary);
        return cleared.Succeeded ? Replace(path, content, OpenFlags.Exclusive, OwnerAlone) : cleared;
    }

    public KernelResult Replace(string path, Func<Stream, KernelResult> write)
    {
        var folder = Directories.Ensure(FolderOf(path));
        var written = folder.Then(() => Write(path + Temporary, write));
        // A failure leaves no temporary file, above all on a full disk.
        return written.Succeeded
            ? Rename(path).Then(() => SyncFolder(path))
            : Removed(path + Temporary, because: written);
    }

    public KernelResult Delete(string path)
    {
        var unlinked = DeviceCalls.Unlink(path);
        var errno = Marshal.GetLastPInvokeError();
        if (unlinked == 0)
            return SyncFolder(path);
        KernelResult failed = KernelErrors.From(errno, "unlink", path);
        return failed.Or(KernelFault.NotFound);
    }

    public KernelResult SyncDirectory(string directory)
    {
        var flags = OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.CloseOnExec;
        using var opened = DeviceCalls.Open(directory, flags, 0);
        var errno = Marshal.GetLastPInvokeError();
        return opened.IsInvalid ? KernelErrors.From(errno, "open", directory) : FileBytes.Sync(opened, directory);
    }

    public KernelResult<byte[]> Read(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception cause) when (cause is FileNotFoundException or DirectoryNotFoundException)
        {
            return new KernelError(KernelFault.NotFound, Errno.NoEntry, "read", path);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            return KernelErrors.From(cause, "read", path);
        }
    }

    public KernelResult<Stream> OpenRead(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception cause) when (cause is FileNotFoundException or DirectoryNotFoundException)
        {
            return new KernelError(KernelFault.NotFound, Errno.NoEntry, "open", path);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            return KernelErrors.From(cause, "open", path);
        }
    }

    public KernelResult<ByteSize> SizeOf(string path)
    {
        var file = new FileInfo(path);
        return file.Exists
            ? new ByteSize((ulong)file.Length)
            : new KernelError(KernelFault.NotFound, Errno.NoEntry, "stat", path);
    }

    public KernelResult<IReadOnlyList<string>> List(string directory)
    {
        try
        {
            return KernelResult.Found<IReadOnlyList<string>>(
                [.. Directory.EnumerateFileSystemEntries(directory).Select(entry => Path.GetFileName(entry)!)]);
        }
        catch (DirectoryNotFoundException)
        {
            return KernelResult.Found<IReadOnlyList<string>>([]);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            return KernelErrors.From(cause, "list", directory);
        }
    }

    private KernelResult Replace(string path, ReadOnlySpan<byte> content, int creation, uint mode)
    {
        var written = Write(path + Temporary, content, creation, mode);
        if (written.FailedWith(KernelFault.NotFound))
        {
            var made = Directories.Ensure(FolderOf(path));
            written = made.Succeeded ? Write(path + Temporary, content, creation, mode) : made;
        }
        return written.Then(() => Rename(path)).Then(() => SyncFolder(path));
    }

    private static KernelResult Write(string path, ReadOnlySpan<byte> content, int creation, uint mode)
    {
        var flags = OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.CloseOnExec | creation;
        using var file = DeviceCalls.Open(path, flags, mode);
        var errno = Marshal.GetLastPInvokeError();
        if (file.IsInvalid)
            return KernelErrors.From(errno, "open", path);
        var written = FileBytes.Write(file, path, offset: 0, content);
        return written.Succeeded ? FileBytes.Sync(file, path) : written;
    }

    private static KernelResult Write(string path, Func<Stream, KernelResult> write)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Create, FileAccess.Write);
            var written = write(file);
            if (written.Succeeded)
                file.Flush(flushToDisk: true);
            return written;
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            return KernelErrors.From(cause, "write", path);
        }
    }

    private KernelResult Removed(string path, KernelResult because)
    {
        Delete(path);
        return because;
    }

    private static KernelResult Rename(string path)
    {
        var renamed = DeviceCalls.Rename(path + Temporary, path);
        var errno = Marshal.GetLastPInvokeError();
        return renamed < 0 ? KernelErrors.From(errno, "rename", path) : KernelResult.Done;
    }

    private KernelResult SyncFolder(string path) => SyncDirectory(FolderOf(path));

    private static string FolderOf(string path) => Path.GetDirectoryName(path) ?? "/";
}

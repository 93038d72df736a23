using System.Runtime.InteropServices;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Kernel.Interop;

namespace DmAgents.Kernel.BlockDevices;

/// <summary>The files under loop devices.</summary>
internal static class LoopFiles
{
    private const uint OwnerOnly = 0x180;

    /// <summary>Creates a sparse file and makes it and its name durable. Deletes the file on failure.</summary>
    public static KernelResult Create(LoopFile file, ByteSize size)
    {
        var flags = OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.CloseOnExec;
        using var created = DeviceCalls.Open(file.Value, flags, OwnerOnly);
        var errno = Marshal.GetLastPInvokeError();
        if (created.IsInvalid)
            return KernelErrors.From(errno, "create file", file.Value);
        var done = SetLength(created, file, size).Then(() => SyncFolder(file));
        return done.Succeeded || !Unlink(file).Succeeded
            ? done
            : done.Error with { Detail = $"{done.Error.Detail} (removed again)" };
    }

    public static KernelResult<FileDescriptor> Open(LoopFile file)
    {
        var opened = DeviceCalls.Open(file.Value, OpenFlags.ReadWrite | OpenFlags.CloseOnExec, 0);
        var errno = Marshal.GetLastPInvokeError();
        if (!opened.IsInvalid)
            return opened;
        opened.Dispose();
        return KernelErrors.From(errno, "open", file.Value);
    }

    public static KernelResult<FileStatus> Look(LoopFile file)
    {
        var stated = DeviceCalls.Stat(
            FileStatus.CurrentDirectory, file.Value, 0, FileStatus.BasicFields, out var status);
        var errno = Marshal.GetLastPInvokeError();
        if (stated < 0)
            return KernelErrors.From(errno, "stat", file.Value);
        return status.IsRegular
            ? status
            : new KernelError(KernelFault.Invalid, 0, "stat", file.Value, "not a regular file");
    }

    /// <summary>Sets the length and makes it durable. The added space is a hole.</summary>
    public static KernelResult SetLength(FileDescriptor opened, LoopFile file, ByteSize size)
    {
        var truncated = DeviceCalls.Truncate(opened, (long)size.Bytes);
        var errno = Marshal.GetLastPInvokeError();
        return truncated < 0 ? KernelErrors.From(errno, "ftruncate", file.Value) : FileBytes.Sync(opened, file.Value);
    }

    /// <summary>Deletes the file durably. Success if it is missing.</summary>
    public static KernelResult Delete(LoopFile file)
    {
        var unlinked = Unlink(file);
        if (unlinked.FailedWith(KernelFault.NotFound))
            return KernelResult.Done;
        return unlinked.Then(() => SyncFolder(file));
    }

    /// <summary>The bytes of the file's file system that are available to an unprivileged writer.</summary>
    public static KernelResult<ByteSize> HostFree(FileDescriptor opened, LoopFile file)
    {
        var stated = DeviceCalls.StatFileSystem(opened, out var status);
        var errno = Marshal.GetLastPInvokeError();
        return stated < 0
            ? KernelErrors.From(errno, "statfs", file.Value)
            : new ByteSize(status.BlocksAvailable * (ulong)status.BlockSize);
    }

    private static KernelResult Unlink(LoopFile file)
    {
        var unlinked = DeviceCalls.Unlink(file.Value);
        var errno = Marshal.GetLastPInvokeError();
        return unlinked < 0 ? KernelErrors.From(errno, "unlink", file.Value) : KernelResult.Done;
    }

    private static KernelResult SyncFolder(LoopFile file)
    {
        var folder = Path.GetDirectoryName(file.Value) ?? "/";
        var flags = OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.CloseOnExec;
        using var opened = DeviceCalls.Open(folder, flags, 0);
        var errno = Marshal.GetLastPInvokeError();
        return opened.IsInvalid ? KernelErrors.From(errno, "open", folder) : FileBytes.Sync(opened, folder);
    }
}

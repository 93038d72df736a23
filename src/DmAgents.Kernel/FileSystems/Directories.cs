using System.Globalization;
using System.Runtime.InteropServices;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.Interop;

namespace DmAgents.Kernel.FileSystems;

/// <summary>The directories that serve as mount points.</summary>
internal static class Directories
{
    private const uint Mode = 0x1ED;

    /// <summary>Attempts to create a directory that other threads remove meanwhile.</summary>
    private const int Attempts = 10;

    /// <summary>Creates a directory and its missing parents, mode 0755 less the process's umask. Invalid if the name is
    /// taken by another kind of file. If another thread removes the directory meanwhile, creates it again.</summary>
    public static KernelResult Ensure(string path)
    {
        var ensured = EnsureOnce(path, out var isGone);
        for (var attempt = 1; attempt < Attempts && isGone; attempt++)
            ensured = EnsureOnce(path, out isGone);
        return ensured;
    }

    /// <param name="isGone">The name was taken, and is free again.</param>
    private static KernelResult EnsureOnce(string path, out bool isGone)
    {
        isGone = false;
        var made = DeviceCalls.MakeDirectory(path, Mode);
        var errno = Marshal.GetLastPInvokeError();
        if (made == 0)
            return KernelResult.Done;
        if (errno == Errno.Exists)
        {
            return IsDirectory(path, out isGone)
                ? KernelResult.Done
                : new KernelError(KernelFault.Invalid, errno, "mkdir", path, "something else has that name");
        }
        if (errno != Errno.NoEntry || Path.GetDirectoryName(path.TrimEnd('/')) is not { Length: > 1 } parent)
            return KernelErrors.From(errno, "mkdir", path);
        return Ensure(parent).Then(() => MakeOne(path));
    }

    public static KernelResult Remove(string path)
    {
        var removed = DeviceCalls.RemoveDirectory(path);
        var errno = Marshal.GetLastPInvokeError();
        return removed < 0 && errno != Errno.NoEntry ? KernelErrors.From(errno, "rmdir", path) : KernelResult.Done;
    }

    /// <summary>The path of a directory without symbolic links.</summary>
    public static KernelResult<string> RealPath(string path)
    {
        using var place = DeviceCalls.Open(path, OpenFlags.PathOnly | OpenFlags.Directory | OpenFlags.CloseOnExec, 0);
        var errno = Marshal.GetLastPInvokeError();
        if (place.IsInvalid)
            return KernelErrors.From(errno, "open", path);
        var link = $"/proc/self/fd/{place.Number.ToString(CultureInfo.InvariantCulture)}";
        return ProcFile.Target(link) is { } real
            ? KernelResult.Found(real)
            : new KernelError(KernelFault.NotFound, Errno.NoEntry, "readlink", path, "is /proc mounted?");
    }

    private static KernelResult MakeOne(string path)
    {
        var made = DeviceCalls.MakeDirectory(path, Mode);
        var errno = Marshal.GetLastPInvokeError();
        return made < 0 && errno != Errno.Exists ? KernelErrors.From(errno, "mkdir", path) : KernelResult.Done;
    }

    private static bool IsDirectory(string path, out bool isGone)
    {
        var found = DeviceCalls.Stat(FileStatus.CurrentDirectory, path, 0, FileStatus.BasicFields, out var status);
        isGone = found < 0 && Marshal.GetLastPInvokeError() == Errno.NoEntry;
        return found == 0 && status.IsDirectory;
    }
}

using System.Runtime.InteropServices;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.BlockDevices;
using DmAgents.Kernel.Interop;

namespace DmAgents.Kernel.FileSystems;

/// <summary>
/// What xfs does when its device is full. By default it retries metadata writes indefinitely, and processes that wait
/// for them cannot be killed (kernel: Documentation/admin-guide/xfs.rst, error handling).
/// </summary>
internal static unsafe class XfsErrors
{
    /// <summary>Makes xfs fail at the first ENOSPC: the file system shuts down instead of hanging.</summary>
    public static KernelResult GiveUpWhenFull(DeviceNumber device)
    {
        var node = BlockNodes.NodeOf(device);
        if (!node.Succeeded)
            return node.Error;
        var setting = $"/sys/fs/xfs/{Path.GetFileName(node.Value.Value)}/error/metadata/ENOSPC/max_retries";
        const int writeOnly = 1;
        using var file = DeviceCalls.Open(setting, writeOnly | OpenFlags.CloseOnExec, 0);
        var errno = Marshal.GetLastPInvokeError();
        if (file.IsInvalid)
            // Kernels before 4.7 have neither this setting nor the endless retries.
            return errno == Errno.NoEntry ? KernelResult.Done : KernelErrors.From(errno, "open", setting);
        var zero = (byte)'0';
        var written = DeviceCalls.Write(file, &zero, 1);
        errno = Marshal.GetLastPInvokeError();
        return written < 0 ? KernelErrors.From(errno, "write", setting) : KernelResult.Done;
    }
}

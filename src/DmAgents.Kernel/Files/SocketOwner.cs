using System.Runtime.InteropServices;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.Interop;

namespace DmAgents.Kernel.Files;

/// <summary>Changes the group of a Unix socket's file.</summary>
public static class SocketOwner
{
    private const uint Unchanged = uint.MaxValue;

    /// <returns>NotPermitted without CAP_CHOWN, NotFound if the file is missing.</returns>
    public static KernelResult Give(string path, uint group)
    {
        var changed = DeviceCalls.ChangeOwner(path, Unchanged, group);
        var errno = Marshal.GetLastPInvokeError();
        return changed < 0 ? KernelErrors.From(errno, "chown", path) : KernelResult.Done;
    }
}

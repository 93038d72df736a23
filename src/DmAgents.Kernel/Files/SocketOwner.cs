using System.Runtime.InteropServices;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.Interop;

namespace DmAgents.Kernel.Files;

/// <summary>Gives a Unix socket's file to a group.</summary>
public static class SocketOwner
{
    private const uint Unchanged = uint.MaxValue;

    /// <returns>NotPermitted without CAP_CHOWN, NotFound where there is no such file.</returns>
    public static KernelResult Give(string path, uint group)
    {
        var changed = DeviceCalls.ChangeOwner(path, Unchanged, group);
        var errno = Marshal.GetLastPInvokeError();
        return changed < 0 ? KernelErrors.From(errno, "chown", path) : KernelResult.Done;
    }
}

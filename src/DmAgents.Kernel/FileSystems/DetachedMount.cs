using System.Runtime.InteropServices;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.Interop;

namespace DmAgents.Kernel.FileSystems;

/// <summary>
/// A mount outside any directory tree, reached only through its descriptor (fsopen, fsconfig, fsmount; kernel 5.2). No
/// mount namespace sees it, so no other process can keep its device busy. It ends when the descriptor is closed.
/// </summary>
internal static class DetachedMount
{
    private const nuint CloseOnExec = 1;
    private const nuint SetFlag = 0;
    private const nuint SetString = 1;
    private const nuint Create = 6;

    /// <summary>Mounts a device for writing; <paramref name="flags"/> are the file system's own, such as
    /// nouuid.</summary>
    /// <returns>An O_PATH descriptor of the root directory.</returns>
    public static KernelResult<FileDescriptor> Open(DevicePath device, string type, params IEnumerable<string> flags)
    {
        var context = new FileDescriptor((int)MountCalls.FsOpen(MountCalls.OpenFileSystem, type, CloseOnExec));
        var errno = Marshal.GetLastPInvokeError();
        using (context)
        {
            if (context.IsInvalid)
                return KernelErrors.From(errno, "fsopen", device.Value);
            var configured = Configure(context, device, SetString, "source", device.Value);
            foreach (var flag in flags)
                configured = configured.Then(() => Configure(context, device, SetFlag, flag, null));
            configured = configured.Then(() => Configure(context, device, Create, null, null));
            if (!configured.Succeeded)
                return configured.Error;
            var mount = (int)MountCalls.FsMount(MountCalls.MountFileSystem, context, CloseOnExec, 0);
            errno = Marshal.GetLastPInvokeError();
            return mount < 0 ? KernelErrors.From(errno, "fsmount", device.Value) : new FileDescriptor(mount);
        }
    }

    /// <summary>Opens the root directory without O_PATH, as ioctls require.</summary>
    public static KernelResult<FileDescriptor> Root(FileDescriptor mount, string subject)
    {
        var flags = OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.CloseOnExec;
        var root = DeviceCalls.OpenAt(mount, ".", flags, 0);
        var errno = Marshal.GetLastPInvokeError();
        if (!root.IsInvalid)
            return root;
        root.Dispose();
        return KernelErrors.From(errno, "open", subject);
    }

    private static KernelResult Configure(
        FileDescriptor context, DevicePath device, nuint command, string? key, string? value)
    {
        var result = MountCalls.FsConfig(MountCalls.ConfigureFileSystem, context, command, key, value, 0);
        var errno = Marshal.GetLastPInvokeError();
        return result < 0 ? KernelErrors.From(errno, "mount", device.Value) : KernelResult.Done;
    }
}

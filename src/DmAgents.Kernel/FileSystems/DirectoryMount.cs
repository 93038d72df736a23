using System.Runtime.InteropServices;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.Interop;

namespace DmAgents.Kernel.FileSystems;

/// <summary>
/// Mounts one directory of a file system at a path, in one step (open_tree and move_mount; kernel 5.2). It first mounts
/// the whole file system beside that path for a moment: before 6.15 the kernel cannot clone part of a detached mount.
/// </summary>
/// <remarks>A crash meanwhile leaves that mount behind, and nothing at the path itself.</remarks>
internal static class DirectoryMount
{
    private const nuint Clone = 1;
    private const nuint CloseOnExec = 0x80000;
    private const nuint NoFollow = 0x100;
    private const nuint EmptyPath = 4;
    private const int Detach = 2;

    /// <param name="mountWhole">Mounts the whole file system at the given path.</param>
    public static KernelResult Show(MountPath target, string directory, Func<MountPath, KernelResult> mountWhole)
    {
        var aside = AsideOf(target);
        // Removes what a crashed process left.
        MountCalls.Unmount(aside.Value, Detach);
        var mounted = mountWhole(aside);
        if (!mounted.Succeeded)
        {
            Directories.Remove(aside.Value);
            return mounted;
        }
        var tree = (int)MountCalls.OpenTree(
            MountCalls.OpenMountTree, FileStatus.CurrentDirectory, $"{aside.Value}/{directory}",
            Clone | CloseOnExec | NoFollow);
        var errno = Marshal.GetLastPInvokeError();
        var gone = MountCalls.Unmount(aside.Value, Detach);
        var unmountErrno = Marshal.GetLastPInvokeError();
        Directories.Remove(aside.Value);
        if (tree < 0)
            return KernelErrors.From(errno, "open_tree", target.Value, $"the file system's directory {directory}");
        using var file = new FileDescriptor(tree);
        if (gone < 0)
            return KernelErrors.From(unmountErrno, "umount", aside.Value);
        var moved = MountCalls.MoveMount(
            MountCalls.MoveMountTree, file, "", FileStatus.CurrentDirectory, target.Value, EmptyPath);
        errno = Marshal.GetLastPInvokeError();
        return moved < 0 ? KernelErrors.From(errno, "move_mount", target.Value) : KernelResult.Done;
    }

    /// <summary>None of the agent's mount points begins with a dot.</summary>
    private static MountPath AsideOf(MountPath target)
    {
        var slash = target.Value.LastIndexOf('/');
        return new MountPath($"{target.Value[..slash]}/.whole-{target.Value[(slash + 1)..]}");
    }
}

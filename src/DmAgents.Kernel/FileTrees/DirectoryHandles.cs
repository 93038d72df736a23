using System.Runtime.InteropServices;
using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Kernel.Interop.FileTrees;
using Microsoft.Win32.SafeHandles;

namespace DmAgents.Kernel.FileTrees;

/// <summary>
/// Open directories of a tree, the most recently used ones kept: an archive lists a directory's entries one after
/// the other, so that most calls find their parent open. The kernel itself refuses every path that leaves the root
/// or goes through a symlink.
/// </summary>
internal sealed class DirectoryHandles(SafeFileHandle root) : IDisposable
{
    // Few enough for a limit of 1024 open files with several imports at once, more than any tree is deep.
    private const int Kept = 64;

    private readonly Dictionary<TreePath, LinkedListNode<(TreePath Path, SafeFileHandle Handle)>> byPath = [];
    private readonly LinkedList<(TreePath Path, SafeFileHandle Handle)> byUse = [];

    /// <summary>The directory, valid until the next call.</summary>
    public FileTreeStatus Open(TreePath path, out SafeFileHandle handle)
    {
        handle = root;
        if (path.IsRoot)
            return FileTreeStatus.Done;
        if (byPath.TryGetValue(path, out var node))
        {
            byUse.Remove(node);
            byUse.AddFirst(node);
            handle = node.Value.Handle;
            return FileTreeStatus.Done;
        }
        var status = OpenBelow(path, out var opened);
        if (!status.IsDone)
            return status;
        if (byUse.Count == Kept)
            Forget(byUse.Last!.Value.Path);
        byPath[path] = byUse.AddFirst((path, opened));
        handle = opened;
        return FileTreeStatus.Done;
    }

    /// <summary>To be called when a directory is removed: another one may take its name.</summary>
    public void Forget(TreePath path)
    {
        if (!byPath.Remove(path, out var node))
            return;
        byUse.Remove(node);
        node.Value.Handle.Dispose();
    }

    public void Dispose()
    {
        foreach (var (_, handle) in byUse)
            handle.Dispose();
        byUse.Clear();
        byPath.Clear();
        root.Dispose();
    }

    private unsafe FileTreeStatus OpenBelow(TreePath path, out SafeFileHandle handle)
    {
        var how = new OpenHow
        {
            Flags = (ulong)(uint)(
                FileFlags.PathOnly | FileFlags.Directory | FileFlags.NoFollow | FileFlags.CloseOnExec),
            Resolve = FileFlags.ResolveBeneath | FileFlags.ResolveNoSymlinks | FileFlags.ResolveNoMagicLinks,
        };
        fixed (byte* name = CName.Of(path.Bytes))
        {
            var fd = FileCalls.OpenAt2(FileCalls.OpenAt2Number, root, name, &how, (nuint)sizeof(OpenHow));
            var errno = Marshal.GetLastPInvokeError();
            handle = new SafeFileHandle((nint)fd, ownsHandle: true);
            return fd < 0 ? FileTreeErrno.Of(errno, "openat2") : FileTreeStatus.Done;
        }
    }
}

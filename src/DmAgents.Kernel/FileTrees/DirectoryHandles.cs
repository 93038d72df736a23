using System.Runtime.InteropServices;
using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Kernel.Interop.FileTrees;
using Microsoft.Win32.SafeHandles;

namespace DmAgents.Kernel.FileTrees;

/// <summary>
/// A cache of a tree's most recently used open directories. An archive lists a directory's entries one after another,
/// so most calls find their parent open. The kernel itself refuses every path that leaves the root or follows a
/// symlink.
/// </summary>
internal sealed class DirectoryHandles(SafeFileHandle root) : IDisposable
{
    // Few enough for a limit of 1024 open files with several concurrent imports; more than the depth of any tree.
    private const int Kept = 64;

    private readonly Dictionary<TreePath, LinkedListNode<OpenDirectory>> byPath = [];
    private readonly LinkedList<OpenDirectory> byUse = [];
    private readonly OpenDirectory top = new(TreePath.Root, root);

    /// <summary>The directory, valid until the next call.</summary>
    public FileTreeStatus Open(TreePath path, out SafeFileHandle handle)
    {
        handle = root;
        if (path.IsRoot)
            return FileTreeStatus.Done;
        if (byPath.TryGetValue(path, out var node))
        {
            if (node != byUse.First)
            {
                byUse.Remove(node);
                byUse.AddFirst(node);
            }
            handle = node.Value.Handle;
            return FileTreeStatus.Done;
        }
        var status = OpenBelow(path, out var opened);
        if (!status.IsDone)
            return status;
        if (byUse.Count == Kept)
            Forget(byUse.Last!.Value.Path);
        byPath[path] = byUse.AddFirst(new OpenDirectory(path, opened));
        handle = opened;
        return FileTreeStatus.Done;
    }

    /// <summary>
    /// The attributes that a directory may pass on to its new entries and that therefore must be set. These are its
    /// group and set-gid bit, or (mount option bsdgroups) its group without that bit; with a default ACL, everything.
    /// </summary>
    public MissingAttributes HandsDown(TreePath path, Owner creator)
    {
        var directory = path.IsRoot ? top : byPath[path].Value;
        return directory.HandsDown ??= Look(directory.Handle, creator);
    }

    /// <summary>Callers must call this when a directory's attributes may have changed.</summary>
    public void Changed(TreePath path)
    {
        if (path.IsRoot)
            top.HandsDown = null;
        else if (byPath.TryGetValue(path, out var node))
            node.Value.HandsDown = null;
    }

    /// <summary>Callers must call this when they remove a directory: another one may take its name.</summary>
    public void Forget(TreePath path)
    {
        if (!byPath.Remove(path, out var node))
            return;
        byUse.Remove(node);
        node.Value.Handle.Dispose();
    }

    public void Dispose()
    {
        foreach (var directory in byUse)
            directory.Handle.Dispose();
        byUse.Clear();
        byPath.Clear();
        root.Dispose();
    }

    private static unsafe MissingAttributes Look(SafeFileHandle handle, Owner creator)
    {
        Statx found;
        fixed (byte* itself = "\0"u8)
            if (FileCalls.Statx(handle, itself, FileFlags.EmptyPath, FileFlags.StatxBasic, &found) < 0)
                return MissingAttributes.All;
        fixed (byte* path = CName.OfHandle(handle))
        fixed (byte* acl = CName.Of(Xattr.DefaultAcl))
        {
            if (FileCalls.GetXattr(path, acl, null, 0) >= 0
                || Marshal.GetLastPInvokeError() is not (FileTreeErrno.NoData or FileTreeErrno.NotSupported))
                return MissingAttributes.All;
        }
        return (found.Mode & FileFlags.SetGroup) != 0 || found.Gid != creator.Gid
            ? MissingAttributes.Owner | MissingAttributes.Permissions
            : MissingAttributes.None;
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

    private sealed class OpenDirectory(TreePath path, SafeFileHandle handle)
    {
        public TreePath Path => path;

        public SafeFileHandle Handle => handle;

        /// <summary>Null until first read.</summary>
        public MissingAttributes? HandsDown { get; set; }
    }
}

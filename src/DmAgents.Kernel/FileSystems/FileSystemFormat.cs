using System.Runtime.InteropServices;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.Interop;
using DmAgents.Kernel.Processes;

namespace DmAgents.Kernel.FileSystems;

/// <summary>Makes file systems that snapshots of thin devices can do well with.</summary>
internal sealed class FileSystemFormat(ProcessRunner runner)
{
    public static readonly SystemProgram MakeExt4 = new("mkfs.ext4", "e2fsprogs");
    public static readonly SystemProgram MakeXfs = new("mkfs.xfs", "xfsprogs");

    private const uint RootMode = 0x1ED;
    private const int RemoveDirectoryFlag = 0x200;

    public KernelResult Format(DevicePath device, FileSystemKind kind) => kind switch
    {
        FileSystemKind.Ext4 => runner.Run(MakeExt4, device.Value, Ext4Arguments(device))
            .Then(() => FinishExt4(device)),
        FileSystemKind.Xfs => runner.Run(MakeXfs, device.Value, XfsArguments(device)),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "not a file system of the agent"),
    };

    /// <remarks>
    /// All tables are written here and now: a lazily initialized file system would go on writing them in every
    /// snapshot, each paying for blocks of its own. And they are written although a new thin device reads as zeros: a
    /// pool that skips zeroing gives out blocks with old content. No blocks are kept for root, who is every
    /// container's user. Inodes of 256 bytes hold times beyond 2038. Blocks of 4 KiB also on a small device: one that
    /// begins small may grow large.
    /// </remarks>
    private static IEnumerable<string> Ext4Arguments(DevicePath device) =>
    [
        "-q", "-F", "-m", "0", "-I", "256", "-b", "4096",
        "-E", "nodiscard,lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0",
        device.Value,
    ];

    /// <remarks>Sectors of 4 KiB, whatever the device has: xfs cannot be mounted on larger ones than it was made for,
    /// but on smaller ones. So a base survives that its pool's disks are replaced by disks of 4 KiB.</remarks>
    private static IEnumerable<string> XfsArguments(DevicePath device) =>
        ["-q", "-f", "-K", "-s", "size=4096", device.Value];

    /// <summary>mkfs.ext4 always makes lost+found. A container's root directory has none.</summary>
    private static KernelResult FinishExt4(DevicePath device)
    {
        var mount = DetachedMount.Open(device, "ext4");
        if (!mount.Succeeded)
            return mount.Error;
        using (mount.Value)
        {
            var root = DetachedMount.Root(mount.Value, device.Value);
            if (!root.Succeeded)
                return root.Error;
            using (root.Value)
                return FinishRoot(root.Value, device);
        }
    }

    private static KernelResult FinishRoot(FileDescriptor root, DevicePath device)
    {
        var removed = DeviceCalls.UnlinkAt(root, "lost+found", RemoveDirectoryFlag);
        var errno = Marshal.GetLastPInvokeError();
        if (removed < 0 && errno != Errno.NoEntry)
            return KernelErrors.From(errno, "rmdir lost+found", device.Value);
        var changed = DeviceCalls.ChangeMode(root, RootMode);
        errno = Marshal.GetLastPInvokeError();
        if (changed < 0)
            return KernelErrors.From(errno, "chmod", device.Value);
        var synced = MountCalls.SyncFileSystem(root);
        errno = Marshal.GetLastPInvokeError();
        return synced < 0 ? KernelErrors.From(errno, "syncfs", device.Value) : KernelResult.Done;
    }
}

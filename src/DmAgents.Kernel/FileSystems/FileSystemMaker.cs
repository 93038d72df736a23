using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Kernel.Interop;
using DmAgents.Kernel.Processes;

namespace DmAgents.Kernel.FileSystems;

/// <summary>Creates file systems that suit snapshots of thin devices and are the same on every host.</summary>
/// <remarks>Nothing depends on the host: mke2fs reads neither its configuration file nor its variables. The agent sets
/// every option that has a default and compares the result with the request.</remarks>
internal sealed class FileSystemMaker(ProcessRunner runner)
{
    public static readonly SystemProgram MakeExt4 = new("mkfs.ext4", "e2fsprogs")
    {
        // If the named file is missing, mke2fs reads no other. Only so is it certain to read none.
        Environment = ImmutableDictionary<string, string>.Empty.Add("MKE2FS_CONFIG", "/nonexistent/mke2fs.conf"),
    };

    public static readonly SystemProgram MakeXfs = new("mkfs.xfs", "xfsprogs")
    {
        Environment = ImmutableDictionary<string, string>.Empty,
    };

    private const uint RootMode = 0x1ED;
    private const int RemoveDirectoryFlag = 0x200;

    /// <summary>Features that mkfs.xfs has enabled by default since some version, or will: the option, and the first
    /// version that knows it. An older version refuses the word, and does not have the feature.</summary>
    private static readonly (string Option, string Name, Version Since)[] XfsSwitches =
    [
        ("-m", "bigtime", new(5, 10)), ("-m", "inobtcount", new(5, 10)), ("-i", "nrext64", new(5, 19)),
        ("-i", "exchange", new(6, 10)), ("-n", "parent", new(6, 10)), ("-m", "metadir", new(6, 13)),
    ];

    public KernelResult Make(DevicePath device, FileSystemFormat format, ByteSize size)
    {
        var made = format.Kind switch
        {
            FileSystemKind.Ext4 => runner.Run(MakeExt4, device.Value, Ext4Arguments(device, format, size))
                .Then(() => FinishExt4(device)),
            FileSystemKind.Xfs => MakeXfsOn(device, format),
            _ => throw new ArgumentOutOfRangeException(nameof(format), format, "not a file system of the agent"),
        };
        return made.Then(() => Verify(device, format));
    }

    /// <summary>A newer mkfs may enable a feature that none of today's options disables.</summary>
    private static KernelResult Verify(DevicePath device, FileSystemFormat format)
    {
        var made = Superblock.Traits(device, format.Kind);
        if (!made.Succeeded)
            return made.Error;
        var difference = made.Value.DifferenceTo(format);
        return difference.Length == 0 && made.Value.Unit == format.LargestSector
            ? KernelResult.Done
            : new KernelError(KernelFault.NotSupported, 0, $"mkfs.{MountOptions.TypeOf(format.Kind)}", device.Value,
                $"this host's mkfs makes another file system than {format.Name}: {difference} "
                + $"(sectors up to {made.Value.Unit})");
    }

    /// <remarks>
    /// Writes all tables immediately: a lazily initialized file system would continue writing them in every snapshot,
    /// each of which pays for its own blocks. Writes them although a new thin device reads as zeros, because a pool
    /// that skips zeroing hands out blocks with old content.
    /// Reserves no blocks for root, which is every container's user. Inodes of 256 bytes hold times beyond 2038. Blocks
    /// are 4 KiB even on a small device, because it may grow large. "none" disables all features that a configuration
    /// enables.
    /// </remarks>
    internal static IEnumerable<string> Ext4Arguments(DevicePath device, FileSystemFormat format, ByteSize size) =>
    [
        "-q", "-F", "-m", "0", "-I", "256", "-b", "4096", "-G", "16",
        "-i", BytesPerInode(size).ToString(CultureInfo.InvariantCulture),
        "-O", $"none,{string.Join(',', format.Features)}",
        "-E", "nodiscard,lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0",
        device.Value,
    ];

    /// <summary>As in the configuration that comes with mke2fs: small file systems have many small files.</summary>
    private static uint BytesPerInode(ByteSize size) =>
        size < ByteSize.MiB(512) ? 4096u : size < ByteSize.TiB(4) ? 16384u : size < ByteSize.TiB(16) ? 32768u : 65536u;

    private KernelResult MakeXfsOn(DevicePath device, FileSystemFormat format)
    {
        using var text = new MemoryStream();
        var asked = runner.RunInto(MakeXfs, device.Value, text, "-V");
        return asked.Then(() => runner.Run(
            MakeXfs, device.Value,
            XfsArguments(device, format, VersionIn(System.Text.Encoding.UTF8.GetString(text.ToArray())))));
    }

    /// <summary>Parses "mkfs.xfs version 6.1.0"; the oldest version if it cannot.</summary>
    internal static Version VersionIn(string text) =>
        text.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries).Select(word => word.Split('-', '~', '+')[0])
            .Select(word => Version.TryParse(word, out var version) ? version : null).FirstOrDefault(v => v is not null)
            ?? new Version(0, 0);

    /// <remarks>Sectors of 4 KiB on every device: xfs cannot be mounted on a device with larger sectors than it was
    /// made for, but can on smaller ones. So a base still mounts after its pool's disks are replaced by disks of 4
    /// KiB.</remarks>
    internal static IEnumerable<string> XfsArguments(DevicePath device, FileSystemFormat format, Version program)
    {
        string Of(string option) => string.Concat(XfsSwitches
            .Where(s => s.Option == option && program >= s.Since)
            .Select(s => $",{s.Name}={(format.Features.Contains(s.Name) ? 1 : 0)}"));
        return
        [
            "-q", "-f", "-K", "-b", "size=4096", "-s", "size=4096",
            "-m", $"crc=1,finobt=1,reflink=1,rmapbt=0{Of("-m")}", "-i", $"size=512,sparse=1{Of("-i")}",
            "-n", $"size=4096,ftype=1{Of("-n")}", device.Value,
        ];
    }

    /// <summary>mkfs.ext4 always creates lost+found. A container's root directory has none.</summary>
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

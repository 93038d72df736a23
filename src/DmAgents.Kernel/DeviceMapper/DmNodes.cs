using System.Globalization;
using System.Runtime.InteropServices;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.Interop;

namespace DmAgents.Kernel.DeviceMapper;

/// <summary>The nodes in /dev/mapper. The agent maintains them itself, with or without udev, and without
/// waiting.</summary>
/// <remarks>A lock per name (64 locks share the names) keeps a node's removal and a new node of the same name apart.
/// Otherwise the late end of a removal would delete the node of a new device.</remarks>
internal sealed class DmNodes
{
    private const string Folder = "/dev/mapper";
    private const uint OwnerOnly = 0x180;
    private const uint EveryoneReads = 0x1ED;

    private readonly Lock[] _locks = [.. Enumerable.Range(0, 64).Select(_ => new Lock())];

    public static KernelError NoDeviceMapper => new(KernelFault.NotSupported, 0, "open", DmControl.Path,
        "this kernel has no device-mapper; try: modprobe dm-mod");

    /// <summary>Creates /dev/mapper/control if devtmpfs and udev have not.</summary>
    public static KernelResult EnsureControl()
    {
        if (Look(DmControl.Path) is { } status && (status.Mode & 0xF000) == FileTypes.CharacterDevice)
            return KernelResult.Done;
        if (ControlMinor() is not { } minor)
            return NoDeviceMapper;
        var made = DeviceCalls.MakeDirectory(Folder, EveryoneReads);
        var errno = Marshal.GetLastPInvokeError();
        if (made < 0 && errno != Errno.Exists)
            return KernelErrors.From(errno, "mkdir", Folder);
        const uint miscMajor = 10;
        var number = DeviceNumbers.Pack(new DeviceNumber(miscMajor, minor));
        made = DeviceCalls.MakeNode(DmControl.Path, FileTypes.CharacterDevice | OwnerOnly, number);
        errno = Marshal.GetLastPInvokeError();
        return made < 0 && errno != Errno.Exists
            ? KernelErrors.From(errno, "mknod", DmControl.Path)
            : KernelResult.Done;
    }

    /// <summary>Ensures that /dev/mapper/NAME is, or leads to, the device of that number.</summary>
    public KernelResult Ensure(MappedName name, DeviceNumber number)
    {
        lock (LockOf(name))
            return EnsureLocked(name.Path.Value, number);
    }

    /// <summary>Finds a device and, if it is live, ensures its node: a crash between the two steps leaves
    /// none.</summary>
    public KernelResult<LiveDevice> Find(MappedName name, Func<KernelResult<LiveDevice>> find)
    {
        lock (LockOf(name))
        {
            var found = find();
            if (!found.Succeeded)
                return found;
            var node = EnsureLocked(name.Path.Value, found.Value.Number);
            return node.Succeeded ? found : node.Error;
        }
    }

    /// <summary>Runs a removal and, if it succeeds, deletes the node.</summary>
    public KernelResult Remove(MappedName name, Func<KernelResult> removal)
    {
        lock (LockOf(name))
        {
            var removed = removal();
            return removed.Succeeded ? Unlink(name.Path.Value) : removed;
        }
    }

    private static KernelResult EnsureLocked(string path, DeviceNumber number)
    {
        var mode = FileTypes.BlockDevice | OwnerOnly;
        var made = DeviceCalls.MakeNode(path, mode, DeviceNumbers.Pack(number));
        var errno = Marshal.GetLastPInvokeError();
        if (made == 0)
            return KernelResult.Done;
        if (errno != Errno.Exists)
            return KernelErrors.From(errno, "mknod", path);
        if (Look(path) is { IsBlockDevice: true } status && status.Node == number)
            return KernelResult.Done;
        // A leftover node of a removed device. rename(2) replaces it in one step.
        var temporary = $"{Folder}/.{Guid.NewGuid():N}";
        made = DeviceCalls.MakeNode(temporary, mode, DeviceNumbers.Pack(number));
        errno = Marshal.GetLastPInvokeError();
        if (made < 0)
            return KernelErrors.From(errno, "mknod", temporary);
        var renamed = DeviceCalls.Rename(temporary, path);
        errno = Marshal.GetLastPInvokeError();
        if (renamed == 0)
            return KernelResult.Done;
        Unlink(temporary);
        return KernelErrors.From(errno, "rename", path);
    }

    private static KernelResult Unlink(string path)
    {
        var unlinked = DeviceCalls.Unlink(path);
        var errno = Marshal.GetLastPInvokeError();
        return unlinked < 0 && errno != Errno.NoEntry ? KernelErrors.From(errno, "unlink", path) : KernelResult.Done;
    }

    private static FileStatus? Look(string path) =>
        DeviceCalls.Stat(FileStatus.CurrentDirectory, path, 0, FileStatus.BasicFields, out var status) == 0
            ? status
            : null;

    private static uint? ControlMinor()
    {
        const string misc = "/proc/misc";
        if (!File.Exists(misc))
            return null;
        foreach (var line in File.ReadLines(misc))
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words is [var minor, "device-mapper"])
                return uint.Parse(minor, CultureInfo.InvariantCulture);
        }
        return null;
    }

    private Lock LockOf(MappedName name) =>
        _locks[(uint)string.GetHashCode(name.Value, StringComparison.Ordinal) % (uint)_locks.Length];
}

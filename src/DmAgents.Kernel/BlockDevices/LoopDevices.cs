using System.Runtime.InteropServices;
using System.Text;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Kernel.FileSystems;
using DmAgents.Kernel.Interop;

namespace DmAgents.Kernel.BlockDevices;

/// <summary>Loop devices, found by the file behind them (linux/loop.h; kernel: drivers/block/loop.c).</summary>
/// <remarks>The kernel allows a file to be attached twice, which would corrupt it. So look-up and attach are one step
/// under a lock. The lock does not cover other processes that attach the agent's files.</remarks>
internal sealed unsafe class LoopDevices
{
    private const string ControlPath = "/dev/loop-control";

    /// <summary>Another process may take the free device between LOOP_CTL_GET_FREE and LOOP_CONFIGURE.</summary>
    private const int Attempts = 64;

    /// <summary>Since Linux 6.15 a loop device takes the sector size of the disk below its file unless it is given one.
    /// Without this, a pool's sector size would change with a kernel upgrade.</summary>
    private const uint Sector = 512;

    private readonly Lock _attaching = new();

    public KernelResult<DevicePath> Attach(LoopFile file)
    {
        lock (_attaching)
        {
            var attached = Find(file);
            if (!attached.Succeeded)
                return attached.Error;
            return attached.Value is [var device, ..] ? WithSectors(device) : AttachFree(file);
        }
    }

    /// <summary>NotFound if the file has no loop device. Busy if the device is open: the kernel itself would only defer
    /// the detach.</summary>
    public KernelResult Detach(LoopFile file)
    {
        lock (_attaching)
        {
            var attached = Find(file);
            if (!attached.Succeeded)
                return attached.Error;
            if (attached.Value.Count == 0)
                return new KernelError(KernelFault.NotFound, Errno.NoDeviceOrAddress, "detach", file.Value,
                    "it has no loop device");
            return attached.Value.Aggregate(KernelResult.Done, (done, device) => done.Then(() => Clear(device)));
        }
    }

    public KernelResult Enlarge(LoopFile file, ByteSize size)
    {
        lock (_attaching)
        {
            var status = LoopFiles.Look(file);
            if (!status.Succeeded)
                return status.Error;
            if (size.Bytes < status.Value.Size)
                return new KernelError(KernelFault.Invalid, 0, "enlarge", file.Value,
                    $"it has {status.Value.Size} bytes, more than {size.Bytes}");
            var opened = LoopFiles.Open(file);
            if (!opened.Succeeded)
                return opened.Error;
            using var descriptor = opened.Value;
            var attached = Find(file, status.Value);
            if (!attached.Succeeded)
                return attached.Error;
            return attached.Value.Aggregate(
                LoopFiles.SetLength(descriptor, file, size),
                (done, device) => done.Then(() => Tell(device, LoopRequests.SetCapacity, "LOOP_SET_CAPACITY")));
        }
    }

    public KernelResult Delete(LoopFile file)
    {
        lock (_attaching)
        {
            var status = LoopFiles.Look(file);
            if (status.FailedWith(KernelFault.NotFound))
                return KernelResult.Done;
            if (!status.Succeeded)
                return status.Error;
            var attached = Find(file, status.Value);
            if (!attached.Succeeded)
                return attached.Error;
            return attached.Value is [var device, ..]
                ? new KernelError(KernelFault.Busy, Errno.Busy, "delete file", file.Value,
                    $"{device} is attached to it")
                : LoopFiles.Delete(file);
        }
    }

    public static KernelResult<LoopFileInfo> Inspect(LoopFile file)
    {
        var status = LoopFiles.Look(file);
        if (!status.Succeeded)
            return status.Error;
        var opened = LoopFiles.Open(file);
        if (!opened.Succeeded)
            return opened.Error;
        using var descriptor = opened.Value;
        var free = LoopFiles.HostFree(descriptor, file);
        if (!free.Succeeded)
            return free.Error;
        var attached = Find(file, status.Value);
        if (!attached.Succeeded)
            return attached.Error;
        return new LoopFileInfo(
            new ByteSize(status.Value.Size).Sectors.Bytes,
            new SectorCount(status.Value.Blocks).Bytes,
            free.Value,
            attached.Value is [var device, ..] ? device : null);
    }

    private static KernelResult<List<DevicePath>> Find(LoopFile file)
    {
        var status = LoopFiles.Look(file);
        return status.Succeeded ? Find(file, status.Value) : status.Error;
    }

    /// <summary>The loop devices of a file: those with the file's base name in sysfs whose backing file has the file's
    /// device and inode. The name may belong to another mount namespace; the inode is certain.</summary>
    private static KernelResult<List<DevicePath>> Find(LoopFile file, FileStatus status)
    {
        const string blocks = "/sys/block";
        var found = new List<DevicePath>();
        if (!Directory.Exists(blocks))
            return new KernelError(KernelFault.NotFound, Errno.NoEntry, "find loop", blocks, "is /sys mounted?");
        foreach (var entry in Directory.EnumerateFileSystemEntries(blocks, "loop*"))
        {
            var backing = ProcFile.Read(Path.Combine(entry, "loop", "backing_file"))?.TrimEnd('\n');
            if (backing is null || !IsNamed(backing, file))
                continue;
            var device = new DevicePath("/dev/" + Path.GetFileName(entry));
            var info = StatusOf(device);
            // Another process has detached it since.
            if (info.FailedWith(KernelFault.NotFound))
                continue;
            if (!info.Succeeded)
                return info.Error;
            if (info.Value.Inode == status.Inode && info.Value.Device == DeviceNumbers.Pack(status.Device))
                found.Add(device);
        }
        return found;
    }

    private static bool IsNamed(string backing, LoopFile file)
    {
        const string deleted = " (deleted)";
        var name = Path.GetFileName(file.Value);
        return Path.GetFileName(backing) == name || Path.GetFileName(backing) == name + deleted;
    }

    private static KernelResult<LoopInfo> StatusOf(DevicePath device)
    {
        var opened = BlockNodes.Open(device, OpenFlags.ReadOnly);
        if (!opened.Succeeded)
            return opened.Error;
        using var file = opened.Value;
        LoopInfo info;
        var result = DeviceCalls.Control(file, LoopRequests.GetStatus, &info);
        var errno = Marshal.GetLastPInvokeError();
        return result < 0 ? KernelErrors.From(errno, "LOOP_GET_STATUS64", device.Value) : info;
    }

    private static KernelResult<DevicePath> AttachFree(LoopFile file)
    {
        var opened = LoopFiles.Open(file);
        if (!opened.Succeeded)
            return opened.Error;
        using var backing = opened.Value;
        using var control = DeviceCalls.Open(ControlPath, OpenFlags.ReadWrite | OpenFlags.CloseOnExec, 0);
        var errno = Marshal.GetLastPInvokeError();
        if (control.IsInvalid)
            return KernelErrors.From(errno, "open", ControlPath) with
            {
                Fault = errno is Errno.NoEntry or Errno.NoDevice
                    ? KernelFault.NotSupported
                    : KernelErrors.FaultOf(errno),
                Detail = "without loop devices only pools on disks can be made; try: modprobe loop",
            };
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var number = DeviceCalls.Control(control, LoopRequests.GetFree, 0);
            errno = Marshal.GetLastPInvokeError();
            if (number < 0)
                return KernelErrors.From(errno, "LOOP_CTL_GET_FREE", ControlPath);
            var device = new DevicePath(FormattableString.Invariant($"/dev/loop{number}"));
            var configured = Configure(device, backing, file);
            if (configured.Succeeded)
                return device;
            if (!configured.FailedWith(KernelFault.Busy))
                return configured.Error;
        }
        return new KernelError(KernelFault.Busy, Errno.Busy, "attach", file.Value,
            $"others took the free loop device {Attempts} times");
    }

    private static KernelResult Configure(DevicePath device, FileDescriptor backing, LoopFile file)
    {
        var opened = BlockNodes.Open(device, OpenFlags.ReadWrite);
        if (!opened.Succeeded)
            return opened.Error;
        using var loop = opened.Value;
        var config = new LoopConfig { File = (uint)backing.Number, BlockSize = Sector };
        var name = Encoding.UTF8.GetBytes(file.Value);
        // For display only (losetup): the kernel keeps 63 bytes of it.
        name.AsSpan(0, Math.Min(name.Length, LoopInfo.NameLength - 1))
            .CopyTo(new Span<byte>(config.Info.FileName, LoopInfo.NameLength));
        config.Info.Flags = LoopInfo.DirectIo;
        var result = DeviceCalls.Control(loop, LoopRequests.Configure, &config);
        var errno = Marshal.GetLastPInvokeError();
        if (result == 0)
            return KernelResult.Done;
        return errno is Errno.NotTerminal or Errno.Invalid
            ? ConfigureInSteps(loop, device, backing, config.Info)
            : KernelErrors.From(errno, "LOOP_CONFIGURE", device.Value);
    }

    /// <summary>For kernels before 5.8, and if direct I/O is refused: then the device works without it.</summary>
    private static KernelResult ConfigureInSteps(
        FileDescriptor loop, DevicePath device, FileDescriptor backing, LoopInfo info)
    {
        var result = DeviceCalls.Control(loop, LoopRequests.SetFile, backing.Number);
        var errno = Marshal.GetLastPInvokeError();
        if (result < 0)
            return KernelErrors.From(errno, "LOOP_SET_FD", device.Value);
        info.Flags = 0;
        result = DeviceCalls.Control(loop, LoopRequests.SetStatus, &info);
        errno = Marshal.GetLastPInvokeError();
        if (result < 0)
        {
            DeviceCalls.Control(loop, LoopRequests.ClearFile, 0);
            return KernelErrors.From(errno, "LOOP_SET_STATUS64", device.Value);
        }
        DeviceCalls.Control(loop, LoopRequests.SetDirectIo, 1);
        return KernelResult.Done;
    }

    /// <summary>Corrects the sectors of a device that another process attached: a file system made for smaller sectors
    /// cannot be mounted on larger ones. An open device keeps its sectors, and opening the pool reports them.</summary>
    private static KernelResult<DevicePath> WithSectors(DevicePath device)
    {
        var opened = BlockNodes.Open(device, OpenFlags.ReadOnly | OpenFlags.Exclusive);
        if (!opened.Succeeded)
            return opened.FailedWith(KernelFault.Busy) ? device : opened.Error;
        using var file = opened.Value;
        var sector = BlockControl.Sector(file, device.Value);
        if (!sector.Succeeded)
            return sector.Error;
        if (sector.Value.Bytes == Sector)
            return device;
        var result = DeviceCalls.Control(file, LoopRequests.SetBlockSize, (nint)Sector);
        var errno = Marshal.GetLastPInvokeError();
        return result < 0 ? KernelErrors.From(errno, "LOOP_SET_BLOCK_SIZE", device.Value) : device;
    }

    private static KernelResult Clear(DevicePath device)
    {
        const int exclusive = OpenFlags.ReadOnly | OpenFlags.Exclusive;
        var opened = BlockNodes.Open(device, exclusive);
        if (!opened.Succeeded)
            return opened.Error;
        using var file = opened.Value;
        var result = DeviceCalls.Control(file, LoopRequests.ClearFile, 0);
        var errno = Marshal.GetLastPInvokeError();
        return result < 0 ? KernelErrors.From(errno, "LOOP_CLR_FD", device.Value) : KernelResult.Done;
    }

    private static KernelResult Tell(DevicePath device, nuint request, string operation)
    {
        var opened = BlockNodes.Open(device, OpenFlags.ReadOnly);
        if (!opened.Succeeded)
            return opened.Error;
        using var file = opened.Value;
        var result = DeviceCalls.Control(file, request, 0);
        var errno = Marshal.GetLastPInvokeError();
        return result < 0 ? KernelErrors.From(errno, operation, device.Value) : KernelResult.Done;
    }
}

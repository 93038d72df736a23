using System.Globalization;
using System.Runtime.InteropServices;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.Interop;

namespace DmAgents.Kernel.DeviceMapper;

/// <summary>
/// The control device of device-mapper: one method per ioctl, with the kernel's own semantics (kernel:
/// drivers/md/dm-ioctl.c, include/uapi/linux/dm-ioctl.h).
/// </summary>
/// <remarks>Thread-safe: the descriptor's only state in the kernel is the armed event number, and only
/// <see cref="DmEvents"/> uses that, on a descriptor of its own.</remarks>
internal sealed class DmControl : IDisposable
{
    /// <summary>The path of the control node.</summary>
    public const string Path = "/dev/mapper/control";

    private const int FirstBuffer = 16 * 1024;

    /// <summary>Larger than a list of 100,000 devices with uuids.</summary>
    private const int LargestBuffer = 32 * 1024 * 1024;

    /// <summary>The kernel returns EINTR if a signal ended its wait for I/O; then nothing has changed.</summary>
    private const int InterruptionsBorne = 64;

    private const int FirstMinorWithUuidList = 45;

    private const int FirstMinorWithArmPoll = 37;

    private readonly FileDescriptor _file;

    private DmControl(FileDescriptor file, Version version)
    {
        _file = file;
        KernelVersion = version;
    }

    /// <summary>The version of the kernel's ioctl interface, such as 4.47.0.</summary>
    public Version KernelVersion { get; }

    public FileDescriptor File => _file;

    /// <summary>Opens the control device. Creates its node if devtmpfs has none.</summary>
    /// <returns>NotSupported if the kernel has no device-mapper, or its version is not 4.</returns>
    public static KernelResult<DmControl> Open()
    {
        var node = DmNodes.EnsureControl();
        if (!node.Succeeded)
            return node.Error;
        var file = DeviceCalls.Open(Path, OpenFlags.ReadWrite | OpenFlags.CloseOnExec, 0);
        var errno = Marshal.GetLastPInvokeError();
        // A node created at boot may stand for a module that cannot be loaded.
        if (file.IsInvalid)
            return errno is Errno.NoDevice or Errno.NoDeviceOrAddress
                ? DmNodes.NoDeviceMapper
                : KernelErrors.From(errno, "open", Path);
        var reply = Send(file, new DmRequest(DmCommand.Version, "version"));
        if (!reply.Succeeded)
        {
            file.Dispose();
            return reply.Error;
        }
        return new DmControl(file, reply.Value.KernelVersion);
    }

    public KernelResult<DmReply> Create(MappedName name, MappedUuid uuid) =>
        Send(new DmRequest(DmCommand.DeviceCreate, "create", name) { Uuid = uuid });

    /// <summary>With <paramref name="deferred"/>, the kernel removes an open device on its last close.</summary>
    public KernelResult<DmReply> Remove(MappedName name, bool deferred) =>
        Send(new DmRequest(DmCommand.DeviceRemove, "remove", name)
        {
            Flags = deferred ? DmFlags.DeferredRemove : DmFlags.None,
            EventNumber = DmUdev.LeaveAlone,
        });

    public KernelResult<DmReply> Rename(MappedName name, MappedName to) =>
        Send(new DmRequest(DmCommand.DeviceRename, "rename", name)
        {
            Payload = DmRequest.Word(to.Value),
            EventNumber = DmUdev.LeaveAlone,
        });

    /// <param name="name">The device.</param>
    /// <param name="freeze">Freezes the file system on the device first (without it: DM_SKIP_LOCKFS_FLAG).</param>
    /// <param name="flush">Waits for queued I/O (without it: DM_NOFLUSH_FLAG).</param>
    public KernelResult<DmReply> Suspend(MappedName name, bool freeze, bool flush) =>
        Send(new DmRequest(DmCommand.DeviceSuspend, "suspend", name)
        {
            Flags = DmFlags.Suspend
                | (freeze ? DmFlags.None : DmFlags.SkipLockFs)
                | (flush ? DmFlags.None : DmFlags.NoFlush),
        });

    /// <summary>Resumes the device and activates a loaded table. A running device is suspended first, without freezing
    /// its file system.</summary>
    public KernelResult<DmReply> Resume(MappedName name) =>
        Send(new DmRequest(DmCommand.DeviceSuspend, "resume", name)
        {
            Flags = DmFlags.SkipLockFs,
            EventNumber = DmUdev.LeaveAlone,
        });

    public KernelResult<DmReply> Load(MappedName name, IReadOnlyList<DmTarget> table, bool readOnly) =>
        Send(new DmRequest(DmCommand.TableLoad, "load table", name)
        {
            Flags = readOnly ? DmFlags.ReadOnly : DmFlags.None,
            TargetCount = (uint)table.Count,
            Payload = DmRequest.Table(table),
        });

    /// <summary>The active table.</summary>
    public KernelResult<DmReply> Table(MappedName name) =>
        Send(new DmRequest(DmCommand.TableStatus, "table", name) { Flags = DmFlags.StatusTable | DmFlags.NoFlush });

    /// <summary>The targets' status. With <paramref name="flush"/>, a thin pool commits its metadata first.</summary>
    public KernelResult<DmReply> Status(MappedName name, bool flush) =>
        Send(new DmRequest(DmCommand.TableStatus, "status", name)
        {
            Flags = flush ? DmFlags.None : DmFlags.NoFlush,
        });

    /// <summary>The device without its targets.</summary>
    public KernelResult<DmReply> Info(MappedName name) =>
        Send(new DmRequest(DmCommand.DeviceStatus, "info", name));

    public KernelResult<IReadOnlyList<DmListed>> List()
    {
        var listsUuids = KernelVersion.Minor >= FirstMinorWithUuidList;
        var reply = Send(new DmRequest(DmCommand.ListDevices, "list devices")
        {
            Flags = listsUuids ? DmFlags.Uuid : DmFlags.None,
        });
        return reply.Succeeded
            ? KernelResult.Found(reply.Value.Devices(listsUuids))
            : reply.Error;
    }

    public KernelResult<IReadOnlyList<DmTargetVersion>> TargetVersions()
    {
        var reply = Send(new DmRequest(DmCommand.ListVersions, "list target versions"));
        return reply.Succeeded ? KernelResult.Found(reply.Value.TargetVersions()) : reply.Error;
    }

    /// <summary>Sends a message to the target at sector 0. Errors name the message's first word as the
    /// operation.</summary>
    public KernelResult<DmReply> Message(MappedName name, string text) =>
        Send(new DmRequest(DmCommand.TargetMessage, text.Split(' ')[0], name)
        {
            Payload = DmRequest.Message(text),
        });

    /// <summary>Makes the descriptor readable at the next event of any device. Kernel 4.13 or later (ioctl
    /// 4.37).</summary>
    public KernelResult ArmPoll() => KernelVersion.Minor < FirstMinorWithArmPoll
        ? new KernelError(KernelFault.NotSupported, 0, "arm poll", Path, Tell($"device-mapper {KernelVersion}"))
        : Send(new DmRequest(DmCommand.ArmPoll, "arm poll")).Outcome;

    public void Dispose() => _file.Dispose();

    private KernelResult<DmReply> Send(DmRequest request) => Send(_file, request);

    private static unsafe KernelResult<DmReply> Send(FileDescriptor file, DmRequest request)
    {
        var interruptions = 0;
        var size = FirstBuffer;
        while (true)
        {
            var buffer = request.ToBuffer(size);
            int result, errno;
            fixed (byte* start = buffer)
            {
                result = DeviceCalls.Control(file, (nuint)request.Command, start);
                errno = Marshal.GetLastPInvokeError();
            }
            if (result < 0 && errno == Errno.Interrupted && interruptions++ < InterruptionsBorne)
                continue;
            if (result < 0)
                return KernelErrors.From(errno, request.Operation, request.Subject);
            var reply = new DmReply(buffer);
            if (!reply.Header.Flags.HasFlag(DmFlags.BufferFull))
                return reply;
            if (size >= LargestBuffer)
                return new KernelError(KernelFault.Failed, 0, request.Operation, request.Subject,
                    Tell($"the answer does not fit into {LargestBuffer} bytes"));
            size *= 2;
        }
    }

    private static string Tell(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

using System.Runtime.InteropServices;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Kernel.BlockDevices;
using DmAgents.Kernel.Interop;
using DmAgents.Kernel.Processes;

namespace DmAgents.Kernel.FileSystems;

/// <summary>File systems through system calls; only mkfs is a program.</summary>
internal sealed class LinuxFileSystems(ProcessRunner runner) : IFileSystems
{
    private const int DetachFlag = 2;

    private const string OwnMounts = "/proc/self/mountinfo";

    private readonly FileSystemMaker _maker = new(runner);

    private static readonly KernelVersion OfThisHost =
        new(Environment.OSVersion.Version.Major, Environment.OSVersion.Version.Minor);

    public KernelVersion Running => OfThisHost;

    public KernelResult Format(DevicePath device, FileSystemKind kind)
    {
        var size = SizeOf(device);
        return size.Succeeded ? _maker.Make(device, FileSystemFormat.Of(kind), size.Value) : size.Error;
    }

    public KernelResult Grow(DevicePath device, FileSystemKind kind, MountPath? mountedAt)
    {
        var size = SizeOf(device);
        if (!size.Succeeded)
            return size.Error;
        if (mountedAt is { } place)
            return On(place, root => FileSystemGrowth.Grow(root, kind, size.Value, place.Value));
        var mount = kind == FileSystemKind.Xfs
            ? DetachedMount.Open(device, MountOptions.TypeOf(kind), "nouuid")
            : DetachedMount.Open(device, MountOptions.TypeOf(kind));
        if (!mount.Succeeded)
            return Explained(mount.Error, device, kind, forWriting: true);
        using (mount.Value)
        {
            var root = DetachedMount.Root(mount.Value, device.Value);
            if (!root.Succeeded)
                return root.Error;
            using (root.Value)
                return FileSystemGrowth.Grow(root.Value, kind, size.Value, device.Value);
        }
    }

    public KernelResult Mount(
        DevicePath device, MountPath target, FileSystemKind kind, bool readOnly, string? directory = null)
    {
        var number = BlockNodes.NumberOf(device);
        if (!number.Succeeded)
            return number.Error;
        var free = EnsureDirectory(target).Then(() => NotMountedOn(target));
        if (!free.Succeeded)
            return free;
        return directory is null
            ? MountWhole(device, number.Value, target, kind, readOnly)
            : DirectoryMount.Show(target, directory, aside => EnsureDirectory(aside)
                .Then(() => MountWhole(device, number.Value, aside, kind, readOnly)));
    }

    public KernelResult TryMount(DevicePath device, FileSystemKind kind)
    {
        var mount = DetachedMount.Open(device, MountOptions.TypeOf(kind), MountOptions.ToTry(kind));
        if (!mount.Succeeded)
            return Explained(mount.Error, device, kind, forWriting: false);
        mount.Value.Dispose();
        return KernelResult.Done;
    }

    /// <summary>A read-only mount that only its descriptor reaches. The kernel replays the file system's log.</summary>
    /// <returns>The mount's descriptor. ReadOnly if there is a log to replay and the device accepts no
    /// writes.</returns>
    public static KernelResult<FileDescriptor> OpenForReading(DevicePath device, FileSystemKind kind)
    {
        // Never without the log: after a power cut, synced data may exist only there.
        var mount = DetachedMount.Open(device, MountOptions.TypeOf(kind), MountOptions.ToRead(kind));
        return mount.Error is { } error ? Explained(error, device, kind, forWriting: false) : mount;
    }

    private static KernelResult MountWhole(
        DevicePath device, DeviceNumber number, MountPath target, FileSystemKind kind, bool readOnly)
    {
        var mounted = MountOnce(device, target, kind, MountOptions.Of(kind, readOnly));
        // A read-only mount also writes if the file system was not unmounted: it replays the log first.
        if (readOnly && mounted.FailedWith(KernelFault.ReadOnly))
            mounted = MountOnce(device, target, kind, MountOptions.WithoutRecovery(kind));
        if (mounted.Error is { } error)
            return Explained(error, device, kind, forWriting: !readOnly);
        if (kind != FileSystemKind.Xfs)
            return KernelResult.Done;
        var bounded = XfsErrors.GiveUpWhenFull(number);
        return bounded.Succeeded || MountCalls.Unmount(target.Value, 0) < 0
            ? bounded
            : bounded.Error with { Detail = $"{bounded.Error.Detail} (unmounted again)" };
    }

    private static KernelResult MountOnce(
        DevicePath device, MountPath target, FileSystemKind kind, MountOptions options)
    {
        var mounted = MountCalls.Mount(
            device.Value, target.Value, MountOptions.TypeOf(kind), options.Flags, options.Data);
        var errno = Marshal.GetLastPInvokeError();
        return mounted < 0 ? KernelErrors.From(errno, "mount", device.Value, $"on {target}") : KernelResult.Done;
    }

    /// <summary>The kernel explains only in its log why it refuses a file system. The superblock shows the reason,
    /// too.</summary>
    private static KernelError Explained(KernelError error, DevicePath device, FileSystemKind kind, bool forWriting)
    {
        if (error.Errno is not (Errno.Invalid or Errno.NoSystemCall))
            return error;
        var traits = Superblock.Traits(device, kind);
        if (!traits.Succeeded)
            return error;
        var opened = BlockNodes.Open(device, OpenFlags.ReadOnly);
        if (!opened.Succeeded)
            return error;
        using var file = opened.Value;
        var sector = BlockControl.Sector(file, device.Value);
        if (sector.Succeeded && traits.Value.Unit < sector.Value)
        {
            return With($"it was made for sectors of {traits.Value.Unit} at most, and the device has {sector.Value}");
        }
        return traits.Value.RefusedBy(OfThisHost, forWriting) is { } why
            ? new KernelError(KernelFault.NotSupported, 0, error.Operation, error.Subject, why)
            : With($"it has the features {string.Join(", ", traits.Value.Features)}");

        KernelError With(string why) =>
            error with { Detail = error.Detail.Length == 0 ? why : $"{error.Detail}; {why}" };
    }

    public KernelResult Unmount(MountPath target, bool detach)
    {
        var unmounted = MountCalls.Unmount(target.Value, detach ? DetachFlag : 0);
        var errno = Marshal.GetLastPInvokeError();
        return unmounted < 0 ? KernelErrors.From(errno, "umount", target.Value) : KernelResult.Done;
    }

    public KernelResult<ulong> UsedInodes(DevicePath device, FileSystemKind kind) =>
        Superblock.UsedInodes(device, kind);

    public KernelResult<FileSystemTraits> Traits(DevicePath device, FileSystemKind kind) =>
        Superblock.Traits(device, kind);

    public KernelResult<IReadOnlyList<MountEntry>> Mounts() => ProcFile.Read(OwnMounts) is { } text
        ? KernelResult.Found(MountInfo.ParseAll(text))
        : new KernelError(KernelFault.NotFound, Errno.NoEntry, "read", OwnMounts, "is /proc mounted?");

    public KernelResult<MountedDevice> MountAt(MountPath target)
    {
        var flags = OpenFlags.PathOnly | OpenFlags.Directory | OpenFlags.CloseOnExec;
        using var place = DeviceCalls.Open(target.Value, flags, 0);
        var errno = Marshal.GetLastPInvokeError();
        if (place.IsInvalid)
            return KernelErrors.From(errno, "open", target.Value);
        var stated = DeviceCalls.Stat(place, "", FileStatus.EmptyPath, FileStatus.BasicFields, out var status);
        errno = Marshal.GetLastPInvokeError();
        if (stated < 0)
            return KernelErrors.From(errno, "stat", target.Value);
        if (status.IsMountRoot is not { } isMount)
            return Listed(target);
        if (!isMount)
            return NothingAt(target);
        stated = DeviceCalls.StatFileSystem(place, out var fileSystem);
        errno = Marshal.GetLastPInvokeError();
        return stated < 0
            ? KernelErrors.From(errno, "statfs", target.Value)
            : new MountedDevice(status.Device, fileSystem.IsReadOnly);
    }

    /// <summary>If several mounts share a target, the last one is visible.</summary>
    private KernelResult<MountedDevice> Listed(MountPath target)
    {
        var mounts = Mounts();
        if (!mounts.Succeeded)
            return mounts.Error;
        return mounts.Value.LastOrDefault(mount => mount.Target == target) is { } mount
            ? new MountedDevice(mount.Device, mount.ReadOnly)
            : NothingAt(target);
    }

    private static KernelError NothingAt(MountPath target) =>
        new(KernelFault.NotFound, 0, "find mount", target.Value, "nothing is mounted there");

    /// <remarks>xfs frees the blocks of deleted files in the background; a later trim returns them.</remarks>
    public KernelResult<ByteSize> Trim(MountPath mounted, ByteSize start, ByteSize length)
    {
        var range = new TrimRange { Start = start.Bytes, Length = length.Bytes };
        ulong trimmed = 0;
        var result = On(mounted, root => TrimRange(root, mounted.Value, range, out trimmed));
        return result.Succeeded ? new ByteSize(trimmed) : result.Error;
    }

    public KernelResult SyncFileSystem(MountPath mounted) => On(mounted, root =>
    {
        var synced = MountCalls.SyncFileSystem(root);
        var errno = Marshal.GetLastPInvokeError();
        return synced < 0 ? KernelErrors.From(errno, "syncfs", mounted.Value) : KernelResult.Done;
    });

    public KernelResult EnsureDirectory(MountPath path) => Directories.Ensure(path.Value);

    public KernelResult RemoveDirectory(MountPath path) => Directories.Remove(path.Value);

    public KernelResult<DirectoryIdentity> Identify(MountPath directory)
    {
        var stated = DeviceCalls.Stat(
            FileStatus.CurrentDirectory, directory.Value, 0, FileStatus.BasicFields, out var status);
        var errno = Marshal.GetLastPInvokeError();
        if (stated < 0)
            return KernelErrors.From(errno, "stat", directory.Value);
        if (!status.IsDirectory)
            return new KernelError(KernelFault.Invalid, 0, "stat", directory.Value, "not a directory");
        var path = Directories.RealPath(directory.Value);
        return path.Succeeded
            ? new DirectoryIdentity(status.Device, status.Inode, new MountPath(path.Value))
            : path.Error;
    }

    public KernelResult<IReadOnlyList<DirectoryUser>> UsersOf(MountPath directory)
    {
        // The kernel reports open files by their real paths.
        var path = Directories.RealPath(directory.Value);
        return path.Succeeded
            ? KernelResult.Found(DirectoryUsers.Of(path.Value, new DirectoryInfo("/proc")))
            : path.FailedWith(KernelFault.NotFound) ? KernelResult.Found<IReadOnlyList<DirectoryUser>>([]) : path.Error;
    }

    private static KernelResult<ByteSize> SizeOf(DevicePath device)
    {
        var file = BlockNodes.Open(device, OpenFlags.ReadOnly);
        if (!file.Succeeded)
            return file.Error;
        using (file.Value)
            return BlockControl.Size(file.Value, device.Value);
    }

    /// <summary>mount(2) would stack one mount on another.</summary>
    private KernelResult NotMountedOn(MountPath target)
    {
        var stated = DeviceCalls.Stat(
            FileStatus.CurrentDirectory, target.Value, 0, FileStatus.BasicFields, out var status);
        var errno = Marshal.GetLastPInvokeError();
        if (stated < 0)
            return KernelErrors.From(errno, "stat", target.Value);
        if (status.IsMountRoot is { } isMount)
            return isMount ? Taken(target) : KernelResult.Done;
        var mounts = Mounts();
        if (!mounts.Succeeded)
            return mounts.Error;
        return mounts.Value.Any(mount => mount.Target == target) ? Taken(target) : KernelResult.Done;
    }

    private static KernelError Taken(MountPath target) =>
        new(KernelFault.Busy, Errno.Busy, "mount", target.Value, "something is mounted there");

    private static KernelResult On(MountPath place, Func<FileDescriptor, KernelResult> act)
    {
        var flags = OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.CloseOnExec;
        using var root = DeviceCalls.Open(place.Value, flags, 0);
        var errno = Marshal.GetLastPInvokeError();
        return root.IsInvalid ? KernelErrors.From(errno, "open", place.Value) : act(root);
    }

    private static unsafe KernelResult TrimRange(
        FileDescriptor root, string subject, TrimRange range, out ulong trimmed)
    {
        const nuint trim = 0xC0185879;
        var result = DeviceCalls.Control(root, trim, &range);
        var errno = Marshal.GetLastPInvokeError();
        trimmed = range.Length;
        return result < 0 ? KernelErrors.From(errno, "FITRIM", subject) : KernelResult.Done;
    }
}

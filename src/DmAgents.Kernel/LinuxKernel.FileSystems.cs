using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Kernel;

/// <content>The calls of IFileSystems.</content>
public sealed partial class LinuxKernel
{
    public KernelVersion Running => _fileSystems.Running;

    public KernelResult TryMount(DevicePath device, FileSystemKind kind) => _fileSystems.TryMount(device, kind);

    public KernelResult Format(DevicePath device, FileSystemKind kind) => _fileSystems.Format(device, kind);

    public KernelResult Grow(DevicePath device, FileSystemKind kind, MountPath? mountedAt) =>
        _fileSystems.Grow(device, kind, mountedAt);

    public KernelResult Mount(
        DevicePath device, MountPath target, FileSystemKind kind, bool readOnly, string? directory = null) =>
        _fileSystems.Mount(device, target, kind, readOnly, directory);

    public KernelResult Unmount(MountPath target, bool detach) => _fileSystems.Unmount(target, detach);

    public KernelResult<FileSystemTraits> Traits(DevicePath device, FileSystemKind kind) =>
        _fileSystems.Traits(device, kind);

    public KernelResult<ulong> UsedInodes(DevicePath device, FileSystemKind kind) =>
        _fileSystems.UsedInodes(device, kind);

    public KernelResult<IReadOnlyList<MountEntry>> Mounts() => _fileSystems.Mounts();

    public KernelResult<MountedDevice> MountAt(MountPath target) => _fileSystems.MountAt(target);

    public KernelResult<ByteSize> Trim(MountPath mounted, ByteSize start, ByteSize length) =>
        _fileSystems.Trim(mounted, start, length);

    public KernelResult SyncFileSystem(MountPath mounted) => _fileSystems.SyncFileSystem(mounted);

    public KernelResult EnsureDirectory(MountPath path) => _fileSystems.EnsureDirectory(path);

    public KernelResult RemoveDirectory(MountPath path) => _fileSystems.RemoveDirectory(path);

    public KernelResult<DirectoryIdentity> Identify(MountPath directory) => _fileSystems.Identify(directory);

    public KernelResult<IReadOnlyList<DirectoryUser>> UsersOf(MountPath directory) => _fileSystems.UsersOf(directory);
}

using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Testing.Simulation;

/// <summary>File systems and mounts.</summary>
public sealed partial class SimulatedKernel
{
    /// <summary>mkfs.xfs makes nothing smaller since xfsprogs 5.19.</summary>
    private static readonly ByteSize SmallestXfs = ByteSize.MiB(300);

    /// <summary>In use before there is a file: EXT4_GOOD_OLD_FIRST_INO - 1, as of mke2fs.</summary>
    private const ulong ReservedInodes = 10;

    private static readonly DeviceNumber HostFileSystem = new(8, 1);

    private readonly List<DirectoryUser> _directoryUsers = [];

    /// <summary>What it says that it is; another after a boot of another kernel.</summary>
    public KernelVersion Running { get; set; } = new(6, 1);

    /// <summary>Features that it knows although its version does not have them.</summary>
    public ImmutableHashSet<string> Backports { get; set; } = [];

    /// <summary>File systems that another kernel has made are such for this one, too.</summary>
    public void Understand(SimulatedKernel other) => _superblocks.Understand(other._superblocks);

    public KernelResult Format(DevicePath device, FileSystemKind kind)
    {
        var program = kind == FileSystemKind.Ext4 ? "mkfs.ext4" : "mkfs.xfs";
        lock (_gate)
        {
            if (_missingPrograms.Contains(program))
                return new KernelError(KernelFault.NotSupported, 0, program, device.Value, "not installed");
        }
        return Opened(program, device, found =>
            found.InUse ? Errno.Busy
            : found.ReadOnly ? Errno.NotPermitted
            : kind == FileSystemKind.Xfs && found.Length < SmallestXfs.Bytes ? Errno.Io
            : Format(found, kind));
    }

    public KernelResult Grow(DevicePath device, FileSystemKind kind, MountPath? mountedAt)
    {
        string? why = null;
        return Explained(Opened(kind == FileSystemKind.Ext4 ? "resize2fs" : "xfs_growfs", device, found =>
        {
            if (mountedAt is { } target && _mounts.At(target)?.FileSystem.Device != found)
                return Errno.Invalid;
            if (found.FileSystem is { } mounted)
                return mounted.Image.Kind == kind ? GrowTo(mounted, found.Length) : Errno.Invalid;
            var image = FileSystemImage.Read(found, _superblocks, out var errno);
            if (errno != Errno.None || image?.Kind != kind)
                return errno == Errno.None ? Errno.Invalid : errno;
            if ((why = WhyNot(image, forWriting: true)) is not null)
                return Errno.Invalid;
            var forAMoment = new MountedFileSystem(found, image, _superblocks, readOnly: false);
            errno = GrowTo(forAMoment, found.Length);
            forAMoment.End();
            return errno;
        }), device, why);
    }

    public KernelResult Mount(
        DevicePath device, MountPath target, FileSystemKind kind, bool readOnly, string? directory = null)
    {
        string? why = null;
        return Explained(Run("mount", target, () => Locate(device) is { } found
            ? _mounts.Mount(found, target, kind, readOnly, directory,
                image => (why = WhyNot(image, forWriting: !readOnly)) is not null)
            : Errno.NoEntry), device, why);
    }

    public KernelResult TryMount(DevicePath device, FileSystemKind kind)
    {
        string? why = null;
        return Explained(Run("mount", device, () =>
        {
            if (Locate(device) is not { } found)
                return Errno.NoEntry;
            if (found.FileSystem is { } mounted)
                return mounted.ReadOnly ? Errno.None : Errno.Busy;
            var image = FileSystemImage.Read(found, _superblocks, out var errno);
            return errno != Errno.None ? errno
                : image?.Kind != kind ? Errno.Invalid
                : (why = WhyNot(image, forWriting: false)) is not null ? Errno.Invalid
                : Errno.None;
        }), device, why);
    }

    private string? WhyNot(FileSystemImage image, bool forWriting) =>
        new FileSystemTraits(image.Kind, new ByteSize(image.Unit), image.Features.Except(Backports))
            .RefusedBy(Running, forWriting);

    private static KernelResult Explained(KernelResult result, DevicePath device, string? why) =>
        why is null || result.Succeeded
            ? result
            : new KernelError(KernelFault.NotSupported, 0, "mount", device.Value, why);

    public KernelResult Unmount(MountPath target, bool detach) =>
        Run("umount", target, () => _mounts.Unmount(target, detach));

    public KernelResult<ulong> UsedInodes(DevicePath device, FileSystemKind kind) =>
        Run("read superblock", device, () =>
        {
            if (Locate(device) is not { } found)
                return (Errno.NoEntry, 0UL);
            var image = found.FileSystem?.Image ?? FileSystemImage.Read(found, _superblocks, out _);
            return image?.Kind == kind ? (Errno.None, ReservedInodes + (ulong)image.Files.Count) : (Errno.Invalid, 0UL);
        });

    public KernelResult<FileSystemTraits> Traits(DevicePath device, FileSystemKind kind) =>
        Run<FileSystemTraits>("read superblock", device, () =>
        {
            if (Locate(device) is not { } found)
                return (Errno.NoEntry, null);
            var image = found.FileSystem?.Image ?? FileSystemImage.Read(found, _superblocks, out _);
            return image?.Kind == kind
                ? (Errno.None, new FileSystemTraits(kind, new ByteSize(image.Unit), image.Features))
                : (Errno.Invalid, null);
        });

    public KernelResult<IReadOnlyList<MountEntry>> Mounts() =>
        Run<IReadOnlyList<MountEntry>>("mounts", "mountinfo", () => (Errno.None, _mounts.List()));

    public KernelResult<MountedDevice> MountAt(MountPath target) => Run("statx", target, () =>
        _mounts.At(target) is { } mount
            ? (Errno.None, new MountedDevice(mount.FileSystem.Device.Number, mount.ReadOnly))
            : (Errno.NoEntry, null));

    public KernelResult<ByteSize> Trim(MountPath mounted, ByteSize start, ByteSize length) =>
        Run("fitrim", mounted, () =>
            (OnMount(mounted, fileSystem => fileSystem.Trim(start.Bytes, length.Bytes, out var bytes) is var errno
                    && errno == Errno.None
                ? (errno, new ByteSize(bytes))
                : (errno, default), out var trimmed), trimmed));

    public KernelResult SyncFileSystem(MountPath mounted) => Run("syncfs", mounted, () =>
        OnMount(mounted, fileSystem => (fileSystem.ReadOnly ? Errno.None : fileSystem.Sync(), true), out _));

    public KernelResult EnsureDirectory(MountPath path) => Run("mkdir", path, () =>
    {
        _mounts.EnsureDirectory(path);
        return Errno.None;
    });

    public KernelResult RemoveDirectory(MountPath path) => Run("rmdir", path, () => _mounts.RemoveDirectory(path));

    public KernelResult<DirectoryIdentity> Identify(MountPath directory) => Run("stat", directory, () =>
        _mounts.InodeOf(_mounts.RealPath(directory)) is { } inode
            ? (Errno.None, new DirectoryIdentity(HostFileSystem, inode, _mounts.RealPath(directory)))
            : (Errno.NoEntry, null));

    public KernelResult<IReadOnlyList<DirectoryUser>> UsersOf(MountPath directory) =>
        Run<IReadOnlyList<DirectoryUser>>("users", directory, () => (Errno.None,
            [.. _directoryUsers.Where(user => IsWithin(user.File, _mounts.RealPath(directory)))]));

    private static bool IsWithin(string file, MountPath directory) =>
        file == directory.Value || file.StartsWith(directory.Value + "/", StringComparison.Ordinal);

    private static Errno GrowTo(MountedFileSystem fileSystem, ulong length) =>
        fileSystem.Image.SizeInBytes >= length ? Errno.None : fileSystem.Grow(length);

    /// <summary>Makes an xfs as mkfs.xfs does by itself: for the sectors that the device has.</summary>
    public KernelResult FormatXfsOfOwnSectors(DevicePath device) => Opened("mkfs.xfs", device, found =>
        Format(found, FileSystemKind.Xfs, found.Shape.Sector.Bytes));

    /// <summary>Makes a file system as another program does, with features of its own.</summary>
    public KernelResult FormatByAnother(DevicePath device, FileSystemKind kind, params string[] features) =>
        Opened("mkfs", device, found => Format(found, kind, features: features));

    /// <summary>Switches a feature of a file system on that is not mounted.</summary>
    public KernelResult GiveFeature(DevicePath device, string feature) => Opened("tune2fs", device, found =>
    {
        var image = FileSystemImage.Read(found, _superblocks, out var errno);
        if (errno != Errno.None || image is null || found.FileSystem is not null)
            return errno == Errno.None ? Errno.Invalid : errno;
        errno = found.Write(FileSystemImage.SuperblockAt, _superblocks.Encode(
            image with { Features = image.Features.Add(feature) }));
        return errno == Errno.None ? found.Flush() : errno;
    });

    private Errno Format(
        SimulatedDevice device, FileSystemKind kind, ulong unit = FileSystemImage.BlockSize, string[]? features = null)
    {
        var image = FileSystemImage.Empty(kind, device.Length) with { Unit = unit };
        if (features is not null)
            image = image with { Features = [.. features] };
        var errno = device.Discards ? device.Discard(0, device.Length) : Errno.None;
        foreach (var table in image.Tables())
        {
            if (errno == Errno.None)
                errno = device.Write(table, [.. Enumerable.Repeat((byte)0xfe, FileSystemImage.BlockSize)]);
        }
        if (errno == Errno.None)
            errno = device.Write(FileSystemImage.SuperblockAt, _superblocks.Encode(image));
        return errno == Errno.None ? device.Flush() : errno;
    }

    /// <summary>A file's name in its file system, where the mount shows a directory of it.</summary>
    private string NameIn(MountPath mounted, string name) => $"{_mounts.At(mounted)?.Shown}{name}";

    private Errno OnMount<T>(
        MountPath target, Func<MountedFileSystem, (Errno Errno, T? Value)> call, out T? value)
    {
        value = default;
        if (_mounts.At(target) is not { } mount)
            return _mounts.DirectoryExists(target) ? Errno.Invalid : Errno.NoEntry;
        (var errno, value) = call(mount.FileSystem);
        return errno;
    }
}

using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Kernel.BlockDevices;
using DmAgents.Kernel.DeviceMapper;
using DmAgents.Kernel.FileSystems;
using DmAgents.Kernel.Processes;
using DmAgents.Kernel.ThinPools;

namespace DmAgents.Kernel;

/// <summary>
/// The kernel of this host, through its own calls. Requires root (CAP_SYS_ADMIN and CAP_MKNOD). Thread-safe. Holds one
/// descriptor, of /dev/mapper/control, until disposed.
/// </summary>
/// <remarks>Every error carries the kernel's errno; one place maps errno to a fault.</remarks>
public sealed class LinuxKernel : IKernel, IDisposable
{
    /// <summary>mkfs of a very large device over a slow network takes minutes, but never this long.</summary>
    private static readonly TimeSpan ProgramDeadline = TimeSpan.FromMinutes(10);

    /// <summary>For programs that read and rewrite all of a pool's metadata, at most 16 GiB.</summary>
    private static readonly TimeSpan MetadataDeadline = TimeSpan.FromHours(2);

    private readonly DmControl _control;
    private readonly LinuxThinPools _pools;
    private readonly LinuxMappedDevices _devices;
    private readonly LinuxFileSystems _fileSystems;
    private readonly LinuxBlockDevices _disks;
    private readonly VolumeGroups _volumes;

    private LinuxKernel(DmControl control)
    {
        _control = control;
        var devices = new DmDevices(control);
        var programs = new ProcessRunner(ProgramDeadline);
        var metadata = new ProcessRunner(MetadataDeadline);
        _pools = new LinuxThinPools(
            devices, new MetadataCheck(metadata), new MetadataPrograms(metadata), TimeProvider.System);
        _devices = new LinuxMappedDevices(devices);
        _fileSystems = new LinuxFileSystems(programs);
        _disks = new LinuxBlockDevices();
        _volumes = new VolumeGroups(programs);
    }

    /// <summary>Opens device-mapper.</summary>
    /// <returns>NotSupported if the kernel has no device-mapper, NotPermitted without root.
    /// <see cref="Hosts.KernelProbe"/> reports what else a host lacks.</returns>
    public static KernelResult<LinuxKernel> Open()
    {
        var control = DmControl.Open();
        return control.Succeeded ? new LinuxKernel(control.Value) : control.Error;
    }

    public void Dispose() => _control.Dispose();

    // IBlockDevices and IVolumeGroups.

    public KernelResult<BlockDeviceInfo> Inspect(DevicePath device) => _disks.Inspect(device);

    public KernelResult Read(DevicePath device, ByteSize offset, Span<byte> into) =>
        _disks.Read(device, offset, into);

    public KernelResult Write(DevicePath device, ByteSize offset, ReadOnlySpan<byte> bytes) =>
        _disks.Write(device, offset, bytes);

    public KernelResult Zero(DevicePath device, ByteSize offset, ByteSize length) =>
        _disks.Zero(device, offset, length);

    public KernelResult Discard(DevicePath device, ByteSize offset, ByteSize length) =>
        _disks.Discard(device, offset, length);

    public KernelResult Flush(DevicePath device) => _disks.Flush(device);

    public KernelResult CreateFile(LoopFile file, ByteSize size) => _disks.CreateFile(file, size);

    public KernelResult EnlargeFile(LoopFile file, ByteSize size) => _disks.EnlargeFile(file, size);

    public KernelResult DeleteFile(LoopFile file) => _disks.DeleteFile(file);

    public KernelResult<LoopFileInfo> InspectFile(LoopFile file) => _disks.InspectFile(file);

    public KernelResult<DevicePath> AttachLoop(LoopFile file) => _disks.AttachLoop(file);

    public KernelResult DetachLoop(LoopFile file) => _disks.DetachLoop(file);

    public KernelResult<DevicePath> EnsureVolume(LogicalVolume volume, ByteSize size) => _volumes.Ensure(volume, size);

    public KernelResult<IReadOnlyList<DevicePath>> DisksOf(string group) => _volumes.DisksOf(group);

    // IFileSystems.

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

    // ILayerBlocks.

    public KernelResult<IOpenBlocks> OpenForReading(MappedName device)
    {
        var opened = _devices.Find(device) is { Error: { } missing }
            ? missing
            : DirectDevice.OpenForReading(device.Path);
        return opened.Succeeded ? KernelResult.Found<IOpenBlocks>(opened.Value) : opened.Error;
    }

    public KernelResult<IOpenReceivingDevice> OpenForReceiving(MappedName device, PoolBlockSize block)
    {
        var opened = _devices.Find(device) is { Error: { } missing }
            ? missing
            : DirectDevice.OpenForReceiving(device.Path, block);
        return opened.Succeeded ? KernelResult.Found<IOpenReceivingDevice>(opened.Value) : opened.Error;
    }

    // IMappedDevices.

    public KernelResult<LiveDevice> ActivateThin(ThinTable table) => _devices.ActivateThin(table);

    public KernelResult ReloadThin(ThinTable table) => _devices.ReloadThin(table);

    public KernelResult<LiveDevice> OpenLinear(LinearTable table) => _devices.OpenLinear(table);

    public KernelResult ReloadLinear(LinearTable table) => _devices.ReloadLinear(table);

    public KernelResult<LiveDevice> Find(MappedName name) => _devices.Find(name);

    public KernelResult<TableState> Compare(ThinTable table) => _devices.Compare(table);

    public KernelResult<TableState> Compare(LinearTable table) => _devices.Compare(table);

    public KernelResult<IReadOnlyList<LiveDevice>> ListDevices(string uuidStart) => _devices.ListDevices(uuidStart);

    public KernelResult Suspend(MappedName name, bool freeze) => _devices.Suspend(name, freeze);

    public KernelResult Resume(MappedName name) => _devices.Resume(name);

    public KernelResult Remove(MappedName name, bool deferred) => _devices.Remove(name, deferred);

    public KernelResult<IDeviceEvents> WatchEvents() => _devices.WatchEvents();

    public KernelResult<ByteSize> MappedBytes(MappedName thin) => _devices.MappedBytes(thin);

    public KernelResult<IReadOnlyList<DeviceHolder>> Holders(LiveDevice device) => _devices.Holders(device);

    // IPoolClaims.

    public KernelResult<IDisposable> Claim(PoolUuid pool) => PoolClaims.Claim(pool);

    // IPoolMetadata.

    public KernelResult ClearNeedsCheck(DevicePath metadata) => _pools.ClearNeedsCheck(metadata);

    public KernelResult<MetadataRepair> RepairMetadata(
        DevicePath damaged, LoopFile scratch, DevicePath into, MetadataShape shape) =>
        _pools.RepairMetadata(damaged, scratch, into, shape);

    public KernelResult<MetadataContent> ReadMetadata(DevicePath metadata) => _pools.ReadMetadata(metadata);

    public KernelResult<MetadataLayout> InspectMetadata(DevicePath device, SectorCount start) =>
        _pools.InspectMetadata(device, start);

    public KernelResult CopyMetadata(ImmutableArray<LinearSegment> from, DevicePath into) =>
        _pools.CopyMetadata(from, into);

    public KernelResult<MetadataContent> DumpMetadata(MappedName pool, Stream into) => _pools.DumpMetadata(pool, into);

    public KernelResult RestoreMetadata(
        Stream text, LoopFile scratch, DevicePath into, MetadataShape shape, bool yielding = false) =>
        _pools.RestoreMetadata(text, scratch, into, shape, yielding);

    // IThinPools.

    public KernelResult CheckMetadata(DevicePath metadata, bool yielding = false) =>
        _pools.CheckMetadata(metadata, yielding);

    public KernelResult OpenPool(ThinPoolTable table) => _pools.OpenPool(table);

    public KernelResult ReloadPool(ThinPoolTable table) => _pools.ReloadPool(table);

    public KernelResult<TableState> Compare(ThinPoolTable table) => _pools.Compare(table);

    public KernelResult ClosePool(MappedName pool) => _pools.ClosePool(pool);

    public KernelResult<ThinPoolStatus> PoolStatus(MappedName pool) => _pools.PoolStatus(pool);

    public KernelResult CreateThin(MappedName pool, ThinId id) => _pools.CreateThin(pool, id);

    public KernelResult CreateSnapshot(MappedName pool, ThinId id, ThinId origin) =>
        _pools.CreateSnapshot(pool, id, origin);

    public KernelResult DeleteThin(MappedName pool, ThinId id) => _pools.DeleteThin(pool, id);

    public KernelResult SetTransactionId(MappedName pool, TransactionId expected, TransactionId next) =>
        _pools.SetTransactionId(pool, expected, next);

    public KernelResult<IReadOnlyList<ThinUsage>> ListThins(MappedName pool, MetadataReading reading = default) =>
        _pools.ListThins(pool, reading);

    public KernelResult<IReadOnlyList<ThinUsage>> MeasureThins(MappedName pool, MetadataReading reading = default) =>
        _pools.MeasureThins(pool, reading);

    public KernelResult<IReadOnlyList<ulong?>> MeasureAboveOrigins(
        MappedName pool, IReadOnlyList<ThinAndOrigin> thins, MetadataReading reading = default) =>
        _pools.MeasureAboveOrigins(pool, thins, reading);

    public KernelResult<IReadOnlyList<BlockRange>> OwnBlocks(MappedName pool, ThinAndOrigin thin, bool isOrigin) =>
        _pools.OwnBlocks(pool, thin, isOrigin);

    public KernelResult<IReadOnlyList<ByteRange>> ChangedRanges(MappedName pool, ThinId thin, ThinId? since) =>
        _pools.ChangedRanges(pool, thin, since);

    public KernelResult ReleaseMetadataSnapshot(MappedName pool) => _pools.ReleaseMetadataSnapshot(pool);
}

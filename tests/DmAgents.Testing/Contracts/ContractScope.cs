using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using Xunit;

namespace DmAgents.Testing.Contracts;

/// <summary>
/// What one fact makes, and takes down again in reverse, whatever became of it. Pools begin with "test-" and stand on
/// linear slices of the fixture's disks.
/// </summary>
public sealed class ContractScope(KernelFixture fixture) : IDisposable
{
    /// <summary>mkfs.xfs makes nothing below 300 MiB.</summary>
    public const ulong FormattedMebibytes = 320;

    private static int _numbers;

    private readonly Stack<Action> _undo = new();
    private readonly List<PoolUuid> _pools = [];
    private readonly List<LinearTable> _slices = [];
    private readonly Dictionary<DevicePath, SectorCount> _sliced = [];

    public IKernel Kernel => fixture.Kernel;

    /// <summary>A fresh pool on zeroed metadata.</summary>
    public ContractPool OpenPool(
        ulong dataMebibytes = 64,
        ulong metadataMebibytes = 4,
        bool skipZeroing = true,
        NoSpacePolicy noSpace = NoSpacePolicy.Error,
        DiscardPolicy discard = DiscardPolicy.Passdown,
        DevicePath? dataDevice = null,
        ulong lowWaterMark = 0,
        PoolBlockSize? blockSize = null)
    {
        var (name, uuid) = NewPool();
        var metadata = OpenSlice(
            DeviceNames.Metadata(name), DeviceNames.MetadataId(uuid), fixture.MetadataDisk, metadataMebibytes);
        Kernel.Zero(metadata.Path, ByteSize.Zero, ByteSize.KiB(4)).Must();
        var data = dataDevice
            ?? OpenSlice(DeviceNames.Data(name), DeviceNames.DataId(uuid), fixture.DataDisk, dataMebibytes).Path;
        var table = new ThinPoolTable(
            DeviceNames.Pool(name),
            DeviceNames.PoolId(uuid),
            metadata.Path,
            data,
            ByteSize.MiB(dataMebibytes).Sectors,
            blockSize ?? PoolBlockSize.Default,
            lowWaterMark,
            skipZeroing,
            noSpace,
            discard);
        AtEnd(() => RemoveDevice(table.Name));
        Kernel.OpenPool(table).Must();
        return new ContractPool(this, name, uuid, table);
    }

    /// <summary>A pool with a live thin device 1 that has an empty file system.</summary>
    public (ContractPool Pool, LiveDevice Device) OpenFormatted(FileSystemKind kind)
    {
        var pool = OpenPool(dataMebibytes: 256);
        var device = pool.CreateActive(1, FormattedMebibytes);
        Kernel.Format(device.Name.Path, kind).Must();
        return (pool, device);
    }

    /// <summary>A name and uuid that no other pool has; devices of that uuid are gone at the end, or the fact fails.
    /// </summary>
    public (PoolName Name, PoolUuid Uuid) NewPool()
    {
        var number = Interlocked.Increment(ref _numbers);
        var uuid = new PoolUuid(new Guid(number, 0x7e57, 0, [.. new byte[8]]));
        _pools.Add(uuid);
        return (new PoolName($"test-{number}"), uuid);
    }

    /// <summary>A linear device on the next free part of a disk.</summary>
    public MappedName OpenSlice(MappedName name, MappedUuid uuid, DevicePath disk, ulong mebibytes)
    {
        var table = new LinearTable(name, uuid, [Slice(disk, mebibytes)]);
        AtEnd(() => RemoveDevice(name));
        Kernel.OpenLinear(table).Must();
        _slices.Add(table);
        return name;
    }

    /// <summary>Makes the slices live again after a power cut.</summary>
    public void ReopenSlices()
    {
        foreach (var table in _slices)
            Kernel.OpenLinear(table).Must();
    }

    /// <summary>The next free part of a disk.</summary>
    public LinearSegment Slice(DevicePath disk, ulong mebibytes)
    {
        var length = ByteSize.MiB(mebibytes).Sectors;
        var start = _sliced.GetValueOrDefault(disk);
        _sliced[disk] = start + length;
        return new LinearSegment(disk, start, length);
    }

    public LoopFile NewLoopFile()
    {
        var file = new LoopFile($"{fixture.ScratchDirectory}/test-{Interlocked.Increment(ref _numbers)}.img");
        AtEnd(() =>
        {
            Kernel.DetachLoop(file);
            Kernel.DeleteFile(file);
        });
        return file;
    }

    /// <summary>A loop device on a new file.</summary>
    public (LoopFile File, DevicePath Device) OpenLoop(ulong mebibytes)
    {
        var file = NewLoopFile();
        Kernel.CreateFile(file, ByteSize.MiB(mebibytes)).Must();
        return (file, Kernel.AttachLoop(file).Must());
    }

    /// <summary>A directory's path that does not exist yet.</summary>
    public MountPath NewMountPath()
    {
        var path = new MountPath($"{fixture.ScratchDirectory}/test-mnt-{Interlocked.Increment(ref _numbers)}");
        AtEnd(() =>
        {
            Kernel.Unmount(path, detach: true);
            Kernel.RemoveDirectory(path);
        });
        return path;
    }

    /// <summary>Mounts a device at a new path.</summary>
    public MountPath Mount(LiveDevice device, FileSystemKind kind = FileSystemKind.Ext4, bool readOnly = false)
    {
        var path = NewMountPath();
        Kernel.Mount(device.Name.Path, path, kind, readOnly).Must();
        return path;
    }

    /// <summary>Has a device open until it is disposed of, or the scope ends.</summary>
    public IDisposable HoldDevice(DevicePath device) => Held(fixture.HoldDevice(device));

    public IDisposable HoldMount(MountPath mounted) => Held(fixture.HoldMount(mounted));

    public void AtEnd(Action undo) => _undo.Push(undo);

    /// <summary>Takes a device down, suspended or not, for the clean-up; one that is gone is no matter.</summary>
    public void RemoveDevice(MappedName name)
    {
        Kernel.Resume(name);
        if (Kernel.Remove(name, deferred: false).FailedWith(KernelFault.Busy))
            Kernel.Remove(name, deferred: true);
    }

    public void Dispose()
    {
        while (_undo.TryPop(out var undo))
            undo();
        foreach (var pool in _pools)
        {
            Eventually.True(
                () => Kernel.ListDevices($"{DeviceNames.UuidPrefix}{pool}").Must().Count == 0,
                $"no device of pool {pool} is left");
        }
        Assert.All(Kernel.Mounts().Must(), mount =>
            Assert.DoesNotContain("/test-mnt-", mount.Target.Value, StringComparison.Ordinal));
    }

    private IDisposable Held(IDisposable hold)
    {
        AtEnd(hold.Dispose);
        return hold;
    }
}

using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Testing.Simulation;

/// <summary>Disks, loop devices and the raw I/O of every block device.</summary>
public sealed partial class SimulatedKernel
{
    private const ulong SectorSize = SectorCount.BytesPerSector;

    /// <summary>As LVM has it unless told otherwise.</summary>
    private static readonly ByteSize Extent = ByteSize.MiB(4);

    /// <summary>What volume groups have free, and their disk.</summary>
    private readonly Dictionary<string, (ByteSize Free, SimulatedDisk Disk)> _volumeGroups =
        new(StringComparer.Ordinal);

    public KernelResult<BlockDeviceInfo> Inspect(DevicePath device) => Run<BlockDeviceInfo>("inspect", device, () =>
    {
        if (Locate(device) is not { } found)
            return (_mounts.DirectoryExists(new MountPath(device.Value)) ? Errno.Invalid : Errno.NoEntry, null);
        var errno = SignatureOf(found, out var signature);
        return (errno, new BlockDeviceInfo(
            found.Number, new(found.Length), found.ReadOnly, found.InUse, signature, device)
        {
            Shape = found.Shape,
        });
    });

    public KernelResult Read(DevicePath device, ByteSize offset, Span<byte> into)
    {
        var buffer = new byte[into.Length];
        var outcome = Opened("read", device, found =>
            found.Holds(offset.Bytes, (ulong)buffer.Length) ? found.Read(offset.Bytes, buffer) : Errno.Invalid);
        if (outcome.Succeeded)
            buffer.CopyTo(into);
        return outcome;
    }

    public KernelResult Write(DevicePath device, ByteSize offset, ReadOnlySpan<byte> bytes)
    {
        var copy = bytes.ToArray();
        return Opened("write", device, found =>
        {
            if (!found.Holds(offset.Bytes, (ulong)copy.Length))
                return Errno.Invalid;
            var errno = found.Write(offset.Bytes, copy);
            return errno == Errno.None ? found.Flush() : errno;
        });
    }

    public KernelResult Zero(DevicePath device, ByteSize offset, ByteSize length) => Opened("zero", device, found =>
    {
        if (!IsWholeSectors(offset, length) || !found.Holds(offset.Bytes, length.Bytes))
            return Errno.Invalid;
        var errno = found.WriteZeroes(offset.Bytes, length.Bytes);
        return errno == Errno.None ? found.Flush() : errno;
    });

    public KernelResult Discard(DevicePath device, ByteSize offset, ByteSize length) =>
        Opened("discard", device, found =>
            !found.Discards ? Errno.NotSupported
            : !IsWholeSectors(offset, length) || !found.Holds(offset.Bytes, length.Bytes) ? Errno.Invalid
            : found.Discard(offset.Bytes, length.Bytes));

    public KernelResult<DevicePath> EnsureVolume(LogicalVolume volume, ByteSize size) =>
        Run<DevicePath>("lvcreate", volume, () =>
        {
            if (!_volumeGroups.TryGetValue(volume.Group, out var group))
                return (Errno.NoEntry, default);
            if (_blockDevices.Find(volume.Path) is not null)
                return (Errno.None, volume.Path);
            var rounded = size.RoundUp(Extent);
            if (rounded > group.Free)
                return (Errno.Io, default);
            _volumeGroups[volume.Group] = group with { Free = group.Free - rounded };
            _blockDevices.AddDisk(volume.Path, rounded, discards: true).Made = group.Disk.Made;
            return (Errno.None, volume.Path);
        });

    public KernelResult<IReadOnlyList<DevicePath>> DisksOf(string group) =>
        Run<IReadOnlyList<DevicePath>>("vgs", group, () => _volumeGroups.TryGetValue(group, out var found)
            ? (Errno.None, [found.Disk.Path])
            : (Errno.NoEntry, null));

    public KernelResult Flush(DevicePath device) => Opened("fsync", device, found => found.Flush());

    public KernelResult CreateFile(LoopFile file, ByteSize size) =>
        Run("create file", file, () => _blockDevices.CreateFile(file, size));

    public KernelResult EnlargeFile(LoopFile file, ByteSize size) =>
        Run("enlarge file", file, () => _blockDevices.EnlargeFile(file, size));

    public KernelResult DeleteFile(LoopFile file) => Run("unlink", file, () => _blockDevices.DeleteFile(file));

    public KernelResult<LoopFileInfo> InspectFile(LoopFile file) => Run<LoopFileInfo>("stat", file, () =>
        _blockDevices.InspectFile(file) is { } info ? (Errno.None, info) : (Errno.NoEntry, null));

    public KernelResult<DevicePath> AttachLoop(LoopFile file) => Run("attach", file, () =>
        (_blockDevices.AttachLoop(file, out var loop), loop));

    public KernelResult DetachLoop(LoopFile file) => Run("detach", file, () => _blockDevices.DetachLoop(file));

    private static bool IsWholeSectors(ByteSize offset, ByteSize length) =>
        offset.Bytes % SectorSize == 0 && length.Bytes % SectorSize == 0;

    private SimulatedDevice? Locate(DevicePath path) =>
        (SimulatedDevice?)_mapped.Find(path) ?? _blockDevices.Find(path);

    /// <summary>Holds the device open for the length of the call, which matters while it waits.</summary>
    private KernelResult Opened(string operation, DevicePath path, Func<SimulatedDevice, Errno> call) =>
        Run(operation, path, () =>
        {
            if (Locate(path) is not { } device)
                return Errno.NoEntry;
            device.Open();
            var boot = _boots;
            var errno = Settle(() => call(device));
            if (boot == _boots)
                device.Close();
            return errno;
        });

    private Errno SignatureOf(SimulatedDevice device, out string? signature)
    {
        signature = null;
        var first = new byte[Math.Min(device.Length, BlockStore.PageSize)];
        var errno = device.Read(0, first);
        for (var at = 0; errno == Errno.None && at + Superblocks.Length <= first.Length; at += Superblocks.Length)
        {
            signature ??= _superblocks.Decode(first.AsSpan(at, Superblocks.Length)) switch
            {
                FileSystemImage image => image.Signature,
                PoolMetadata => "thin pool metadata",
                string text => text,
                _ => null,
            };
        }
        return errno;
    }
}

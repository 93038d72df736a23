using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Kernel;

/// <content>The calls of IBlockDevices and IVolumeGroups.</content>
public sealed partial class LinuxKernel
{
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
}

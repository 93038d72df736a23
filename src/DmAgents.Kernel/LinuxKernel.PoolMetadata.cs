using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Kernel;

/// <content>The calls of IPoolMetadata.</content>
public sealed partial class LinuxKernel
{
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
}

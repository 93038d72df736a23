using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Kernel.ThinPools.Metadata;

namespace DmAgents.Kernel.ThinPools;

/// <content>Metadata at rest, and copies of them.</content>
internal sealed partial class LinuxThinPools
{
    public KernelResult ClearNeedsCheck(DevicePath metadata) => check.Clear(metadata);

    public KernelResult RepairMetadata(DevicePath damaged, DevicePath into, MetadataShape shape) =>
        programs.Repair(damaged, into, shape);

    public KernelResult<MetadataContent> ReadMetadata(DevicePath metadata)
    {
        var blocks = MetadataBlocks.Open(metadata);
        if (!blocks.Succeeded)
            return blocks.Error;
        using (blocks.Value)
        {
            var superblock = MetadataSnapshot.Open(blocks.Value, heldRoot: 0);
            return superblock.Succeeded ? superblock.Value.Content() : superblock.Error;
        }
    }

    public KernelResult<MetadataLayout> InspectMetadata(DevicePath device, SectorCount start)
    {
        var blocks = MetadataBlocks.Open(device, start);
        if (!blocks.Succeeded)
            return blocks.Error;
        using (blocks.Value)
        {
            var superblock = MetadataSnapshot.Open(blocks.Value, heldRoot: 0);
            return superblock.Succeeded ? superblock.Value.Layout() : superblock.Error;
        }
    }

    public KernelResult CopyMetadata(ImmutableArray<LinearSegment> from, DevicePath into) =>
        MetadataCopy.Run(from, into);

    public KernelResult<MetadataContent> DumpMetadata(MappedName pool, Stream into) =>
        WithSnapshot(pool, (snapshot, status, metadata) =>
        {
            var dumped = programs.Dump(metadata, status.HeldRoot!.Value, status.Data.Total, into);
            return dumped.Succeeded ? snapshot.Content() : dumped.Error;
        });

    public KernelResult RestoreMetadata(
        Stream text, LoopFile scratch, DevicePath into, MetadataShape shape, bool yielding) =>
        programs.Restore(text, scratch, into, shape, yielding);
}

using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Kernel.BlockDevices;
using DmAgents.Kernel.ThinPools.Metadata;

namespace DmAgents.Kernel.ThinPools;

/// <content>Metadata of pools that are not live, and copies of metadata.</content>
internal sealed partial class LinuxThinPools
{
    /// <summary>Enough to read all mappings of the largest metadata on a slow disk.</summary>
    private static readonly TimeSpan ReadingTime = TimeSpan.FromMinutes(30);

    /// <summary>Slightly longer than the time limit of the metadata programs.</summary>
    private static readonly TimeSpan DumpingTime = TimeSpan.FromMinutes(125);

    public KernelResult ClearNeedsCheck(DevicePath metadata) => _check.Clear(metadata);

    public KernelResult<MetadataRepair> RepairMetadata(
        DevicePath damaged, LoopFile scratch, DevicePath into, MetadataShape shape) =>
        _programs.Repair(damaged, scratch, into, shape);

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

    public KernelResult<IReadOnlyList<ThinUsage>> ListThins(MappedName pool, MetadataReading reading) =>
        WithSnapshot(pool, reading, ReadingTime, (snapshot, _) => snapshot.List());

    public KernelResult<IReadOnlyList<ThinUsage>> MeasureThins(MappedName pool, MetadataReading reading) =>
        WithSnapshot(pool, reading, ReadingTime, (snapshot, held) => snapshot.Measure(held.Status.Data.Total));

    public KernelResult<IReadOnlyList<ulong?>> MeasureAboveOrigins(
        MappedName pool, IReadOnlyList<ThinAndOrigin> thins, MetadataReading reading) =>
        WithSnapshot(pool, reading, ReadingTime, (snapshot, _) => snapshot.MeasureAboveOrigins(thins));

    public KernelResult<IReadOnlyList<BlockRange>> OwnBlocks(MappedName pool, ThinAndOrigin thin, bool isOrigin) =>
        WithSnapshot(
            pool, MetadataReading.Now, ReadingTime, (snapshot, _) => snapshot.OwnBlocks(thin, isOrigin));

    public KernelResult<IReadOnlyList<ByteRange>> ChangedRanges(MappedName pool, ThinId thin, ThinId? since) =>
        WithSnapshot(pool, MetadataReading.Now, ReadingTime, (snapshot, _) => snapshot.Changed(thin, since));

    public KernelResult<MetadataContent> DumpMetadata(MappedName pool, Stream into) =>
        WithSnapshot(pool, MetadataReading.Now, DumpingTime, (snapshot, held) =>
        {
            var dumped = _programs.Dump(held.Metadata, held.Root, held.Status.Data.Total, into);
            return dumped.Succeeded ? snapshot.Content() : dumped.Error;
        });

    public KernelResult RestoreMetadata(
        Stream text, LoopFile scratch, DevicePath into, MetadataShape shape, bool yielding) =>
        _programs.Restore(text, scratch, into, shape, yielding);

    private KernelResult<T> WithSnapshot<T>(
        MappedName pool, MetadataReading reading, TimeSpan mayRead,
        Func<MetadataSnapshot, HeldSnapshot, KernelResult<T>> read) =>
        _snapshots.Read(pool, reading, mayRead, held =>
        {
            var blocks = MetadataBlocks.Open(held.Metadata);
            if (!blocks.Succeeded)
                return blocks.Error;
            using (blocks.Value)
            {
                var snapshot = MetadataSnapshot.Open(blocks.Value, held.Root);
                return snapshot.Succeeded ? read(snapshot.Value, held) : snapshot.Error;
            }
        });

    private KernelResult<HeldSnapshot> TakeSnapshot(MappedName pool)
    {
        var line = Line(pool);
        if (!line.Succeeded)
            return line.Error;
        var node = BlockNodes.NodeOf(line.Value.Line.Metadata);
        if (!node.Succeeded)
            return node.Error;
        var reserved = Send(pool, "reserve_metadata_snap");
        if (!reserved.Succeeded)
            return reserved.Error;
        var status = Status(pool, commit: false);
        if (status is { Succeeded: true, Value.HeldRoot: { } root })
            return new HeldSnapshot(root, status.Value, node.Value);
        var released = Send(pool, "release_metadata_snap");
        var why = status.Error ?? new KernelError(KernelFault.Failed, 0, "reserve_metadata_snap", pool.Value,
            "the pool holds no metadata snapshot although it made one");
        return released.Succeeded ? why : why with { Detail = $"{why.Detail}; not released: {released.Error}" };
    }
}

using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Metadata;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Effects;

/// <summary>The metadata device of a pool without the pool, and the device for replacement metadata.</summary>
public sealed class MetadataDeviceEffects(IKernel kernel, PoolContext pool)
{
    private readonly PoolTables _tables = new(kernel, pool);
    private readonly DiskLabels _labels = new(kernel, pool);

    private PoolName Name => pool.Identity.Name;

    private PoolUuid Uuid => pool.Identity.Uuid;

    /// <summary>Activates the metadata device without the pool.</summary>
    public KernelResult<DevicePath> Attach()
    {
        switch (pool.Identity.Backing)
        {
            case PoolBacking.Disks disks:
                var table = _tables.MetadataOf(disks);
                var opened = _labels.Verify(disks).Then(() => _tables.Open(table));
                return opened.Succeeded ? table.Name.Path : opened.Error;
            case PoolBacking.LoopFiles files:
                return kernel.AttachLoop(files.Metadata.File);
            default:
                return NotOurs(pool);
        }
    }

    /// <summary>The place of the metadata, for reading them even while a live pool uses them.</summary>
    public KernelResult<ImmutableArray<LinearSegment>> Find()
    {
        switch (pool.Identity.Backing)
        {
            case PoolBacking.Disks disks:
                var verified = _labels.Verify(disks);
                return verified.Succeeded
                    ? ImmutableArray.CreateRange(disks.Metadata, PoolTables.Segment)
                    : verified.Error;
            case PoolBacking.LoopFiles files:
                var loop = kernel.AttachLoop(files.Metadata.File);
                return loop.Succeeded
                    ? ImmutableArray.Create(new LinearSegment(loop.Value, default, files.Metadata.Size.Sectors))
                    : loop.Error;
            default:
                return NotOurs(pool);
        }
    }

    /// <summary>
    /// Activates a blank device, beside the present metadata, for the replacement metadata of a pool with this backing.
    /// The journal does not know this backing yet; anything that an earlier try left there is lost.
    /// </summary>
    public KernelResult<DevicePath> AttachNext()
    {
        switch (pool.Identity.Backing)
        {
            case PoolBacking.Disks disks:
                var table = new LinearTable(
                    DeviceNames.NextMetadata(Name), DeviceNames.NextMetadataId(Uuid),
                    [.. disks.Metadata.Select(PoolTables.Segment)]);
                // Verify the data disks' labels without writing them: if device names have shifted, the disk is not the
                // pool's.
                var opened = RemoveNext()
                    .Then(() => KernelResult.Each(disks.Data.Select(part => part.Disk).Distinct(), _labels.Verify))
                    .Then(() => KernelResult.Each(disks.Metadata.Select(part => part.Disk).Distinct(), _labels.Label))
                    .Then(() => kernel.OpenLinear(table).Outcome);
                return opened.Succeeded ? table.Name.Path : opened.Error;
            case PoolBacking.LoopFiles files:
                var file = files.Metadata;
                var made = kernel.DetachLoop(file.File).Or(KernelFault.NotFound)
                    .Then(() => kernel.DeleteFile(file.File))
                    .Then(() => kernel.CreateFile(file.File, file.Size));
                return made.Succeeded ? kernel.AttachLoop(file.File) : made.Error;
            default:
                throw new InvalidOperationException("a backing without metadata of its own");
        }
    }

    /// <summary>Deactivates what <see cref="AttachNext"/> activated; the written data stay.</summary>
    public KernelResult DetachNext() => pool.Identity.Backing is PoolBacking.LoopFiles files
        ? kernel.DetachLoop(files.Metadata.File).Or(KernelFault.NotFound)
        : RemoveNext();

    /// <summary>Deletes metadata that were kept after a replacement: their file, or the label of their disk if the pool
    /// uses nothing else on it. If they are already gone, or the disk is no longer the pool's: done.</summary>
    public KernelResult Discard(KeptMetadata kept)
    {
        if (kept.File is { } file)
            return kernel.DetachLoop(file.File).Or(KernelFault.NotFound).Then(() => kernel.DeleteFile(file.File));
        var inUse = pool.Identity.Backing is PoolBacking.Disks disks ? DiskLabels.DisksOf(disks).ToHashSet() : [];
        return KernelResult.Each(kept.Parts, part =>
        {
            var label = _labels.Read(part.Disk);
            return label.FailedWith(KernelFault.NotFound) ? KernelResult.Done
                : !label.Succeeded ? label.Outcome
                : label.Value?.Pool != Uuid ? KernelResult.Done
                : kernel.Zero(part.Disk, part.Start.Bytes, ByteSize.KiB(4))
                    .Then(() => inUse.Contains(part.Disk) ? KernelResult.Done : _labels.Erase(part.Disk));
        });
    }

    internal static KernelError NotOurs(PoolContext pool) =>
        new(KernelFault.NotSupported, 0, "open metadata", pool.Device.Value, "another program assembles the pool");

    /// <summary>Removes a device that an agent left live when it died while making metadata.</summary>
    internal KernelResult RemoveNext() =>
        kernel.Remove(DeviceNames.NextMetadata(Name), deferred: false).Or(KernelFault.NotFound);
}

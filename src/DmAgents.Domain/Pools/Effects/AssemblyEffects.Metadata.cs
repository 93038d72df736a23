using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Mending;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Effects;

/// <content>The metadata's device by itself, below a pool that is not live, and the one that is to take its
/// place.</content>
public sealed partial class AssemblyEffects
{
    /// <summary>Makes the device with the metadata live, as far as it is not, without the pool.</summary>
    public KernelResult<DevicePath> AttachMetadata()
    {
        switch (pool.Identity.Backing)
        {
            case PoolBacking.Disks disks:
                var name = DeviceNames.Metadata(Name);
                var opened = Verify(disks).Then(() => OpenLinear(name, DeviceNames.MetadataId(Uuid), disks.Metadata));
                return opened.Succeeded ? name.Path : opened.Error;
            case PoolBacking.LoopFiles files:
                return kernel.AttachLoop(files.Metadata.File);
            default:
                return NotOurs();
        }
    }

    /// <summary>Where the metadata lie, for a look at them while whoever may be is using them.</summary>
    public KernelResult<ImmutableArray<LinearSegment>> FindMetadata()
    {
        switch (pool.Identity.Backing)
        {
            case PoolBacking.Disks disks:
                var verified = Verify(disks);
                return verified.Succeeded
                    ? ImmutableArray.CreateRange(disks.Metadata, Segment)
                    : verified.Error;
            case PoolBacking.LoopFiles files:
                var loop = kernel.AttachLoop(files.Metadata.File);
                return loop.Succeeded
                    ? ImmutableArray.Create(new LinearSegment(loop.Value, default, files.Metadata.Size.Sectors))
                    : loop.Error;
            default:
                return NotOurs();
        }
    }

    /// <summary>
    /// Makes live what is to have the metadata of a pool of this backing one day: blank, beside those that it has. For
    /// a backing of which the journal does not know yet; what an earlier try left there is lost.
    /// </summary>
    public KernelResult<DevicePath> AttachNextMetadata()
    {
        switch (pool.Identity.Backing)
        {
            case PoolBacking.Disks disks:
                var table = new LinearTable(
                    DeviceNames.NextMetadata(Name), DeviceNames.NextMetadataId(Uuid),
                    [.. disks.Metadata.Select(Segment)]);
                // The blocks' disks are looked at, not labelled: under a name that has shifted it is not the pool's
                // disk.
                var opened = RemoveNextMetadata()
                    .Then(() => Each(disks.Data.Select(part => part.Disk).Distinct(), Verify))
                    .Then(() => Each(disks.Metadata.Select(part => part.Disk).Distinct(), Label))
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

    /// <summary>Lets go of what <see cref="AttachNextMetadata"/> has made live; what was written there stays.</summary>
    public KernelResult DetachNextMetadata() => pool.Identity.Backing is PoolBacking.LoopFiles files
        ? kernel.DetachLoop(files.Metadata.File).Or(KernelFault.NotFound)
        : kernel.Remove(DeviceNames.NextMetadata(Name), deferred: false).Or(KernelFault.NotFound);

    /// <summary>Takes away what was kept of metadata that others have replaced: its file, or its disk's label where the
    /// disk has nothing else of the pool. For what is gone already, and for a disk that is not the pool's any more:
    /// done.</summary>
    public KernelResult Discard(KeptMetadata kept)
    {
        if (kept.File is { } file)
            return kernel.DetachLoop(file.File).Or(KernelFault.NotFound).Then(() => kernel.DeleteFile(file.File));
        var inUse = pool.Identity.Backing is PoolBacking.Disks disks ? DisksOf(disks).ToHashSet() : [];
        return Each(kept.Parts, part =>
        {
            var label = ReadLabel(part.Disk);
            return label.FailedWith(KernelFault.NotFound) ? KernelResult.Done
                : !label.Succeeded ? label.Outcome
                : label.Value?.Pool != Uuid ? KernelResult.Done
                : kernel.Zero(part.Disk, part.Start.Bytes, ByteSize.KiB(4))
                    .Then(() => inUse.Contains(part.Disk) ? KernelResult.Done : EraseLabel(part.Disk));
        });
    }

    private KernelError NotOurs() =>
        new(KernelFault.NotSupported, 0, "open metadata", pool.Device.Value, "someone else assembles the pool");

    /// <summary>Takes away what an agent that died while it made new metadata has left live.</summary>
    private KernelResult RemoveNextMetadata() =>
        kernel.Remove(DeviceNames.NextMetadata(Name), deferred: false).Or(KernelFault.NotFound);

    private static LinearSegment Segment(DiskPart part) => new(part.Disk, part.Start, part.Length);
}

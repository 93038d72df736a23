using System.Collections.Immutable;
using DmAgents.Actors.Pools;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Agent.UseCases;

/// <summary>A pool's picture, and the kernel's current state of the pool.</summary>
/// <param name="Device">The pool's device; null if the pool's identity is not known yet.</param>
/// <param name="Live">Null if it is not live.</param>
/// <param name="Status">The last known one; null if none is.</param>
/// <param name="Files">The pool's files; unreadable ones are omitted.</param>
internal sealed record PoolInspection(
    PoolPicture Pool, MappedName? Device, LiveDevice? Live, ThinPoolStatus? Status,
    ImmutableDictionary<LoopFile, LoopFileInfo> Files)
{
    public ByteSize DataUsed => Status?.Data.UsedBytes ?? ByteSize.Zero;

    /// <summary>Host space of the pool's data file; null if the pool has none.</summary>
    public ByteSize? HostAllocated => Pool.State.Identity?.Backing is PoolBacking.LoopFiles files
        ? Files.GetValueOrDefault(files.Data.File)?.Allocated ?? ByteSize.Zero
        : null;
}

/// <summary>Asks the kernel for facts that a pool's picture does not contain.</summary>
internal sealed class PoolInspector(IKernel kernel)
{
    public PoolInspection Inspect(PoolPicture pool)
    {
        var none = ImmutableDictionary<LoopFile, LoopFileInfo>.Empty;
        if (pool.State.Identity is not { } identity)
            return new PoolInspection(pool, Device: null, Live: null, Status: null, none);
        var device = new PoolContext(identity, pool.Paths, DiscardOnRemove: false).Device;
        var read = kernel.PoolStatus(device);
        return new PoolInspection(
            pool, device,
            kernel.Find(device) is { Succeeded: true, Value: var live } ? live : null,
            read.Succeeded ? read.Value : pool.Health?.Status,
            identity.Backing is PoolBacking.LoopFiles files
                ? none.AddRange(InfosOf(files.Data.File, files.Metadata.File))
                : none);
    }

    private IEnumerable<KeyValuePair<LoopFile, LoopFileInfo>> InfosOf(params LoopFile[] files)
    {
        foreach (var file in files)
        {
            if (kernel.InspectFile(file) is { Succeeded: true, Value: var info })
                yield return new(file, info);
        }
    }
}

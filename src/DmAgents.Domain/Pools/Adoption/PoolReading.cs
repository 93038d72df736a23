using System.Collections.Immutable;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports;

namespace DmAgents.Domain.Pools.Adoption;

/// <summary>The content of a pool, read before it is adopted.</summary>
/// <param name="WasLive">It was live before the reading, and stays live.</param>
/// <param name="Unchecked">Why its metadata could not be checked first; null if they were checked, or needed no
/// check.</param>
public sealed record PoolContent(
    ThinPoolStatus Status, ImmutableArray<ThinUsage> Thins, bool WasLive, KernelError? Unchecked);

/// <summary>Reads a pool for its adoption, without changing it. A pool that is not live is checked first, as before
/// each opening. A metadata snapshot is taken and released.</summary>
public sealed class PoolReading(IKernel kernel, PoolContext pool)
{
    /// <summary>The pool that it reads.</summary>
    public PoolContext Pool => pool;

    /// <summary>Activates the pool if it is not live, and reads its content.</summary>
    public KernelResult<PoolContent> Read()
    {
        var wasLive = !kernel.Find(pool.Device).FailedWith(KernelFault.NotFound);
        var assembly = new AssemblyEffects(kernel, pool);
        var sound = assembly.CheckMetadata();
        var opened = sound.Or(KernelFault.NotSupported).Then(assembly.Open);
        KernelResult<PoolContent> read = opened.Succeeded ? Content(wasLive, sound.Error) : opened.Error;
        if (!read.Succeeded && !wasLive)
            assembly.Close();
        return read;
    }

    /// <summary>Deactivates what was activated only for the reading.</summary>
    public KernelResult Leave(PoolContent content) =>
        content.WasLive ? KernelResult.Done : new AssemblyEffects(kernel, pool).Close();

    private KernelResult<PoolContent> Content(bool wasLive, KernelError? notChecked)
    {
        var status = kernel.PoolStatus(pool.Device);
        if (!status.Succeeded)
            return status.Error;
        if (status.Value.HeldRoot is not null && pool.Identity.Backing is not PoolBacking.Existing)
            kernel.ReleaseMetadataSnapshot(pool.Device);
        var thins = kernel.ListThins(pool.Device);
        return thins.Succeeded
            ? new PoolContent(status.Value, [.. thins.Value], wasLive, notChecked)
            : thins.Error;
    }
}

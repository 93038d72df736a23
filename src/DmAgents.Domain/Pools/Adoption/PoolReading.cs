using System.Collections.Immutable;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports;

namespace DmAgents.Domain.Pools.Adoption;

/// <summary>What a pool has, looked at before anyone has taken it over.</summary>
/// <param name="WasLive">It was live before: what is live of it stays so.</param>
/// <param name="Unchecked">Why its metadata could not be checked before; null where they were, or had not to
/// be.</param>
public sealed record PoolContent(
    ThinPoolStatus Status, ImmutableArray<ThinUsage> Thins, bool WasLive, KernelError? Unchecked);

/// <summary>Reads a pool for its adoption. Nothing of it is changed: a pool that is not live is checked first, as
/// before each opening, and a metadata snapshot comes and goes.</summary>
public sealed class PoolReading(IKernel kernel, PoolContext pool)
{
    /// <summary>Which pool it is.</summary>
    public PoolContext Pool => pool;

    /// <summary>Makes the pool live where it is not, and reads what it has.</summary>
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

    /// <summary>Takes down what was made live only to be read.</summary>
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

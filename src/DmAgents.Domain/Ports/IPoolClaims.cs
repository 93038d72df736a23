using DmAgents.Domain.Pools;

namespace DmAgents.Domain.Ports;

/// <summary>One agent per pool, whatever its state directory is.</summary>
public interface IPoolClaims
{
    /// <summary>
    /// Claims the pool for as long as the result is not disposed and the process lives: the kernel lets go of what a
    /// dead process had. Holds within one network namespace, which agents share with their host.
    /// </summary>
    /// <returns>Busy where another claim is held, naming its process.</returns>
    KernelResult<IDisposable> Claim(PoolUuid pool);
}

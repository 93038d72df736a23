using DmAgents.Domain.Pools;

namespace DmAgents.Domain.Ports;

/// <summary>Ensures one agent per pool, independent of state directories.</summary>
public interface IPoolClaims
{
    /// <summary>
    /// Claims the pool until the result is disposed or the process ends: the kernel releases a dead process's claims.
    /// Valid within one network namespace, which agents share with their host.
    /// </summary>
    /// <returns>Busy if another process holds the claim; the error names it.</returns>
    KernelResult<IDisposable> Claim(PoolUuid pool);
}

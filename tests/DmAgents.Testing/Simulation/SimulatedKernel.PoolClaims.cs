using System.Collections.Concurrent;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;

namespace DmAgents.Testing.Simulation;

public sealed partial class SimulatedKernel
{
    private readonly ConcurrentDictionary<PoolUuid, PoolClaim> _claims = [];

    public KernelResult<IDisposable> Claim(PoolUuid pool)
    {
        var claim = new PoolClaim(this, pool);
        return _claims.TryAdd(pool, claim)
            ? KernelResult.Found<IDisposable>(claim)
            : new KernelError(KernelFault.Busy, 0, "claim", $"pool {pool}", "another agent uses the pool");
    }

    private sealed class PoolClaim(SimulatedKernel kernel, PoolUuid pool) : IDisposable
    {
        public void Dispose() => kernel._claims.TryRemove(KeyValuePair.Create(pool, this));
    }
}

using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.Processes;

namespace DmAgents.Kernel;

public sealed partial class LinuxKernel
{
    public KernelResult<IDisposable> Claim(PoolUuid pool) => PoolClaims.Claim(pool);
}

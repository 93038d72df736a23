namespace DmAgents.Domain.Ports;

/// <summary>All calls that the agent makes to its host's kernel.</summary>
/// <remarks>
/// Synchronous and thread-safe. Calls block as long as the kernel does, so they run on their own dispatcher. Raw
/// semantics: "already so" is returned as a fault; the caller makes its effects idempotent. The simulated and the real
/// kernel pass the same contract specification.
/// </remarks>
public interface IKernel
    : IThinPools, IPoolMetadata, IMappedDevices, IFileSystems, IBlockDevices, ILayerBlocks, IVolumeGroups, IPoolClaims;

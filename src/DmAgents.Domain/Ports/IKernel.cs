namespace DmAgents.Domain.Ports;

/// <summary>Everything that the agent asks of the kernel of its host.</summary>
/// <remarks>
/// Synchronous and safe for use by many threads. Calls block for as long as the kernel does: they run on a
/// dispatcher of their own. Raw semantics: "already so" comes back as a fault; making an effect repeatable is the
/// caller's work. The simulated and the real kernel keep one contract specification.
/// </remarks>
public interface IKernel
    : IThinPools, IPoolMetadata, IMappedDevices, IFileSystems, IBlockDevices, ILayerBlocks, IVolumeGroups, IPoolClaims;

using DmAgents.Domain.Ports;
using DmAgents.Transfer.Content;

namespace DmAgents.Transfer.Receiving;

/// <summary>Stores a receiver's state. Each call is durable when it returns, and idempotent.</summary>
/// <remarks>The store owns the target that it returns; a reception only reads and writes it. <see cref="Commit"/> and
/// <see cref="Abandon"/> close the target, and no call of it is in progress then. Nor is one after a reception that
/// stopped or failed: the store's owner closes the target then. The store waits for connections that serve other hosts
/// from the target.</remarks>
public interface IReceptionStore
{
    /// <summary>Replaces the layer's stored progress and map, both or neither.</summary>
    KernelResult KeepPlan(ReceivingProgress progress, ContentMap map);

    /// <summary>Replaces the progress and keeps the map.</summary>
    KernelResult KeepProgress(ReceivingProgress progress);

    /// <summary>The target if it exists; otherwise NotFound.</summary>
    KernelResult<IReceivingDevice> FindTarget(ReceivingProgress progress);

    /// <summary>The target, created if it is missing: a snapshot of the base or a blank device, of the shape's
    /// size.</summary>
    KernelResult<IReceivingDevice> MakeTarget(ReceivingProgress progress);

    /// <summary>Makes the target a layer with this map, and deletes the progress, atomically. After a refusal nothing
    /// has changed.</summary>
    KernelResult Commit(ReceivingProgress progress, ContentMap map);

    /// <summary>Deletes progress and map, then removes the target. Recovery completes what this call could not do: it
    /// removes a target without a progress.</summary>
    KernelResult Abandon(string reason);
}

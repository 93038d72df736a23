using DmAgents.Domain.Ports;
using DmAgents.Transfer.Content;

namespace DmAgents.Transfer.Receiving;

/// <summary>What a receiver makes durable. Each call is durable when it returns, and repeatable.</summary>
/// <remarks>The store owns the target that it gives: a reception only reads and writes it. No call of the target is
/// under way in <see cref="Commit"/> and <see cref="Abandon"/>, which close it, nor after a reception that was stopped
/// or failed: then the store's owner closes it. Those that serve other hosts from the target are the store's to wait
/// for.</remarks>
public interface IReceptionStore
{
    /// <summary>Keeps progress and map in place of whatever was kept for the layer, both or neither.</summary>
    KernelResult KeepPlan(ReceivingProgress progress, ContentMap map);

    /// <summary>Keeps another progress beside the map.</summary>
    KernelResult KeepProgress(ReceivingProgress progress);

    /// <summary>The target, if it is there; NotFound if it is not.</summary>
    KernelResult<IReceivingDevice> FindTarget(ReceivingProgress progress);

    /// <summary>The target, made if it is not there: a snapshot of the base or a blank device, of the shape's size.
    /// </summary>
    KernelResult<IReceivingDevice> MakeTarget(ReceivingProgress progress);

    /// <summary>Makes the target a layer with this map, and forgets the progress: all of it or nothing. A refusal means
    /// that nothing was done.</summary>
    KernelResult Commit(ReceivingProgress progress, ContentMap map);

    /// <summary>Forgets progress and map, then removes the target. What it cannot do, recovery does: a target without a
    /// progress is removed there.</summary>
    KernelResult Abandon(string reason);
}

using DmAgents.Domain.Fleet;
using DmAgents.Domain.Layers;

namespace DmAgents.Agent.Transfers;

/// <summary>Which hosts have a layer, as the fleet's entities know it.</summary>
internal interface ILayerLocations
{
    /// <summary>The hosts that have the layer, or bring it at the moment.</summary>
    /// <returns>Null: there are no entities, or they do not answer in time. Then the hosts themselves are
    /// asked.</returns>
    Task<IReadOnlyList<HostName>?> FindAsync(ChainId layer, TimeSpan within, CancellationToken cancellation);

    /// <summary>Reports to the layer's bucket that this host brings it, until the result is disposed of. Waits for no
    /// answer: a bucket that is away does not learn of it.</summary>
    IDisposable Begin(ChainId layer, HostName source);
}

using DmAgents.Domain.Fleet;
using DmAgents.Domain.Layers;

namespace DmAgents.Agent.Transfers;

/// <summary>The hosts that have a layer, as the fleet's entities know it.</summary>
internal interface ILayerLocations
{
    /// <summary>The hosts that have the layer, or receive it at the moment.</summary>
    /// <returns>Null: there are no entities, or they do not answer in time. The caller then asks the hosts
    /// themselves.</returns>
    Task<IReadOnlyList<HostName>?> FindAsync(ChainId layer, TimeSpan within, CancellationToken cancellation);

    /// <summary>Reports to the layer's bucket that this host receives it, until the result is disposed. Does not wait
    /// for an answer: a bucket that is away does not learn of it.</summary>
    IDisposable Begin(ChainId layer, HostName source);
}

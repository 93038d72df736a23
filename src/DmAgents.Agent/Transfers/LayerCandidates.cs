using DmAgents.Domain.Fleet;
using DmAgents.Domain.Layers;

namespace DmAgents.Agent.Transfers;

/// <summary>The hosts to ask for a layer: those that the fleet's entities name, or all if the entities do not answer in
/// time.</summary>
internal sealed class LayerCandidates(
    ILayerLocations locations, ILayerPeers peers, ChainId layer, TimeSpan within, TimeProvider time)
{
    /// <summary>Another host may have begun to receive the layer meanwhile.</summary>
    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromSeconds(1);

    private IReadOnlyList<HostName>? _located;
    private long? _lookedAt;

    /// <summary>The candidates that can be reached. One call at a time.</summary>
    public async Task<IReadOnlyList<HostName>> FindAsync(CancellationToken cancellation)
    {
        if (_lookedAt is not { } at || time.GetElapsedTime(at) > LookAgainAfter)
        {
            _located = await locations.FindAsync(layer, within, cancellation).ConfigureAwait(false);
            _lookedAt = time.GetTimestamp();
        }
        return [.. peers.Reached.Where(host => _located is null || _located.Contains(host))];
    }
}

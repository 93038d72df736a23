using System.Security.Authentication;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Layers;
using DmAgents.Transfer.Connections;

namespace DmAgents.Agent.Transfers;

/// <summary>The hosts of the fleet as sources of a layer: the named one first, then others that have the layer or
/// receive it, the least loaded first. A failed one is not used for a while.</summary>
/// <param name="named">Retried after a fault, as long as that advances the layer.</param>
internal sealed class FleetSources(
    ILayerPeers peers, LayerHolders holders, PeerConnector named, HostName first, ContentDigest content,
    TimeProvider time, ILogger log) : ISourceConnector
{
    /// <summary>How long a host is not used after a fault.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly Dictionary<Stream, HostName> _inUse = [];
    private readonly Dictionary<HostName, long> _resting = [];

    public async Task<Stream?> ConnectAsync(string? fault, CancellationToken cancellation)
    {
        if (fault is not null && await ConnectOtherAsync(cancellation).ConfigureAwait(false) is { } other)
            return other;
        return await named.ConnectAsync(fault, cancellation).ConfigureAwait(false) is { } stream
            ? Using(first, stream)
            : null;
    }

    public Task<Stream?> ConnectFurtherAsync(CancellationToken cancellation) => ConnectOtherAsync(cancellation);

    public void Ended(Stream stream, string? fault)
    {
        lock (_lock)
        {
            if (!_inUse.Remove(stream, out var host) || fault is null)
                return;
            _resting[host] = time.GetTimestamp();
            log.SourceLeft(host, content, fault);
        }
    }

    private async Task<Stream?> ConnectOtherAsync(CancellationToken cancellation)
    {
        var answers = await holders.AskAsync(content, cancellation).ConfigureAwait(false);
        foreach (var holder in answers.Where(holder => IsFree(holder.Host)).OrderBy(holder => holder.Held.Serving)
            .ThenByDescending(holder => holder.Held.IsWhole))
        {
            try
            {
                return Using(holder.Host, await peers.ConnectAsync(
                    holder.Host, LayerProtocols.Blocks, cancellation).ConfigureAwait(false));
            }
            catch (Exception fault) when (fault is IOException or AuthenticationException)
            {
                lock (_lock)
                    _resting[holder.Host] = time.GetTimestamp();
            }
        }
        return null;
    }

    private bool IsFree(HostName host)
    {
        lock (_lock)
        {
            return !_inUse.ContainsValue(host)
                && !(_resting.TryGetValue(host, out var since) && time.GetElapsedTime(since) < Rest);
        }
    }

    private Stream Using(HostName host, Stream stream)
    {
        lock (_lock)
            _inUse[stream] = host;
        return stream;
    }
}

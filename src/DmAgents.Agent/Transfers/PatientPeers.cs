using System.Net.Security;
using DmAgents.Domain.Fleet;

namespace DmAgents.Agent.Transfers;

/// <summary>The other hosts of the fleet, with a short timeout for connections.</summary>
internal sealed class PatientPeers(ILayerPeers peers, TimeSpan within, TimeProvider time) : ILayerPeers
{
    public LayerPeer? Self => peers.Self;

    public IEnumerable<HostName> Reached => peers.Reached;

    public bool Knows(HostName host) => peers.Knows(host);

    public Task<Stream> ConnectAsync(
        HostName host, SslApplicationProtocol protocol, CancellationToken cancellation) => JsonFrames.WithinAsync(
            within, time, $"host {host} took no connection", end => peers.ConnectAsync(host, protocol, end),
            cancellation);
}

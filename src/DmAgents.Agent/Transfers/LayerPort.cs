using System.Net.Security;
using System.Security.Authentication;
using DmAgents.Agent.Fleet.Talks;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Pools;
using DmAgents.Transfer.Connections;
using DmAgents.Transfer.Pacing;
using DmAgents.Transfer.Wire;

namespace DmAgents.Agent.Transfers;

/// <summary>A member's port for layers: serves blocks, the layers of images, and this host's events to hosts of the
/// fleet.</summary>
internal sealed class LayerPort(
    PoolGateway gateway, PoolLayerSources sources, ImageTalks talks, LayerOffers layers, HostTalks hosts,
    HostBandwidth bandwidth, TimeProvider time, ILogger<LayerPort> log)
{
    private static readonly TimeSpan HandshakeWithin = TimeSpan.FromSeconds(30);

    /// <summary>Serves one connection to its end.</summary>
    /// <param name="connection">Closed by the caller.</param>
    /// <param name="options">With the host's certificate, and the validation of the peer's.</param>
    public async Task ServeAsync(
        Stream connection, FleetId fleet, SslServerAuthenticationOptions options, CancellationToken cancellation)
    {
        options.ApplicationProtocols =
        [
            LayerProtocols.Blocks, LayerProtocols.Images, LayerProtocols.Layers, LayerProtocols.Hosts,
        ];
        var tls = new SslStream(connection, leaveInnerStreamOpen: true);
        await using var closing = tls.ConfigureAwait(false);
        try
        {
            using var patience = new CancellationTokenSource(HandshakeWithin, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
            await tls.AuthenticateAsServerAsync(options, either.Token).ConfigureAwait(false);
            if (tls.NegotiatedApplicationProtocol == LayerProtocols.Images)
                await talks.ServeAsync(tls, cancellation).ConfigureAwait(false);
            else if (tls.NegotiatedApplicationProtocol == LayerProtocols.Layers)
                await layers.ServeAsync(tls, cancellation).ConfigureAwait(false);
            else if (tls.NegotiatedApplicationProtocol == LayerProtocols.Hosts)
                await hosts.ServeAsync(tls, cancellation).ConfigureAwait(false);
            else if (tls.NegotiatedApplicationProtocol == LayerProtocols.Blocks)
                await SendAsync(tls, fleet, cancellation).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is IOException or AuthenticationException or WireException
            || (fault is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            log.LayerConnectionEnded(fault.Message);
        }
    }

    private async Task SendAsync(SslStream tls, FleetId fleet, CancellationToken cancellation)
    {
        // The answer names the pool that has the layer; these are the fleet, and the block size, which decides nothing.
        var pool = gateway.Board.All.Select(pool => pool.State.Identity).OfType<PoolIdentity>().FirstOrDefault();
        var party = new TransferParty(
            fleet, pool?.Uuid ?? new PoolUuid(Guid.Empty), pool?.BlockSize ?? PoolBlockSize.Default);
        var fault = await new SendingConnection(
            party, sources.Of(cancellation), bandwidth, new ConnectionSettings(), time)
            .RunAsync(tls, cancellation).ConfigureAwait(false);
        if (fault is not null)
            log.LayerCutShort(fault);
    }
}

using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using DmAgents.Agent.Fleet;
using DmAgents.Domain.Fleet;
using DmAgents.Fleet.Peers;
using DmAgents.Transfer.Pacing;

namespace DmAgents.Agent.Transfers;

/// <summary>The members of this host's fleet.</summary>
internal sealed class FleetLayerPeers(FleetIdentity identity, TimeProvider time) : ILayerPeers
{
    /// <summary>Timeout of the connection and the validation of both certificates.</summary>
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(20);

    public LayerPeer? Self => identity.Current is { } place ? new LayerPeer(place.Id, place.Host) : null;

    public IEnumerable<HostName> Reached => identity.Reached;

    public bool Knows(HostName host) => identity.LayersAddressOf(host) is not null;

    public async Task<Stream> ConnectAsync(
        HostName host, SslApplicationProtocol protocol, CancellationToken cancellation)
    {
        if (identity.Current is not { } place)
            throw new IOException("this host is in no fleet");
        if (identity.LayersAddressOf(host) is not { } address)
            throw new IOException($"fleet {place.Fleet} has no host {host}, as this host sees it");
        using var patience = new CancellationTokenSource(Within, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        PeerVerdict? verdict = null;
        try
        {
            var stream = await FleetConnections.ConnectAsync(address, either.Token).ConfigureAwait(false);
            return await SecureAsync(stream, place, host, protocol, judged => verdict = judged, either.Token)
                .ConfigureAwait(false);
        }
        catch (SocketException fault)
        {
            throw new IOException($"{address} cannot be reached: {fault.Message}", fault);
        }
        catch (AuthenticationException fault)
        {
            throw new IOException(verdict is PeerVerdict.Refused { Refusal: var refusal }
                ? $"{address}: {refusal.Why}"
                : $"{address} refuses this host, or is none of its fleet: {fault.Message}", fault);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new IOException($"{address} did not answer within {Within.TotalSeconds} s");
        }
    }

    private static async Task<SslStream> SecureAsync(
        Stream stream, FleetPlace place, HostName host, SslApplicationProtocol protocol, Action<PeerVerdict> judged,
        CancellationToken cancellation)
    {
        var options = FleetTls.Client(
            place.Certificate, place.Validator.Callback(host, judged), place.Id, host);
        options.ApplicationProtocols = [protocol];
        var tls = new SslStream(new ReadAheadStream(stream), leaveInnerStreamOpen: false);
        try
        {
            await tls.AuthenticateAsClientAsync(options, cancellation).ConfigureAwait(false);
            return tls;
        }
        catch
        {
            await tls.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}

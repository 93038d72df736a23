using System.Security.Authentication;
using DmAgents.Domain.Fleet;
using DmAgents.Transfer.Connections;

namespace DmAgents.Agent.Transfers;

/// <summary>One host as the source of a layer: retried after a fault, as long as that advances the layer.</summary>
/// <param name="verified">How much of the layer has been received: as long as it grows, the host is useful.</param>
internal sealed class PeerConnector(
    ILayerPeers peers, HostName host, Func<ulong> verified, TimeProvider time, TimeSpan giveUpAfter) : ISourceConnector
{
    /// <summary>Consecutive connections without progress: the host refuses, or sends useless data.</summary>
    private const int Useless = 3;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private ulong _last;
    private int _useless;
    private long _since = time.GetTimestamp();
    private bool _wasConnected;

    public async Task<Stream?> ConnectAsync(string? fault, CancellationToken cancellation)
    {
        // Connected time does not count as unreachable.
        if (_wasConnected)
            (_wasConnected, _since) = (false, time.GetTimestamp());
        if (verified() is var now && now > _last)
            (_last, _useless, _since) = (now, 0, time.GetTimestamp());
        if (_useless >= Useless || time.GetElapsedTime(_since) > giveUpAfter)
            return null;
        if (fault is not null)
            await Task.Delay(Pause, time, cancellation).ConfigureAwait(false);
        try
        {
            var stream = await peers.ConnectAsync(host, LayerProtocols.Blocks, cancellation).ConfigureAwait(false);
            _useless++;
            _wasConnected = true;
            return stream;
        }
        catch (AuthenticationException refused)
        {
            throw new IOException($"{host} is refused, or refuses this host: {refused.Message}", refused);
        }
    }
}

using DmAgents.Agent.Fleet;
using DmAgents.Fleet.Joining;
using DmAgents.Fleet.Peers;

namespace DmAgents.Agent.Transfers;

/// <summary>Serves this host's layers to the other members while the host is a member.</summary>
internal sealed class FleetLayersPart(
    FleetIdentity identity, FleetListener listener, LayerPort port, TimeProvider time, ILogger<FleetLayersPart> log)
    : IFleetPart
{
    /// <summary>Limits for connections whose peer has not shown a member's certificate. Chosen, not measured: more than
    /// members behind one address need for their handshakes, and less than the port accepts.</summary>
    private static readonly JoinLimits _strangers = new(Exchange: default, AtOnce: 64) { PerAddress = 32 };

    private readonly RefusalLog _refused = new(time);
    private readonly JoinSlots _slots = new(_strangers);

    public async Task RunAsync(FleetPlace place, CancellationToken end)
    {
        using var connections = new PeerConnections(place.Trust);
        await listener.RunAsync(
            FleetPorts.LayersOf(place.Address), "layers",
            (connection, cancellation) => ServeAsync(connection, identity.Current ?? place, connections, cancellation),
            end).ConfigureAwait(false);
    }

    private async Task ServeAsync(
        Stream stream, FleetPlace now, PeerConnections connections, CancellationToken cancellation)
    {
        using var slot = _slots.Enter(stream);
        if (slot is null)
            return;
        using var connection = connections.Add(cancellation);
        var options = FleetTls.Server(
            now.Certificate, now.Validator.Callback(expected: null, verdict => Judged(connection, slot, verdict)));
        try
        {
            await port.ServeAsync(stream, now.Id, options, connection.End).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (connection.IsRevoked)
        {
        }
    }

    private void Judged(PeerConnection connection, JoinSlots.Slot slot, PeerVerdict verdict)
    {
        if (verdict is PeerVerdict.Accepted { Host: var host })
        {
            slot.IsMembers();
            connection.Accept(host.Serial);
        }
        if (verdict is PeerVerdict.Refused { Refusal: var refusal } && _refused.Add(refusal.Why))
            log.LayerPeerRefused(refusal.Why, refusal.Next);
    }
}

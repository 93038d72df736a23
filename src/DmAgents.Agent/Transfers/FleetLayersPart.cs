using DmAgents.Agent.Fleet;
using DmAgents.Fleet.Peers;

namespace DmAgents.Agent.Transfers;

/// <summary>While the host is a member: serves its layers to the others.</summary>
internal sealed class FleetLayersPart(
    FleetIdentity identity, FleetListener listener, LayerPort port, ILogger<FleetLayersPart> log) : IFleetPart
{
    public Task RunAsync(FleetPlace place, CancellationToken end) => listener.RunAsync(
        FleetPorts.LayersOf(place.Address), "layers", (connection, cancellation) =>
        {
            var now = identity.Current ?? place;
            return port.ServeAsync(
                connection, now.Id, FleetTls.Server(now.Certificate, now.Validator.Callback(expected: null, Judged)),
                cancellation);
        }, end);

    private void Judged(PeerVerdict verdict)
    {
        if (verdict is PeerVerdict.Refused { Refusal: var refusal })
            log.LogWarning("a host that asked for layers was refused: {Why}; next: {Next}", refusal.Why, refusal.Next);
    }
}

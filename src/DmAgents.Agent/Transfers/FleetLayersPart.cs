using DmAgents.Agent.Fleet;
using DmAgents.Fleet.Peers;

namespace DmAgents.Agent.Transfers;

/// <summary>While the host is a member: serves its layers to the others.</summary>
internal sealed class FleetLayersPart(
    FleetIdentity identity, FleetListener listener, LayerPort port, TimeProvider time, ILogger<FleetLayersPart> log)
    : IFleetPart
{
    private readonly RefusalLog _refused = new(time);

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
        if (verdict is PeerVerdict.Refused { Refusal: var refusal } && _refused.Add(refusal.Why))
            log.LogWarning("a host that asked for layers was refused: {Why}; next: {Next}", refusal.Why, refusal.Next);
    }
}

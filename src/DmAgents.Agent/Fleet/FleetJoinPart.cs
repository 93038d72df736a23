using DmAgents.Fleet.Joining;

namespace DmAgents.Agent.Fleet;

/// <summary>On the host that formed the fleet: admits hosts, renews certificates, and publishes revocations.</summary>
internal sealed class FleetJoinPart(
    FleetHost host, FleetIdentity identity, FleetListener listener, FleetOutcasts outcasts, FleetTwins twins,
    TimeProvider time, ILogger<FleetJoinPart> log) : IFleetPart
{
    private readonly RefusalLog _refused = new(time);

    public Task RunAsync(FleetPlace place, CancellationToken end)
    {
        if (host.Authority is not { } authority)
            return Task.CompletedTask;
        var service = new JoinService(
            authority, () => (identity.Current ?? place).Certificate, () => host.Known?.Seeds ?? [], time,
            JoinLimits.Default, Finished)
        {
            TwinOf = twins.OfAsync,
        };
        return listener.RunAsync(FleetPorts.JoinOf(place.Address), "hosts that join", service.ServeAsync, end);
    }

    private void Finished(JoinRefusal? refusal)
    {
        // A host may have left.
        outcasts.Remove();
        if (refusal is { Reason: not JoinRefusalReason.Unreachable } && _refused.Add(refusal.Why))
            log.JoinRefused(refusal.Why, refusal.Next);
    }
}

using DmAgents.Actors.Fleet;
using DmAgents.Agent.Configuration;
using DmAgents.Agent.Fleet;
using DmAgents.Domain.Pools;

namespace DmAgents.Agent.UseCases;

/// <summary>Waits until the fleet has admitted this host.</summary>
internal sealed class FleetEntrance(AgentSettings settings, FleetBoard board, TimeProvider time)
{
    /// <summary>Returns when the host is admitted. After a timeout here the host keeps trying.</summary>
    public async Task<FleetStatus> AwaitIn(FleetPlace place, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(settings.Fleet.JoinPatience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        var status = board.Current;
        try
        {
            status = await board.When(
                each => each.Phase is FleetPhase.Member or FleetPhase.Rejoining, either.Token).ConfigureAwait(false);
            if (status.Phase == FleetPhase.Member)
                return status;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            status = board.Current;
        }
        throw Refusals.Because(
            RefusalKind.TimedOut, "the host has its certificate, but is not in the fleet yet", place.Host.Value,
            status.Words, "do nothing, the host keeps trying; see: dmagent fleet status");
    }
}

using DmAgents.Actors.Fleet;

namespace DmAgents.Agent.Fleet;

/// <summary>On the host that made the fleet: has members removed that are in the fleet no more. Their certificates are
/// refused at each handshake, but connections that they have would live on.</summary>
internal sealed class FleetOutcasts(FleetHost host, FleetKeeper keeper, FleetBoard board)
{
    /// <summary>Idempotent.</summary>
    public void Remove()
    {
        if (host.Authority is not { } authority)
            return;
        var hosts = authority.State.Hosts;
        var before = host.Known?.Members.Count;
        host.Learn(known => known);
        foreach (var member in board.Current.Members)
        {
            if (member.Host is { } name && !hosts.ContainsKey(name))
                keeper.Remove(member.Address);
        }
        // Seeds that are gone for good are not waited for.
        if (host.Known?.Members.Count < before && board.Current.Phase == FleetPhase.Joining)
            host.Again();
    }
}

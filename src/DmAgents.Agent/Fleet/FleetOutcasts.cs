using DmAgents.Actors.Fleet;

namespace DmAgents.Agent.Fleet;

/// <summary>On the host that formed the fleet: removes members that no longer belong to it. Each handshake refuses
/// their certificates, but their existing connections would stay open.</summary>
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
        // Stops waiting for seeds that have been removed permanently.
        if (host.Known?.Members.Count < before && board.Current.Phase == FleetPhase.Joining)
            host.Again();
    }
}

using DmAgents.Actors.Fleet;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Pools;

namespace DmAgents.Agent.Fleet.Talks;

/// <summary>Another host of the fleet.</summary>
/// <param name="Absent">Why it cannot be asked; null if it can.</param>
internal sealed record FleetPeer(HostName Host, string? Absent);

/// <summary>The hosts of the fleet that this one knows, including those that are no members at the moment.</summary>
internal sealed class FleetPeers(FleetBoard board, FleetHost host, FleetIdentity identity)
{
    /// <summary>Null while this host is in no fleet.</summary>
    public HostName? Self => identity.Current?.Host;

    /// <exception cref="RefusedException">This host is in no fleet.</exception>
    public HostName Demand(string what, string subject) => Self ?? throw Refusals.Because(
        RefusalKind.WrongState, what, subject, "this host is in no fleet", "join one: dmagent fleet join --help");

    /// <summary>Without this host, by name.</summary>
    public IReadOnlyList<FleetPeer> Others()
    {
        var status = board.Current;
        var members = status.Members.Where(member => member.Host is not null && member.State != FleetMemberState.Down)
            .GroupBy(member => member.Host!.Value).Select(Peer).ToList();
        var known = host.Known?.Members.Values.Select(member => member.Host).OfType<HostName>() ?? [];
        return
        [
            .. members.Concat(known.Except(members.Select(member => member.Host)).Select(
                    absent => new FleetPeer(absent, "it is no member of the fleet at present")))
                .Where(peer => peer.Host != Self).OrderBy(peer => peer.Host.Value, StringComparer.Ordinal),
        ];
    }

    /// <summary>Waits until the hosts differ from <paramref name="seen"/>.</summary>
    public async Task<IReadOnlyList<FleetPeer>> WhenOtherThan(
        IReadOnlyList<FleetPeer> seen, CancellationToken cancellation)
    {
        await board.When(_ => !Others().SequenceEqual(seen), cancellation).ConfigureAwait(false);
        return Others();
    }

    private static FleetPeer Peer(IGrouping<HostName, FleetMember> lives) => new(
        lives.Key,
        lives.Any(life => life.IsReached)
            ? null
            : $"it cannot be reached since {lives.Max(life => life.UnreachableSince):u}");
}

using System.Collections.Immutable;
using DmAgents.Actors.Fleet;

namespace DmAgents.Agent.Fleet;

/// <summary>Follows the fleet as this host sees it: stores the members that it meets, and logs the host's
/// state.</summary>
internal sealed class FleetWatchPart(
    FleetHost host, FleetBoard board, FleetOutcasts outcasts, ILogger<FleetWatchPart> log) : IFleetPart
{
    private const string Unreachable = "unreachable";

    public Task RunAsync(FleetPlace place, CancellationToken end) =>
        Task.WhenAll(KeepAsync(end), LogPhasesAsync(place, end), LogMembersAsync(place, end));

    private async Task KeepAsync(CancellationToken end)
    {
        var kept = ImmutableHashSet<KnownMember>.Empty;
        while (true)
        {
            var status = await board.When(status => !MembersOf(status).SetEquals(kept), end).ConfigureAwait(false);
            kept = MembersOf(status);
            host.Learn(known => known.With(kept));
            outcasts.Remove();
        }
    }

    private async Task LogPhasesAsync(FleetPlace place, CancellationToken end)
    {
        var logged = FleetPhase.Outside;
        while (true)
        {
            var status = await board.When(status => status.Phase != logged, end).ConfigureAwait(false);
            logged = status.Phase;
            if (logged is FleetPhase.CutOff or FleetPhase.Downed or FleetPhase.Rejoining)
                log.CutOff(place.Fleet, status.Words);
            else
                log.PhaseEntered(place.Fleet, status.Words);
        }
    }

    private async Task LogMembersAsync(FleetPlace place, CancellationToken end)
    {
        var logged = ImmutableDictionary<string, string>.Empty;
        while (true)
        {
            var status = await board.When(status => !SaysTheSame(StatesOf(status), logged), end).ConfigureAwait(false);
            var states = StatesOf(status);
            foreach (var (name, state) in states.Where(each => logged.GetValueOrDefault(each.Key) != each.Value))
                LogState(place, name, state);
            foreach (var name in logged.Keys.Where(name => !states.ContainsKey(name)))
                log.HostGone(place.Fleet, name);
            logged = states;
        }
    }

    private void LogState(FleetPlace place, string name, string state)
    {
        if (state == Unreachable)
            log.HostUnreachable(place.Fleet, name);
        else
            log.HostState(place.Fleet, name, state);
    }

    /// <summary>A host that leaves may end before it is removed: it keeps its last state.</summary>
    private static ImmutableDictionary<string, string> StatesOf(FleetStatus status) => status.Members
        .GroupBy(member => member.Name)
        .ToImmutableDictionary(
            lives => lives.Key,
            lives => (lives.LastOrDefault(life => life.IsReached) ?? lives.LastOrDefault(IsLeaving)) is { } life
                ? life.State.ToString().ToLowerInvariant()
                : Unreachable);

    private static bool IsLeaving(FleetMember life) =>
        life.State is FleetMemberState.Leaving or FleetMemberState.Exiting;

    private static bool SaysTheSame(
        ImmutableDictionary<string, string> states, ImmutableDictionary<string, string> logged) =>
        states.Count == logged.Count && states.All(each => logged.GetValueOrDefault(each.Key) == each.Value);

    /// <summary>The members that the fleet has admitted.</summary>
    private static ImmutableHashSet<KnownMember> MembersOf(FleetStatus status) =>
    [
        .. from member in status.Members
           where member.State == FleetMemberState.Up && member.Host is not null
           let address = FleetIdentity.AddressOf(member.Address)
           where address is not null
           select new KnownMember(address.Value, member.Host),
    ];
}

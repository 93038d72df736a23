using System.Diagnostics.CodeAnalysis;
using DmAgents.Actors.Fleet;
using DmAgents.Actors.Fleet.Database;
using DmAgents.Actors.Fleet.Entities;
using DmAgents.Agent.Configuration;
using DmAgents.Domain.Pools;

namespace DmAgents.Agent.Fleet;

/// <summary>Access to the fleet's entities, or the reason why there is none. Reads the current state, and waits only in
/// <see cref="WhenReady"/>.</summary>
internal sealed class FleetEntityAccess(AgentSettings settings, FleetKeeper keeper, FleetBoard board)
{
    /// <summary>The fleet's database as this host sees it; null if no system of the fleet probes it, or there is no
    /// database.</summary>
    public DatabaseStatus? Database => keeper.Entities?.Database.Current;

    /// <summary>Server, database and role of the setting; null if none is set.</summary>
    public string? DatabaseSet => settings.Fleet.Database?.Where;

    /// <summary>The entities, if they accept changes at this moment.</summary>
    /// <param name="what">The refused action: "cannot ...".</param>
    /// <param name="subject">The object of the action.</param>
    public bool TryFind(
        string what, string subject, [NotNullWhen(true)] out FleetEntities? entities,
        [NotNullWhen(false)] out Refusal? refusal)
    {
        entities = keeper.Entities;
        refusal = RefuseChange(entities, what, subject);
        return refusal is null;
    }

    /// <summary>Like <see cref="TryFind"/>, but throws.</summary>
    /// <exception cref="RefusedException">They accept no changes: the host is in no fleet or cut off, or there is no
    /// database.</exception>
    public FleetEntities Demand(string what, string subject) =>
        TryFind(what, subject, out var entities, out var refusal) ? entities : throw Refusals.Of(refusal);

    /// <summary>Waits until the entities accept changes. Without a database it waits until it is cancelled.</summary>
    public async Task<FleetEntities> WhenReady(CancellationToken cancellation)
    {
        while (true)
        {
            await board.When(
                status => status.Phase == FleetPhase.Member && keeper.Entities is not null, cancellation)
                .ConfigureAwait(false);
            if (keeper.Entities is not { } entities)
                continue;
            // The system may end meanwhile: its next life has another gate.
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            var ready = entities.Database.When(status => status.IsReady, either.Token);
            var gone = board.When(
                status => status.Phase != FleetPhase.Member || keeper.Entities != entities, either.Token);
            var first = await Task.WhenAny(ready, gone).ConfigureAwait(false);
            await either.CancelAsync().ConfigureAwait(false);
            cancellation.ThrowIfCancellationRequested();
            if (first == ready)
                return entities;
        }
    }

    /// <summary>Completes when the fleet's system has ended, and these entities with it.</summary>
    public Task WhenGone(FleetEntities entities, CancellationToken cancellation) =>
        board.When(_ => keeper.Entities != entities, cancellation);

    private Refusal? RefuseChange(FleetEntities? entities, string what, string subject)
    {
        if (board.Current.RefuseChange(what, subject) is { } outside)
            return outside;
        if (settings.Fleet.Database is null)
        {
            return new Refusal(
                RefusalKind.WrongState, what, subject, "the fleet has no database: fleet.database is not set",
                "make one by deploy/fleet/database.sh, set fleet.database on each host, and restart its agent");
        }
        return entities is null
            ? new Refusal(
                RefusalKind.WrongState, what, subject, "this host has just entered the fleet", "try again in a moment")
            : entities.Database.Current.RefuseChange(what, subject);
    }
}

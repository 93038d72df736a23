using System.Collections.Immutable;
using DmAgents.Actors.Fleet;
using DmAgents.Actors.Fleet.Entities;
using DmAgents.Agent.Configuration;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Containers;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Fleet.Locations;

namespace DmAgents.Agent.Fleet.Inventory;

/// <summary>Reports absent hosts to the fleet's entities, so that their copies no longer count. A host that the cluster
/// has removed is lost; one that is no longer a member has left. The oldest member reports: the cluster itself
/// determines it, and replaces it when it goes. Two reporters at once do no harm, because an entity records the absence
/// once. The buckets hear of a lost host only when its copies no longer count (fleet.restore-after). A host that
/// restarts still has its layers, so no location is written again.</summary>
internal sealed class FleetAbsences(
    AgentSettings settings, FleetEntityAccess access, FleetHost host, FleetBoard board, TimeProvider time,
    ILogger<FleetAbsences> log) : IFleetPart
{
    private const int Beside = 8;

    /// <summary>The oldest member of that time has reported an older absence to all entities.</summary>
    private static readonly TimeSpan Settled = TimeSpan.FromDays(1);

    private ImmutableHashSet<(HostName Host, Incarnation Incarnation, HostAbsence Absence, bool InBuckets)> _noted = [];

    public async Task RunAsync(FleetPlace place, CancellationToken end)
    {
        if (settings.Fleet.Database is null)
            return;
        while (true)
        {
            var entities = await access.WhenReady(end).ConfigureAwait(false);
            var seen = Present(board.Current);
            var wasOldest = IsOldest(board.Current, place);
            if (wasOldest)
                await LookAsync(entities, place, end).ConfigureAwait(false);
            else
                _noted = [];
            using var either = CancellationTokenSource.CreateLinkedTokenSource(end);
            var pause = Task.Delay(settings.Fleet.Announce.Absences, time, either.Token);
            var change = board.When(
                status => !Present(status).SetEquals(seen) || IsOldest(status, place) != wasOldest, either.Token);
            await Task.WhenAny(pause, change).ConfigureAwait(false);
            await either.CancelAsync().ConfigureAwait(false);
            end.ThrowIfCancellationRequested();
        }
    }

    private static bool IsOldest(FleetStatus status, FleetPlace place) => status.Oldest?.Host == place.Host;

    private static ImmutableHashSet<HostName> Present(FleetStatus status) =>
    [
        .. status.Members.Where(member => member.State != FleetMemberState.Down).Select(member => member.Host)
            .OfType<HostName>(),
    ];

    private async Task LookAsync(FleetEntities entities, FleetPlace place, CancellationToken end)
    {
        var (hosts, _) = await entities.Hosts(end).ConfigureAwait(false);
        foreach (var gone in hosts ?? [])
        {
            if (gone == place.Host || Present(board.Current).Contains(gone))
                continue;
            var (ledger, _) = await entities.Show(gone, end).ConfigureAwait(false);
            // All members see a host as a member before it announces anything again.
            if (ledger?.Hearing is { } hearing && !Present(board.Current).Contains(gone))
                await NoteAsync(entities, ledger, hearing, end).ConfigureAwait(false);
        }
    }

    private async Task NoteAsync(
        FleetEntities entities, HostLedger ledger, HostHearing hearing, CancellationToken end)
    {
        var incarnation = hearing.Last.Incarnation;
        var absence = IsMember(ledger.Host) ? HostAbsence.Lost : HostAbsence.Left;
        if (ledger.Absence == HostAbsence.Left)
            absence = HostAbsence.Left;
        var now = time.GetUtcNow();
        var isOver = absence == HostAbsence.Left
            || (ledger.Absence == absence && now - ledger.Since >= settings.Fleet.RestoreAfter);
        if (_noted.Contains((ledger.Host, incarnation, absence, isOver))
            || (ledger.Absence == absence && now - ledger.Since > settings.Fleet.RestoreAfter + Settled))
            return;
        // The ledger first: no further work is planned there.
        var (heard, _) = await entities.Ask(
            ledger.Host, new HostCommands.NoteGone(incarnation, absence, now), end).ConfigureAwait(false);
        // At once: if a later question is unheard, the next look finds the absence in the ledger.
        if (heard is not null && ledger.Absence != absence)
            Log(ledger.Host, absence);
        var (buckets, _) = await entities.Buckets(end).ConfigureAwait(false);
        var (images, _) = await entities.Images(end).ConfigureAwait(false);
        var (containers, _) = await entities.Containers(end).ConfigureAwait(false);
        if (heard is null || buckets is null || images is null || containers is null)
            return;
        var unheard = 0;
        async Task All<TEntity, TReply>(
            IEnumerable<TEntity> all, Func<TEntity, CancellationToken, Task<EntityAnswer<TReply>>> ask)
            where TReply : class => await Parallel.ForEachAsync(
                all, new ParallelOptions { MaxDegreeOfParallelism = Beside, CancellationToken = end },
                async (one, cancellation) =>
                {
                    if (!entities.Database.Current.IsReady
                        || (await ask(one, cancellation).ConfigureAwait(false)).Reply is null)
                        Interlocked.Increment(ref unheard);
                }).ConfigureAwait(false);
        await All(images, (image, cancellation) => entities.Ask(
            image, new ImageCommands.NoteGone(ledger.Host, incarnation, absence, now), cancellation))
            .ConfigureAwait(false);
        if (isOver)
        {
            await All(buckets, (bucket, cancellation) => entities.Ask(
                bucket, new LocationCommands.NoteGone(ledger.Host, incarnation, now), cancellation))
                .ConfigureAwait(false);
        }
        await All(containers, (container, cancellation) => entities.Ask(
            container, new ContainerCommands.NoteGone(ledger.Host, incarnation, absence, now), cancellation))
            .ConfigureAwait(false);
        if (unheard > 0)
            return;
        _noted = _noted.Add((ledger.Host, incarnation, absence, isOver));
    }

    private void Log(HostName gone, HostAbsence absence)
    {
        if (absence == HostAbsence.Lost)
            log.HostLost(gone);
        else
            log.HostLeft(gone);
    }

    /// <summary>By the list of the host that formed the fleet. A member whose name is unknown may be any
    /// host.</summary>
    private bool IsMember(HostName name) =>
        host.Known?.Members.Values.Any(member => member.Host is null || member.Host == name) ?? true;
}

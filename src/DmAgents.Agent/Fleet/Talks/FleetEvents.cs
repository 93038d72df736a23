using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using DmAgents.Domain.Fleet;

namespace DmAgents.Agent.Fleet.Talks;

/// <summary>A host of the fleet that does not respond.</summary>
internal sealed record SilentHost(HostName Host, string Why);

/// <summary>The events of several hosts, by time.</summary>
internal sealed record FleetEventList(IReadOnlyList<FleetEvent> Events, IReadOnlyList<SilentHost> Silent);

/// <summary>An item for a follower of the fleet: exactly one of its parts is set.</summary>
/// <param name="Heard">A host that was silent responds again.</param>
internal sealed record FleetNews(FleetEvent? Event, SilentHost? Silent, HostName? Heard);

/// <summary>The events of all hosts of the fleet, each asked directly: this needs no database.</summary>
internal sealed class FleetEvents(FleetPeers fleet, HostAsker asker, TimeProvider time)
{
    private const string What = "cannot list events";

    /// <param name="limit">The newest so many, of all hosts together.</param>
    public async Task<FleetEventList> ListAsync(
        string pool, DateTimeOffset? since, int limit, CancellationToken cancellation)
    {
        var self = fleet.Demand(What, "fleet");
        var others = fleet.Others();
        var (found, silent) = (new ConcurrentBag<FleetEvent>(), new ConcurrentBag<SilentHost>());
        var question = new HostQuestion { Events = new EventQuestion(pool, since, After: null, limit) };
        await Task.WhenAll(others.Where(peer => peer.Absent is null).Select(peer => peer.Host).Append(self)
            .Select(host => TakeAsync(host, question, found, silent, cancellation))).ConfigureAwait(false);
        return new FleetEventList(
            [
                .. found.OrderBy(each => each.Occurrence.At).ThenBy(each => each.Host.Value, StringComparer.Ordinal)
                    .TakeLast(limit),
            ],
            [
                .. others.Where(peer => peer.Absent is not null)
                    .Select(peer => new SilentHost(peer.Host, peer.Absent!)).Concat(silent)
                    .OrderBy(each => each.Host.Value, StringComparer.Ordinal),
            ]);
    }

    /// <summary>Returns events since <paramref name="since"/> (no past ones if null), then each new one as it happens.
    /// Follows hosts that join later, too; after a host comes back, no event is omitted or repeated.</summary>
    public async IAsyncEnumerable<FleetNews> FollowAsync(
        string pool, DateTimeOffset? since, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var self = fleet.Demand(What, "fleet");
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var following = new FleetFollower(
            fleet, asker, time, new EventQuestion(pool, since, null, null), self, ending.Token);
        try
        {
            await foreach (var news in following.RunAsync().ConfigureAwait(false))
                yield return news;
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);
            await following.EndAsync().ConfigureAwait(false);
        }
    }

    private async Task TakeAsync(
        HostName host, HostQuestion question, ConcurrentBag<FleetEvent> found, ConcurrentBag<SilentHost> silent,
        CancellationToken cancellation)
    {
        try
        {
            await foreach (var answer in asker.AskAsync(host, question, cancellation).ConfigureAwait(false))
            {
                if (answer.CaughtUp is not null)
                    return;
                if (answer.Event is { } said)
                    found.Add(new FleetEvent(host, said.ToOccurrence()));
            }
        }
        catch (IOException fault)
        {
            silent.Add(new SilentHost(host, fault.Message));
        }
    }
}

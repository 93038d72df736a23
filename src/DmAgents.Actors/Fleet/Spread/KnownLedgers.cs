using System.Collections.Concurrent;
using DmAgents.Actors.Fleet.Entities;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Inventory;

namespace DmAgents.Actors.Fleet.Spread;

/// <summary>Briefly cached ledgers of hosts: many entities read them at once. A ledger itself refuses what does not
/// fit, so that a stale one costs another attempt and nothing else.</summary>
internal sealed class KnownLedgers(IFleetEntities entities, TimeProvider time)
{
    private static readonly TimeSpan Age = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<HostName, (HostLedger Ledger, long At)> _known = new();

    /// <returns>Null: one of them is unavailable at present.</returns>
    public Task<IReadOnlyList<HostLedger>?> OfAsync(
        IEnumerable<HostName> hosts, CancellationToken cancellation) => OfAsync(hosts, [], cancellation);

    /// <param name="hosts">Required: nothing can be decided without these.</param>
    /// <param name="others">Optional: only the ledgers that answer. The other hosts are no targets at present.</param>
    /// <returns>Null: one of <paramref name="hosts"/> is unavailable at present.</returns>
    public async Task<IReadOnlyList<HostLedger>?> OfAsync(
        IEnumerable<HostName> hosts, IEnumerable<HostName> others, CancellationToken cancellation)
    {
        var needed = hosts.ToHashSet();
        var asked = needed.Union(others).Order(HostNameOrder.Instance).ToList();
        var ledgers = await Task.WhenAll(asked.Select(host => OfAsync(host, cancellation))).ConfigureAwait(false);
        return asked.Zip(ledgers, (host, ledger) => ledger is null && needed.Contains(host)).Any(isMissing => isMissing)
            ? null
            : [.. ledgers.OfType<HostLedger>()];
    }

    /// <summary>Drops a ledger from the cache: it has changed.</summary>
    public void Forget(HostName host) => _known.TryRemove(host, out _);

    private async Task<HostLedger?> OfAsync(HostName host, CancellationToken cancellation)
    {
        if (_known.TryGetValue(host, out var known) && time.GetElapsedTime(known.At) < Age)
            return known.Ledger;
        var at = time.GetTimestamp();
        var (ledger, _) = await entities.Show(host, cancellation).ConfigureAwait(false);
        if (ledger is not null)
            _known[host] = (ledger, at);
        return ledger;
    }
}

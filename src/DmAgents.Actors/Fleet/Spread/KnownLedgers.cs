using System.Collections.Concurrent;
using DmAgents.Actors.Fleet.Entities;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Inventory;

namespace DmAgents.Actors.Fleet.Spread;

/// <summary>The hosts' ledgers as they were a moment ago: many entities look at them at once. A ledger itself refuses
/// what does not fit, so that an older picture costs another try and nothing else.</summary>
internal sealed class KnownLedgers(IFleetEntities entities, TimeProvider time)
{
    private static readonly TimeSpan Age = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<HostName, (HostLedger Ledger, long At)> _known = new();

    /// <returns>Null: one of them cannot be had at present.</returns>
    public async Task<IReadOnlyList<HostLedger>?> OfAsync(
        IEnumerable<HostName> hosts, CancellationToken cancellation)
    {
        var ledgers = await Task.WhenAll(hosts.Distinct().Order(HostNameOrder.Instance)
            .Select(host => OfAsync(host, cancellation))).ConfigureAwait(false);
        return ledgers.Any(ledger => ledger is null) ? null : [.. ledgers.OfType<HostLedger>()];
    }

    /// <summary>It has changed.</summary>
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

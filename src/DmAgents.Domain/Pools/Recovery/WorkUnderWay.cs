using System.Collections.Concurrent;
using System.Collections.Immutable;
using DmAgents.Domain.Devices;

namespace DmAgents.Domain.Pools.Recovery;

/// <summary>
/// Requests that run outside a pool while the pool has parts of them: an import, a transfer, or the commit of a
/// container until its image has a name. A comparison leaves their devices alone.
/// </summary>
/// <remarks>It survives a restart of the pool's actor, and ends with the process. What a dead agent started is no
/// longer under way, unless the next agent resumes it before it opens the pool. Thread-safe.</remarks>
public sealed class WorkUnderWay
{
    private readonly ConcurrentDictionary<PoolName, ImmutableDictionary<RequestId, int>> _byPool = new();

    /// <summary>Starts a request, or another part of one: it is under way until all its parts have ended.</summary>
    public IDisposable Begin(PoolName pool, RequestId request)
    {
        _byPool.AddOrUpdate(
            pool, _ => ImmutableDictionary<RequestId, int>.Empty.Add(request, 1),
            (_, known) => known.SetItem(request, known.GetValueOrDefault(request) + 1));
        return new Part(() => End(pool, request));
    }

    public bool IsNone(PoolName pool) => !_byPool.TryGetValue(pool, out var requests) || requests.IsEmpty;

    public ImmutableHashSet<RequestId> Of(PoolName pool) =>
        _byPool.TryGetValue(pool, out var requests) ? [.. requests.Keys] : [];

    /// <summary>The request that a device belongs to while that is under way: for a layer that is being filled, or that
    /// waits for its image. Null for any other.</summary>
    public static RequestId? OwnerOf(DeviceRecord device)
    {
        var text = device.Key.IsUnfinished
            ? device.Key.Name.Split('-')[0]
            : device.Labels.GetValueOrDefault(DeviceLabels.Import);
        return Guid.TryParse(text, out var id) ? new RequestId(id) : null;
    }

    /// <summary>The request that a view for another host belongs to. Null for any other view.</summary>
    public static RequestId? OwnerOf(ViewRecord view) =>
        view.Key.Space == DeviceKey.TransferSpace && Guid.TryParse(view.Key.Name.Split('-')[0], out var id)
            ? new RequestId(id)
            : null;

    /// <summary>The key under which an import fills its layer with this number.</summary>
    public static DeviceKey KeyOf(RequestId import, int layer) => DeviceKey.Import($"{import.Value:N}-{layer}");

    /// <summary>The key under which a transfer receives its layer with this number.</summary>
    public static DeviceKey ReceptionOf(RequestId transfer, int layer) =>
        DeviceKey.Reception($"{transfer.Value:N}-{layer}");

    private void End(PoolName pool, RequestId request) => _byPool.AddOrUpdate(
        pool, _ => ImmutableDictionary<RequestId, int>.Empty,
        (_, known) => known.GetValueOrDefault(request) > 1
            ? known.SetItem(request, known[request] - 1)
            : known.Remove(request));

    private sealed class Part(Action end) : IDisposable
    {
        private Action? _end = end;

        public void Dispose() => Interlocked.Exchange(ref _end, null)?.Invoke();
    }
}

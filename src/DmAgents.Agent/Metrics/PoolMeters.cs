using System.Diagnostics.Metrics;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Services;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;

namespace DmAgents.Agent.Metrics;

/// <summary>The pools in numbers, read from their pictures when somebody asks.</summary>
internal sealed class PoolMeters
{
    /// <summary>The meter of everything that the agent measures.</summary>
    public const string Name = "dmagents";

    public PoolMeters(IMeterFactory factory, PoolBoard board)
    {
        var meter = factory.Create(Name);
        meter.CreateObservableGauge(
            "dmagents.pool.data.used", () => Sizes(board, h => h.Status.Data.UsedBytes.Bytes), "By");
        meter.CreateObservableGauge(
            "dmagents.pool.data.total", () => Sizes(board, h => h.Status.Data.TotalBytes.Bytes), "By");
        meter.CreateObservableGauge(
            "dmagents.pool.metadata.used", () => Sizes(board, h => h.Status.Metadata.UsedBytes.Bytes), "By");
        meter.CreateObservableGauge(
            "dmagents.pool.metadata.total", () => Sizes(board, h => h.Status.Metadata.TotalBytes.Bytes), "By");
        meter.CreateObservableGauge("dmagents.pool.state", () => board.All.Select(p => new Measurement<int>(
            1, Of(p), new("state", Views.State(p).ToString()))), description: "1 for the state that the pool is in");
        meter.CreateObservableGauge("dmagents.pool.devices", () => board.All.SelectMany(Devices));
        meter.CreateObservableGauge(
            "dmagents.pool.quarantine",
            () => board.All.Select(p => new Measurement<int>(p.State.Ledger.Quarantine.Count, Of(p))),
            description: "Thin ids that nobody knows");
        meter.CreateObservableCounter(
            "dmagents.pool.stock.claims", () => board.All.Select(p => new Measurement<long>(p.StockClaims, Of(p))),
            description: "Snapshots that were ready-made when they were asked for, since the agent's start");
    }

    private static IEnumerable<Measurement<long>> Sizes(PoolBoard board, Func<PoolHealth, ulong> size) =>
        board.All.Where(p => p.Health is not null).Select(p => new Measurement<long>((long)size(p.Health!), Of(p)));

    private static IEnumerable<Measurement<int>> Devices(PoolPicture pool)
    {
        foreach (var (kind, count) in pool.State.Devices.Values.CountBy(KindOf))
            yield return new Measurement<int>(count, Of(pool), new("kind", kind));
        yield return new Measurement<int>(pool.State.Views.Count, Of(pool), new("kind", "view"));
    }

    private static string KindOf(DeviceRecord device) =>
        device.Phase == DevicePhase.Removing ? "removing"
        : device.Phase == DevicePhase.Lost ? "lost"
        : device.Key.IsStock ? "stock"
        : device.Kind.ToString().ToLowerInvariant();

    private static KeyValuePair<string, object?> Of(PoolPicture pool) => new("pool", pool.Name.Value);
}

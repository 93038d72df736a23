using System.Diagnostics.Metrics;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Services;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Metadata;

namespace DmAgents.Agent.Metrics;

/// <summary>Metrics of the pools, read from their pictures at each scrape.</summary>
internal sealed class PoolMeters
{
    /// <summary>The meter of all of the agent's metrics.</summary>
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
            () => board.All.Select(p => new Measurement<int>(p.State.Quarantine.Count, Of(p))),
            description: "Thin ids that the journal cannot account for");
        meter.CreateObservableCounter(
            "dmagents.pool.stock.claims", () => board.All.Select(p => new Measurement<long>(p.StockClaims, Of(p))),
            description: "Snapshots that were ready-made when they were asked for, since the agent's start");
        AddBackups(meter, board);
    }

    /// <summary>Alerts use ages: time() minus one of these.</summary>
    private static void AddBackups(Meter meter, PoolBoard board)
    {
        meter.CreateObservableGauge(
            "dmagents.pool.backup.made", () => Times(board, s => s.LastBackup?.Name), "s",
            "When the latest backup of the pool's metadata was made, in seconds since 1970");
        meter.CreateObservableGauge(
            "dmagents.pool.backup.proved", () => Times(board, s => s.Proofs.LatestProved), "s",
            "When the latest backup that is known to be restorable was made, in seconds since 1970");
        meter.CreateObservableGauge(
            "dmagents.pool.backup.failing",
            () => Known(board, s => s.LastBackup).Select(known => new Measurement<int>(
                known.Value.Why is null ? 0 : 1, Of(known.Pool), new("why", known.Value.Why ?? ""))),
            description: "1 if the last backup of the pool's metadata could not be made");
        meter.CreateObservableGauge(
            "dmagents.pool.backup.unproved",
            () => Known(board, s => s.Proofs.Of(s.LastBackup?.Name ?? "")).Select(known => new Measurement<int>(
                known.Value.IsProved ? 0 : 1, Of(known.Pool), new("why", known.Value.Why ?? ""))),
            description: "1 if the latest backup was tried and is not proved to be restorable");
    }

    private static IEnumerable<Measurement<long>> Times(PoolBoard board, Func<PoolContents, string?> backup) =>
        from known in Known(board, backup)
        where BackupName.TryParse(known.Value, out _)
        select new Measurement<long>(TimeOf(known.Value), Of(known.Pool));

    private static long TimeOf(string backup) =>
        BackupName.TryParse(backup, out var name) ? name.At.ToUnixTimeSeconds() : 0;

    private static IEnumerable<(PoolPicture Pool, T Value)> Known<T>(PoolBoard board, Func<PoolContents, T?> read)
        where T : class =>
        board.All.Select(pool => (Pool: pool, Value: read(pool.State))).Where(known => known.Value is not null)!;

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

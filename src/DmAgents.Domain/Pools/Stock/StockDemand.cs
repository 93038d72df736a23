using System.Collections.Immutable;
using DmAgents.Domain.Devices;

namespace DmAgents.Domain.Pools.Stock;

/// <summary>How often snapshots of each layer were requested, weighted by age. Not journaled: it is learned again after
/// a restart.</summary>
public sealed record StockDemand(ImmutableDictionary<ThinId, StockDemand.Heat> Layers)
{
    /// <param name="Count">Requests, weighted by their age at <paramref name="At"/>.</param>
    public readonly record struct Heat(double Count, DateTimeOffset At);

    public static StockDemand Nothing { get; } = new(ImmutableDictionary<ThinId, Heat>.Empty);

    public StockDemand AskedFor(ThinId layer, TimeSpan halfLife, DateTimeOffset at) =>
        new(Layers.SetItem(layer, new Heat(CountOf(layer, halfLife, at) + 1, at)));

    public double CountOf(ThinId layer, TimeSpan halfLife, DateTimeOffset at) =>
        Layers.TryGetValue(layer, out var heat)
            ? heat.Count * Math.Pow(0.5, Math.Max(0, (at - heat.At) / halfLife))
            : 0;

    /// <summary>This demand without layers that are no longer ready.</summary>
    public StockDemand Of(PoolState state) => new(Layers.RemoveRange(
        Layers.Keys.Where(id => state.Devices.GetValueOrDefault(id) is not { Phase: DevicePhase.Ready })));
}

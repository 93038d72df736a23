using System.Collections.Immutable;
using DmAgents.Domain.Devices;

namespace DmAgents.Domain.Pools.Stock;

/// <summary>How often snapshots of each layer were asked for, the longer ago the less. Not journaled: after a restart
/// it is learned anew.</summary>
public sealed record StockDemand(ImmutableDictionary<ThinId, StockDemand.Heat> Layers)
{
    /// <param name="Count">Requests, weighed by their age at <paramref name="At"/>.</param>
    public readonly record struct Heat(double Count, DateTimeOffset At);

    public static StockDemand Nothing { get; } = new(ImmutableDictionary<ThinId, Heat>.Empty);

    public StockDemand AskedFor(ThinId layer, TimeSpan halfLife, DateTimeOffset at) =>
        new(Layers.SetItem(layer, new Heat(CountOf(layer, halfLife, at) + 1, at)));

    public double CountOf(ThinId layer, TimeSpan halfLife, DateTimeOffset at) =>
        Layers.TryGetValue(layer, out var heat)
            ? heat.Count * Math.Pow(0.5, Math.Max(0, (at - heat.At) / halfLife))
            : 0;

    /// <summary>Without layers that are gone.</summary>
    public StockDemand Of(PoolState state) => new(Layers.RemoveRange(
        Layers.Keys.Where(id => state.Devices.GetValueOrDefault(id) is not { Phase: DevicePhase.Ready })));
}

using System.Collections.Immutable;
using DmAgents.Domain.Devices;

namespace DmAgents.Domain.Pools.Stock;

/// <summary>The actions that bring the stock to its desired size.</summary>
/// <param name="Make">The layers that need another snapshot, one entry per snapshot.</param>
/// <param name="GiveBack">Stock snapshots to remove.</param>
public sealed record StockPlan(ImmutableArray<DeviceKey> Make, ImmutableArray<DeviceKey> GiveBack)
{
    /// <remarks>A pool below its marks removes its whole stock: other requests need the space more.</remarks>
    public static StockPlan Of(
        PoolState state, PoolHealth? health, StockDemand demand, StockSettings settings, DateTimeOffset at)
    {
        var isAllowed = settings.PerLayer > 0 && health is { Condition: PoolCondition.Writable };
        var wanted = isAllowed ? Wanted(state, demand, settings, at) : [];
        var make = wanted.SelectMany(layer => Enumerable.Repeat(
            state.Devices[layer].Key, Math.Max(0, settings.PerLayer - state.StockOf(layer).Count(IsOfUse))));
        var surplus = state.Stocked.SelectMany(layer => state.ReadyStockOf(layer)
            .Skip(wanted.Contains(layer) ? settings.PerLayer : 0)
            .Concat(state.StockOf(layer).Where(id => !IsOfUse(id))));
        return new StockPlan([.. make], [.. surplus.Select(id => state.Devices[id].Key)]);

        bool IsOfUse(ThinId id) => state.Devices[id].Phase is DevicePhase.Ready or DevicePhase.Creating;
    }

    private static HashSet<ThinId> Wanted(
        PoolState state, StockDemand demand, StockSettings settings, DateTimeOffset at) =>
        demand.Layers.Keys
            .Where(id => state.Devices.GetValueOrDefault(id) is { Kind: DeviceKind.Layer, Phase: DevicePhase.Ready })
            .Select(id => (Id: id, Count: demand.CountOf(id, settings.HalfLife, at)))
            // The last of these requests has just arrived; the others have aged a little.
            .Where(layer => layer.Count > settings.AskedFor - 1)
            .OrderByDescending(layer => layer.Count).ThenBy(layer => layer.Id)
            .Take(settings.Layers).Select(layer => layer.Id).ToHashSet();
}

namespace DmAgents.Domain.Pools.Stock;

/// <summary>How many snapshots are created in advance.</summary>
/// <param name="PerLayer">Snapshots in stock for each layer that has a stock; 0: no stock.</param>
/// <param name="Layers">The maximum number of layers with a stock: the most requested ones.</param>
/// <param name="AskedFor">The number of recent requests that a layer needs to get a stock.</param>
/// <param name="HalfLife">The age at which a request counts half.</param>
public sealed record StockSettings(int PerLayer, int Layers, int AskedFor, TimeSpan HalfLife)
{
    public static StockSettings None { get; } = new(PerLayer: 0, Layers: 0, AskedFor: 1, TimeSpan.FromMinutes(10));
}

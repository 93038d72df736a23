namespace DmAgents.Domain.Pools.Stock;

/// <summary>How many snapshots are made before anyone asks for them.</summary>
/// <param name="PerLayer">Ready-made snapshots of each layer that has any; 0: none are made.</param>
/// <param name="Layers">How many layers have some at most: those that were asked for most.</param>
/// <param name="AskedFor">How often a layer must have been asked for lately, so that it is worth it.</param>
/// <param name="HalfLife">After so long, a request counts half.</param>
public sealed record StockSettings(int PerLayer, int Layers, int AskedFor, TimeSpan HalfLife)
{
    public static StockSettings None { get; } = new(PerLayer: 0, Layers: 0, AskedFor: 1, TimeSpan.FromMinutes(10));
}

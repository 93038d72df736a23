using System.Collections.Immutable;
using DmAgents.Domain.Devices;

namespace DmAgents.Domain.Pools;

/// <summary>Indexes over a pool's devices and views, which replace searches. Immutable.</summary>
/// <param name="Keys">The device of each key, except devices in removal.</param>
/// <param name="Creating">Devices whose creation has no outcome.</param>
/// <param name="Above">How many devices lie directly above each device.</param>
/// <param name="ViewCounts">How many views show each device.</param>
/// <param name="Stock">Stock snapshots by the layer below them, in every phase except removal.</param>
internal sealed record PoolIndex(
    ImmutableDictionary<DeviceKey, ThinId> Keys,
    ImmutableHashSet<ThinId> Creating,
    ImmutableDictionary<ThinId, int> Above,
    ImmutableDictionary<ThinId, int> ViewCounts,
    ImmutableDictionary<ThinId, ImmutableSortedSet<ThinId>> Stock)
{
    public static PoolIndex Empty { get; } = new(
        ImmutableDictionary<DeviceKey, ThinId>.Empty,
        [],
        ImmutableDictionary<ThinId, int>.Empty,
        ImmutableDictionary<ThinId, int>.Empty,
        ImmutableDictionary<ThinId, ImmutableSortedSet<ThinId>>.Empty);

    public ImmutableSortedSet<ThinId> StockOf(ThinId id) => Stock.GetValueOrDefault(id, []);

    /// <summary>The indexes after a change of one device.</summary>
    /// <param name="before">Null: the device is new.</param>
    /// <param name="after">Null: the device is gone.</param>
    public PoolIndex With(DeviceRecord? before, DeviceRecord? after)
    {
        var (owned, owns) = (OwnerOrNull(before), OwnerOrNull(after));
        var keys = Keys;
        if (owned?.Key != owns?.Key)
        {
            keys = owned is null ? keys : keys.Remove(owned.Key);
            keys = owns is null ? keys : keys.Add(owns.Key, owns.Id);
        }
        var above = Above;
        if (owned?.Parent != owns?.Parent)
            above = Counted(Counted(above, owned?.Parent, -1), owns?.Parent, 1);
        return this with
        {
            Keys = keys,
            Above = above,
            Creating = after?.Phase == DevicePhase.Creating ? Creating.Add(after.Id)
                : before?.Phase == DevicePhase.Creating ? Creating.Remove(before.Id)
                : Creating,
            Stock = StockWith(before, after),
        };
    }

    /// <summary>The indexes with <paramref name="more"/> views of the device; less if it is negative.</summary>
    public PoolIndex WithViews(ThinId device, int more) => this with
    {
        ViewCounts = Counted(ViewCounts, device, more),
    };

    /// <summary>A device in removal has released its key and its place in the lineage.</summary>
    private static DeviceRecord? OwnerOrNull(DeviceRecord? device) =>
        device is { Phase: not DevicePhase.Removing } ? device : null;

    private ImmutableDictionary<ThinId, ImmutableSortedSet<ThinId>> StockWith(DeviceRecord? before, DeviceRecord? after)
    {
        var (was, layerBefore) = StockPlace(OwnerOrNull(before));
        var (isNow, layer) = StockPlace(OwnerOrNull(after));
        if (was == isNow)
            return Stock;
        if (isNow)
            return Stock.SetItem(layer, StockOf(layer).Add(after!.Id));
        var left = StockOf(layerBefore).Remove(before!.Id);
        return left.IsEmpty ? Stock.Remove(layerBefore) : Stock.SetItem(layerBefore, left);
    }

    private static (bool IsReady, ThinId Layer) StockPlace(DeviceRecord? device) =>
        device is { Key.IsStock: true, Parent: { } layer }
            ? (true, layer)
            : (false, default);

    private static ImmutableDictionary<ThinId, int> Counted(
        ImmutableDictionary<ThinId, int> counts, ThinId? place, int by)
    {
        if (place is not { } id)
            return counts;
        var count = counts.GetValueOrDefault(id) + by;
        return count == 0 ? counts.Remove(id) : counts.SetItem(id, count);
    }
}

using System.Collections.Immutable;
using DmAgents.Domain.Devices;

namespace DmAgents.Domain.Pools;

/// <summary>Indexes derived from devices and views, updated with each change of one.</summary>
public sealed partial record PoolState
{
    /// <summary>The state with this device, in place of the one of its id.</summary>
    private PoolState Put(DeviceRecord device) =>
        Indexed(Devices.GetValueOrDefault(device.Id), device) with { Devices = Devices.SetItem(device.Id, device) };

    private PoolState Drop(ThinId id) => Indexed(Devices[id], after: null) with
    {
        Devices = Devices.Remove(id), Contents = Contents.Remove(id),
    };

    private PoolState Indexed(DeviceRecord? before, DeviceRecord? after)
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

    /// <summary>A view's device is live, read-only, from its first view to its last.</summary>
    private PoolState Show(ViewRecord view)
    {
        var source = Devices[view.Source];
        var live = source.Use == DeviceUse.Idle
            ? Put(source with { Use = DeviceUse.Active, ReadOnly = true })
            : this;
        return live with
        {
            Views = Views.Add(view.Key, view), ViewCounts = Counted(ViewCounts, view.Source, 1),
        };
    }

    private PoolState Hide(ViewRecord view)
    {
        var left = this with
        {
            Views = Views.Remove(view.Key), ViewCounts = Counted(ViewCounts, view.Source, -1),
        };
        return left.ViewsOf(view.Source) == 0
            && Devices.GetValueOrDefault(view.Source) is { Use: DeviceUse.Active } source
            ? left.Put(source with { Use = DeviceUse.Idle, ReadOnly = false })
            : left;
    }

    private static ImmutableDictionary<ThinId, int> Counted(
        ImmutableDictionary<ThinId, int> counts, ThinId? place, int by)
    {
        if (place is not { } id)
            return counts;
        var count = counts.GetValueOrDefault(id) + by;
        return count == 0 ? counts.Remove(id) : counts.SetItem(id, count);
    }
}

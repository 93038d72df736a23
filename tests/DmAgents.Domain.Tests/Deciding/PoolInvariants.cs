using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;

namespace DmAgents.Domain.Tests.Deciding;

/// <summary>What is true of a pool's state after any history.</summary>
internal static class PoolInvariants
{
    /// <summary>What is broken, in words; nothing where all holds.</summary>
    public static IEnumerable<string> Broken(PoolState state)
    {
        var owned = state.Devices.Values.Where(d => d.Phase != DevicePhase.Removing).ToList();
        if (!state.Keys.OrderBy(k => k.Value).SequenceEqual(
            owned.Select(d => KeyValuePair.Create(d.Key, d.Id)).OrderBy(k => k.Value)))
        {
            yield return $"keys [{Join(state.Keys)}] are not those of the owned devices "
                + $"[{Join(owned.Select(d => d.Key))}]";
        }
        foreach (var device in state.Devices.Values)
        {
            var views = state.Views.Values.Count(v => v.Source == device.Id);
            var stock = owned.Where(d => d.Key.Space == DeviceKey.StockSpace && d.Parent == device.Id)
                .Select(d => d.Id).Order().ToList();
            var children = owned.Count(d => d.Parent == device.Id) + views - stock.Count;
            if (state.ChildrenOf(device.Id) != children)
                yield return $"{device.Key} has {children} children, and {state.ChildrenOf(device.Id)} are counted";
            if (state.ViewsOf(device.Id) != views)
                yield return $"{device.Key} has {views} views, and {state.ViewsOf(device.Id)} are counted";
            if (!state.StockOf(device.Id).SequenceEqual(stock))
                yield return $"{device.Key} has [{Join(stock)}] in stock, not [{Join(state.StockOf(device.Id))}]";
            if (views > 0 && device.Use == DeviceUse.Idle)
                yield return $"{device.Key} has {views} views and is to be idle";
        }
        if (!state.Creating.SetEquals(
            state.Devices.Values.Where(d => d.Phase == DevicePhase.Creating).Select(d => d.Id)))
            yield return $"[{Join(state.Creating)}] are not those that are being made";
        foreach (var view in state.Views.Values.Where(v => !owned.Exists(d => d.Id == v.Source)))
            yield return $"view {view.Key} shows {view.Source}, which is not there";
        foreach (var key in state.Views.Keys.Where(state.Keys.ContainsKey))
            yield return $"{key} is a view and a device";
        foreach (var id in state.Devices.Values.Where(d => d.Phase != DevicePhase.Lost).Select(d => d.Id)
            .Where(state.Ledger.Quarantine.ContainsKey))
            yield return $"id {id} has an owner and is in quarantine";
        foreach (var id in state.Purging.Where(id => !state.Ledger.Quarantine.ContainsKey(id)))
            yield return $"id {id} is being purged and not in quarantine";
        foreach (var image in state.Images.Values)
        {
            if (state.Devices.GetValueOrDefault(image.TopLayer) is not
                { Kind: DeviceKind.Layer, Phase: DevicePhase.Ready or DevicePhase.Lost })
                yield return $"image {image.Reference} has the top layer {image.TopLayer}, which is no layer";
        }
        foreach (var device in owned.Where(d => d.Parent is { } p && !owned.Exists(o => o.Id == p)))
            yield return $"{device.Key} has lost its parent {device.Parent}";
        foreach (var device in state.Devices.Values.Where(d =>
            d is { Phase: DevicePhase.Removing, Use: not DeviceUse.Idle }))
            yield return $"{device.Key} is removed and to be {device.Use}";
        if (state.Requests.Subjects.Count > RequestLog.Capacity
            || !state.Requests.Order.ToHashSet().SetEquals(state.Requests.Subjects.Keys)
            || state.Requests.Order.Count() != state.Requests.Subjects.Count)
            yield return $"{state.Requests.Order.Count()} requests in order, {state.Requests.Subjects.Count} known";
    }

    public static void Hold(PoolState state) => Assert.Empty(Broken(state));

    private static string Join<T>(IEnumerable<T> items) => string.Join(", ", items);
}

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
        var children = owned.Where(d => d.Parent is not null).CountBy(d => d.Parent!.Value);
        if (!state.Children.OrderBy(c => c.Key).SequenceEqual(children.OrderBy(c => c.Key)))
            yield return $"children [{Join(state.Children)}] are counted wrong, [{Join(children)}] exist";
        foreach (var id in state.Devices.Keys.Where(state.Ledger.Quarantine.ContainsKey))
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

using System.Collections.Immutable;
using DmAgents.Domain.Devices;

namespace DmAgents.Domain.Pools.Deciding;

/// <summary>Decides which layers no device, view or image needs any more, and removes them.</summary>
internal static class UnneededLayerDecisions
{
    /// <summary>
    /// Removes layers that an import made and no image uses: the agent died before the end of the import, or the last
    /// container of a removed image was removed.
    /// </summary>
    /// <param name="among">The layers to judge, with their ancestors.</param>
    public static ImmutableArray<PoolEvent> RemoveImports(
        PoolState state, DateTimeOffset at, IEnumerable<DeviceRecord> among)
    {
        var events = ImmutableArray.CreateBuilder<PoolEvent>();
        foreach (var layer in among.Where(d => d.Labels.ContainsKey(DeviceLabels.Import)))
        {
            var unneeded = Remove(state, layer.Id, at);
            state = state.After(unneeded);
            events.AddRange(unneeded);
        }
        return events.ToImmutable();
    }

    /// <summary>The device that <paramref name="happened"/> frees of a snapshot or a view, so that it may have become
    /// unneeded; null if it frees none.</summary>
    /// <param name="state">Before the event.</param>
    public static ThinId? FreedBy(PoolState state, PoolEvent happened) => happened switch
    {
        PoolEvents.RemovalIntended e => state.Devices.GetValueOrDefault(e.Id)?.Parent,
        PoolEvents.CreationFailed e => state.Devices.GetValueOrDefault(e.Id)?.Parent,
        PoolEvents.ViewRemoved e => state.Views.GetValueOrDefault(e.Key)?.Source,
        _ => null,
    };

    /// <summary>Removes <paramref name="top"/> and its ancestors, up to the first that another device or image needs.
    /// Bases stay, and so do layers under a client's own keys: only the client knows their purpose.</summary>
    public static ImmutableArray<PoolEvent> Remove(PoolState state, ThinId top, DateTimeOffset at)
    {
        var events = ImmutableArray.CreateBuilder<PoolEvent>();
        var device = state.Devices.GetValueOrDefault(top);
        while (device is { Kind: DeviceKind.Layer, IsPresent: true, Key.Space: DeviceKey.LayerSpace }
            && state.ChildrenOf(device.Id) == 0 && !state.ImagesOf(device.Id).Any() && !state.IsForeign(device.Id))
        {
            var removal = RemovalDecisions.Removal(state, device.Id, request: null, at);
            events.AddRange(removal);
            state = state.After(removal);
            device = device.Parent is { } parent ? state.Devices.GetValueOrDefault(parent) : null;
        }
        return events.ToImmutable();
    }
}

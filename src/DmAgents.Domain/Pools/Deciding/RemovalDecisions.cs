using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using static DmAgents.Domain.Pools.Deciding.Answers;

namespace DmAgents.Domain.Pools.Deciding;

/// <summary>Decides the removal of devices and views.</summary>
internal static class RemovalDecisions
{
    public static Decision Remove(PoolState state, PoolCommands.Remove c)
    {
        const string What = "cannot remove";
        if (state.Views.TryGetValue(c.Key, out var view))
            return Yes(view.Source, new PoolEvents.ViewRemoved(c.Request, c.Key, c.At));
        if (state.Find(c.Key) is not { } device)
            return Unknown(What, c.Key);
        if (device.Kind == DeviceKind.Base && device.Phase != DevicePhase.Lost)
        {
            return No(RefusalKind.WrongState, What, c.Key.Name, "a base belongs to its pool", "it goes with the pool");
        }
        if (device.Phase == DevicePhase.Creating)
            return Unsettled(What, c.Key);
        // Removing it would delete the other device that the pool has under its thin id.
        if (state.Ledger.Quarantine.ContainsKey(device.Id))
        {
            return No(RefusalKind.WrongState, What, c.Key.Name,
                $"it is lost, and under its thin id {device.Id} the pool has another device, which is in quarantine",
                $"purge that one first: dmagent pool quarantine purge {device.Id} --pool {state.Identity!.Name}");
        }
        if (state.ChildrenOf(device.Id) is > 0 and var children)
        {
            return No(RefusalKind.WrongState, What, c.Key.Name,
                $"{children} need it and lie above it: remove those first", "see them: dmagent layer tree");
        }
        if (state.Creating.Any(id => state.Devices[id] is var d && d.Source == device.Id && !d.Key.IsStock))
            return Unsettled(What, c.Key);
        if (state.ImagesOf(device.Id).FirstOrDefault() is { } image)
        {
            return No(RefusalKind.WrongState, What, c.Key.Name, $"it is the top layer of image {image.Reference}",
                $"remove the image: dmagent image remove {image.Reference}");
        }
        if (device.Use == DeviceUse.Mounted && !c.Force)
        {
            return No(RefusalKind.WrongState, What, c.Key.Name, "it is mounted",
                $"unmount it: dmagent container unmount {c.Key.Name}; or remove it with --force");
        }
        return Yes(device.Id, Removal(state, device.Id, c.Request, c.At));
    }

    /// <summary>A stock snapshot of a device in removal whose creation has no outcome: until then it is unknown whether
    /// the pool may delete its thin id.</summary>
    public static ThinId? StockInTheMaking(PoolState state, Decision.Accepted decision) => decision.Events
        .OfType<PoolEvents.RemovalIntended>().SelectMany(removal => state.StockOf(removal.Id))
        .Where(state.Creating.Contains).Select(id => (ThinId?)id).FirstOrDefault();

    /// <summary>Removes the device and its stock.</summary>
    public static ImmutableArray<PoolEvent> Removal(
        PoolState state, ThinId id, RequestId? request, DateTimeOffset at) =>
    [
        .. state.StockOf(id).Select(stock => new PoolEvents.RemovalIntended(Request: null, stock, at)),
        new PoolEvents.RemovalIntended(request, id, at),
    ];
}

using DmAgents.Domain.Devices;
using static DmAgents.Domain.Pools.Deciding.Answers;
using static DmAgents.Domain.Pools.Deciding.Requirements;

namespace DmAgents.Domain.Pools.Deciding;

/// <summary>Decides when a container becomes a layer.</summary>
internal static class CommitDecisions
{
    public static Decision Commit(PoolState state, PoolCommands.Commit c)
    {
        const string What = "cannot commit";
        if (NotCommittable(state, What, c.Key, c.NewKey) is { } no)
            return no;
        var device = state.Find(c.Key)!;
        if (device.Use == DeviceUse.Mounted)
        {
            return No(RefusalKind.WrongState, What, c.Key.Name, "it is mounted",
                "unmount it first, or make an image of the running container: dmagent container commit");
        }
        var committed = new PoolEvents.Committed(c.Request, device.Id, c.NewKey, c.Labels, c.At)
        {
            Inodes = c.Inodes,
        };
        return c.Content is { } content
            ? Yes(device.Id, committed, new PoolEvents.ContentNoted(Request: null, device.Id, content, c.At))
            : Yes(device.Id, committed);
    }

    public static Decision CommitLive(PoolState state, PoolHealth? health, PoolCommands.CommitLive c)
    {
        const string What = "cannot commit";
        if (NotCommittable(state, What, c.Key, c.NewKey) is { } no)
            return no;
        if (NoRoom(state, health, What, c.Key.Name) is { } full)
            return full;
        var device = state.Find(c.Key)!;
        if (state.Ledger.Choose(state.Devices.ContainsKey) is not { } id)
            return NoIds(What, c.Key);
        return Yes(id, new PoolEvents.SnapshotIntended(
            c.Request, id, c.NewKey, DeviceKind.Layer, device.Parent, device.Id, device.Size, device.FileSystem,
            DeviceUse.Idle, ReadOnly: false, c.Labels, c.At));
    }

    private static Decision.Refused? NotCommittable(PoolState state, string what, DeviceKey key, DeviceKey newKey)
    {
        if (state.Views.ContainsKey(key))
        {
            return No(RefusalKind.WrongState, what, key.Name, "it is a view, not a container",
                "only what can be written is committed");
        }
        if (state.Find(key) is not { } device)
            return Unknown(what, key);
        if (device.Phase == DevicePhase.Lost)
            return Lost(what, key);
        if (device.Kind != DeviceKind.Container)
        {
            return No(RefusalKind.WrongState, what, key.Name, $"it is a {device.Kind}, not a container",
                "only what can be written is committed");
        }
        if (state.IsTaken(newKey))
            return Taken(what, newKey);
        return device.Phase == DevicePhase.Creating || device.GrowingTo is not null ? Unsettled(what, key) : null;
    }
}

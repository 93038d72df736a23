using DmAgents.Domain.Devices;

namespace DmAgents.Domain.Pools;

public static partial class PoolDecider
{
    private static Decision SetUse(PoolState state, PoolCommands.SetUse c)
    {
        var what = c.Use switch
        {
            DeviceUse.Mounted => "cannot mount",
            DeviceUse.Active => "cannot activate",
            _ => "cannot unmount",
        };
        if (state.Find(c.Key) is not { } device)
            return Unknown(what, c.Key);
        if (device.Phase == DevicePhase.Lost)
            return Lost(what, c.Key);
        if (device.Kind == DeviceKind.Base)
            return No(RefusalKind.Invalid, what, c.Key.Name, "a base is never used itself", "make a container");
        if (device.Phase == DevicePhase.Creating)
            return Unsettled(what, c.Key);
        if (state.ViewsOf(device.Id) is > 0 and var views)
            return No(RefusalKind.WrongState, what, c.Key.Name, $"{views} views show it", "remove those first");
        var readOnly = c.Use != DeviceUse.Idle && (c.ReadOnly || device.Kind != DeviceKind.Container);
        if (device.Use == c.Use && (c.Use == DeviceUse.Idle || device.ReadOnly == readOnly))
            return new Decision.AlreadySo(device.Id);
        if (device.Use != DeviceUse.Idle && c.Use != DeviceUse.Idle && device.ReadOnly != readOnly)
        {
            return No(RefusalKind.WrongState, what, c.Key.Name,
                $"it is in use {(device.ReadOnly ? "read-only" : "writable")}",
                $"unmount it first: dmagent container unmount {c.Key.Name}");
        }
        // A file system that is growing must be writable until it has grown.
        if (readOnly && device.GrowingTo is not null)
            return Unsettled(what, c.Key);
        return Yes(device.Id, new PoolEvents.UseChanged(c.Request, device.Id, c.Use, readOnly, c.At));
    }

    /// <remarks>Already so by the journal; the kernel's state is checked before the reply.</remarks>
    private static Decision Confirm(PoolState state, PoolCommands.Confirm c)
    {
        const string What = "cannot confirm";
        var device = state.Views.TryGetValue(c.Key, out var view)
            ? state.Devices.GetValueOrDefault(view.Source)
            : state.Find(c.Key);
        return device?.Phase switch
        {
            null => Unknown(What, c.Key),
            DevicePhase.Lost => Lost(What, c.Key),
            DevicePhase.Ready => new Decision.AlreadySo(device.Id),
            _ => Unsettled(What, c.Key),
        };
    }

    private static Decision Resize(PoolState state, PoolHealth? health, PoolCommands.Resize c)
    {
        const string What = "cannot resize";
        if (state.Find(c.Key) is not { } device)
            return Unknown(What, c.Key);
        if (device.Phase == DevicePhase.Lost)
            return Lost(What, c.Key);
        if (device.Kind != DeviceKind.Container || device.ReadOnly)
        {
            return No(RefusalKind.WrongState, What, c.Key.Name, "only a writable container grows",
                "make a container of it: dmagent container create --size");
        }
        if (device.Phase == DevicePhase.Creating || device.GrowingTo is not null)
            return Unsettled(What, c.Key);
        if (c.Size == device.Size)
            return new Decision.AlreadySo(device.Id);
        if (NoRoom(state, health, What, c.Key.Name) is { } full)
            return full;
        return BadSize(c.Size, device.Size, health!, What, c.Key) is { } bad
            ? bad
            : Yes(device.Id, new PoolEvents.ResizeIntended(c.Request, device.Id, c.Size, c.At));
    }

    private static Decision Commit(PoolState state, PoolCommands.Commit c)
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

    private static Decision CommitLive(PoolState state, PoolHealth? health, PoolCommands.CommitLive c)
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

    private static Decision.Refused Unsettled(string what, DeviceKey key) =>
        No(RefusalKind.Busy, what, key.Name, "an earlier change of it is still under way", "try again in a moment");
}

using DmAgents.Domain.Devices;
using static DmAgents.Domain.Pools.Deciding.Answers;
using static DmAgents.Domain.Pools.Deciding.Requirements;

namespace DmAgents.Domain.Pools.Deciding;

/// <summary>Decides the use of a device: mounted, active or idle, and its size.</summary>
internal static class UseDecisions
{
    public static Decision SetUse(PoolState state, PoolCommands.SetUse c)
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
    public static Decision Confirm(PoolState state, PoolCommands.Confirm c)
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

    public static Decision Resize(PoolState state, PoolHealth? health, PoolCommands.Resize c)
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
}

using DmAgents.Domain.Devices;
using static DmAgents.Domain.Pools.Deciding.Answers;
using static DmAgents.Domain.Pools.Deciding.Requirements;

namespace DmAgents.Domain.Pools.Deciding;

/// <summary>Decides about layers that come from other hosts, and about what identifies a copy.</summary>
internal static class TransferDecisions
{
    public static Decision Receive(PoolState state, PoolHealth? health, PoolCommands.Receive c)
    {
        const string What = "cannot receive layer";
        if (!c.Key.IsReception)
        {
            return No(RefusalKind.Invalid, What, c.Key.Name, $"{c.Key} is no key of a reception",
                "receive it by a transfer");
        }
        if (BadKey(state, What, c.Key) is { } bad)
            return bad;
        if (NoRoom(state, health, What, c.Key.Name) is { } full)
            return full;
        DeviceRecord? parent = null;
        DeviceRecord? source = null;
        if (c.Parent is { } below && CommittedParent(state, What, c.Key, below, out parent) is { } noParent)
            return noParent;
        if (c.Source is { } origin && CommittedParent(state, What, c.Key, origin, out source) is { } noSource)
            return noSource;
        if (BadSize(c.Size, atLeast: default, health!, What, c.Key) is { } badSize)
            return badSize;
        if (source is not null && source.FileSystem != c.FileSystem)
        {
            return No(RefusalKind.Invalid, What, c.Key.Name,
                $"{c.Source} has {source.FileSystem}, and the layer {c.FileSystem}", "receive it whole");
        }
        return state.Ledger.Choose(state.Devices.ContainsKey) is { } id
            ? Yes(id, new PoolEvents.ReceptionIntended(
                c.Request, id, c.Key, parent?.Id, source?.Id, c.Size, c.FileSystem, c.Format, c.Root, c.At))
            : NoIds(What, c.Key);
    }

    /// <remarks>A layer is never written: if its digest differs from the recorded one, its disk has damaged the
    /// blocks.</remarks>
    public static Decision NoteContent(PoolState state, PoolCommands.NoteContent c)
    {
        const string What = "cannot note content";
        if (state.Find(c.Key) is not { } layer)
            return Unknown(What, c.Key);
        if (layer.Phase == DevicePhase.Lost)
            return Lost(What, c.Key);
        if (layer.Kind != DeviceKind.Layer)
        {
            return No(RefusalKind.WrongState, What, c.Key.Name, $"{c.Key} is a {layer.Kind}, not a layer",
                "commit it first: dmagent container commit");
        }
        if (layer.Phase == DevicePhase.Creating)
            return Unsettled(What, c.Key);
        if (!state.Contents.TryGetValue(layer.Id, out var known))
            return Yes(layer.Id, new PoolEvents.ContentNoted(c.Request, layer.Id, c.Content, c.At));
        return known == c.Content
            ? new Decision.AlreadySo(layer.Id)
            : No(RefusalKind.Failed, What, c.Key.Name,
                $"its blocks are {c.Content}, and were {known}: its disk has changed them",
                "remove the image, copy it from another host or import it again, and look after the disk");
    }
}

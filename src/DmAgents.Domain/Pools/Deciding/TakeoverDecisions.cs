using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools.Takeover;
using static DmAgents.Domain.Pools.Deciding.Answers;

namespace DmAgents.Domain.Pools.Deciding;

/// <summary>
/// Decides about a pool taken over from another program. Until the confirmation, that program's devices do not change.
/// </summary>
internal static class TakeoverDecisions
{
    /// <remarks>As for a new pool, its uuid stands for the request. The checkpoint records that the pool's metadata
    /// hold devices: they are never formatted.</remarks>
    public static Decision TakeOver(PoolState state, PoolCommands.TakeOver c)
    {
        const string What = "cannot adopt pool";
        if (state.Identity?.Uuid == c.Uuid)
            return new Decision.AlreadySo(null);
        if (state.Identity is not null)
        {
            return No(RefusalKind.Exists, What, c.Name.Value, "a pool of this name exists",
                $"choose another name, or look at it: dmagent pool show {c.Name}");
        }
        if (c.Devices.GroupBy(d => d.Key).FirstOrDefault(same => same.Count() > 1) is { } keys)
            return No(RefusalKind.Invalid, What, keys.Key.ToString(), "two devices have this key", "adopt one of them");
        if (c.Devices.GroupBy(d => d.Id).FirstOrDefault(same => same.Count() > 1) is { } ids)
            return No(RefusalKind.Invalid, What, $"thin id {ids.Key}", "it is claimed twice", "adopt it once");
        return Yes(subject: null,
        [
            new PoolEvents.Initialized(c.Uuid, c.Name, c.Backing, c.BlockSize, c.FileSystem, c.BaseSize, c.At)
            {
                SectorSize = c.SectorSize,
            },
            new PoolEvents.TakenOver(c.Program, c.Directory, c.TransactionId, c.Thins, c.At),
            new PoolEvents.CheckpointReached(c.TransactionId, c.At),
            .. c.Devices.Select(d => new PoolEvents.DeviceAdopted(d, c.At)),
            .. c.Images.Select(i => new PoolEvents.ImageTagged(
                c.Request, i.Reference, i.TopLayer, i.ConfigDigest, i.Config, c.At)),
        ]);
    }

    public static Decision.Refused? ChangesForeign(PoolState state, PoolCommand command)
    {
        if (state.Takeover is not { CanBeUndone: true } takeover)
            return null;
        return command switch
        {
            PoolCommands.Remove c when IsForeign(state, c.Key) => Foreign(takeover, state, "cannot remove", c.Key.Name),
            PoolCommands.SetUse { Use: not DeviceUse.Idle, ReadOnly: false } c
                when IsForeign(state, c.Key) && state.Find(c.Key)!.Kind == DeviceKind.Container =>
                Foreign(takeover, state, "cannot mount", c.Key.Name, "mount it with --read-only, or "),
            PoolCommands.Resize c when IsForeign(state, c.Key) => Foreign(takeover, state, "cannot resize", c.Key.Name),
            PoolCommands.TagImage c when IsForeign(state, c.Reference) =>
                Foreign(takeover, state, "cannot tag image", c.Reference.Value, "choose another name, or "),
            PoolCommands.UntagImage c when IsForeign(state, c.Reference) =>
                Foreign(takeover, state, "cannot remove image", c.Reference.Value),
            PoolCommands.Purge c when state.IsForeign(c.Id) =>
                Foreign(takeover, state, "cannot purge thin id", c.Id.ToString()),
            PoolCommands.Grow => Foreign(takeover, state, "cannot grow pool", state.Identity!.Name.Value),
            _ => null,
        };
    }

    private static bool IsForeign(PoolState state, DeviceKey key) =>
        state.Find(key) is { } device && state.IsForeign(device.Id);

    private static bool IsForeign(PoolState state, ImageReference reference) =>
        state.Images.TryGetValue(reference, out var image) && state.IsForeign(image.TopLayer);

    private static Decision.Refused Foreign(
        TakeoverRecord takeover, PoolState state, string what, string subject, string before = "") =>
        No(RefusalKind.WrongState, what, subject,
            $"it is {takeover.Program}'s until the adoption is confirmed, and must stay as it is",
            $"{before}decide: dmagent pool adopt-docker --confirm {state.Identity!.Name}, or --undo");

    public static Decision Confirm(PoolState state, PoolCommands.ConfirmTakeover c)
    {
        const string What = "cannot confirm adoption";
        var name = state.Identity!.Name;
        switch (state.Takeover?.Phase)
        {
            case TakeoverPhase.Provisional:
                var confirmed = new PoolEvents.TakeoverConfirmed(c.Request, c.At);
                return new Decision.Accepted(
                    [confirmed, .. RemoveScaffold(state.Apply(confirmed), c.At)], Subject: null);
            case TakeoverPhase.Confirmed:
                return new Decision.AlreadySo(null);
            case null:
                return No(RefusalKind.WrongState, What, name.Value, "it was always the agent's",
                    "nothing has to be done");
            default:
                return No(RefusalKind.WrongState, What, name.Value, "it is being given back",
                    $"dmagent pool show {name}");
        }
    }

    /// <summary>Docker's devices between image and container: a thin snapshot does not need its origin.</summary>
    private static ImmutableArray<PoolEvent> RemoveScaffold(PoolState state, DateTimeOffset at) =>
    [
        .. state.Devices.Values
            .Where(d => d is { IsPresent: true, Use: DeviceUse.Idle } && d.Labels.ContainsKey(DeviceLabels.DockerInit)
                && state.ChildrenOf(d.Id) == 0)
            .OrderBy(d => d.Id)
            .Select(d => new PoolEvents.RemovalIntended(Request: null, d.Id, at)),
    ];
}

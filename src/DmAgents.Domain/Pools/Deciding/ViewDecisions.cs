using static DmAgents.Domain.Pools.Deciding.Answers;
using static DmAgents.Domain.Pools.Deciding.Requirements;

namespace DmAgents.Domain.Pools.Deciding;

/// <summary>Decides the creation of a view.</summary>
internal static class ViewDecisions
{
    /// <remarks>A view uses no block and no thin id, so a pool that is low on either accepts it.</remarks>
    public static Decision Create(PoolState state, PoolHealth? health, PoolCommands.CreateView c)
    {
        const string What = "cannot create view";
        if (BadKey(state, What, c.Key) is { } bad)
            return bad;
        if (health is not { Condition: not PoolCondition.Failed })
            return NoRoom(state, health, What, c.Key.Name)!;
        if (c.Parent is not { } parentKey)
            return ViewOfBase(state, health, c, What);
        if (CommittedParent(state, What, c.Key, parentKey, out var parent) is { } no)
            return no;
        return Yes(parent.Id, new PoolEvents.ViewAdded(c.Request, c.Key, parent.Id, c.Labels, c.At));
    }

    private static Decision ViewOfBase(PoolState state, PoolHealth health, PoolCommands.CreateView c, string what)
    {
        var size = state.Identity!.BaseSize;
        var fileSystem = c.FileSystem ?? state.Identity.FileSystem;
        if (BaseDecisions.For(state, fileSystem, size, c.At, what, c.Key, out var source, out var made) is { } no)
            return no;
        if (!made.IsEmpty && NoRoom(state, health, what, c.Key.Name) is { } full)
            return full;
        return Yes(source.Id, made.Add(new PoolEvents.ViewAdded(c.Request, c.Key, source.Id, c.Labels, c.At)));
    }
}

using System.Collections.Immutable;

namespace DmAgents.Domain.Pools;

public static partial class PoolDecider
{
    /// <remarks>A view uses no block and no thin id, so a pool that is low on either accepts it.</remarks>
    private static Decision CreateView(PoolState state, PoolHealth? health, PoolCommands.CreateView c)
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
        if (BaseFor(
            state, c.FileSystem ?? state.Identity.FileSystem, size, c.At, what, c.Key, out var source, out var made)
            is { } no)
            return no;
        if (!made.IsEmpty && NoRoom(state, health, what, c.Key.Name) is { } full)
            return full;
        return Yes(source.Id, made.Add(new PoolEvents.ViewAdded(c.Request, c.Key, source.Id, c.Labels, c.At)));
    }

    private static Decision SetLabels(PoolState state, PoolCommands.SetLabels c)
    {
        const string What = "cannot change labels";
        var view = state.Views.GetValueOrDefault(c.Key);
        var device = state.Find(c.Key);
        if (view is null && device is null)
            return Unknown(What, c.Key);
        var before = view?.Labels ?? device!.Labels;
        var after = (c.Replace ? ImmutableSortedDictionary<string, string>.Empty : before)
            .SetItems(c.Set).RemoveRange(c.Unset);
        return Yes(view?.Source ?? device!.Id, new PoolEvents.LabelsChanged(c.Request, c.Key, after, c.At));
    }
}

using System.Collections.Immutable;
using static DmAgents.Domain.Pools.Deciding.Answers;

namespace DmAgents.Domain.Pools.Deciding;

/// <summary>Decides the labels of a device or a view.</summary>
internal static class LabelDecisions
{
    public static Decision Set(PoolState state, PoolCommands.SetLabels c)
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

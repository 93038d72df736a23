using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;

namespace DmAgents.Engine.Pools;

/// <summary>
/// Removes the layers of an image that was removed while containers or views still needed them, when the last of these
/// is removed. Without it they would stay until the next opening, whose plan removes what no image needs.
/// </summary>
internal sealed class UnneededLayers(PoolMachine machine) : PoolPart(machine)
{
    /// <summary>At the end of each step. While an import or a transfer is under way nothing is removed, because it may
    /// build upon any layer of the pool; the regular reading of the status steps the machine after its end.</summary>
    public void Remove()
    {
        if (Core.Freed.Count == 0 || Phase != PoolPhase.Open || Machine.Exclusive.RemovalIsHeld
            || !Core.Scene.Work.IsNone(Core.Scene.Name))
            return;
        var removals = PoolDecider.RemoveUnneededImports(
            State, Now, [.. Core.Freed.Select(id => Core.DeviceOrNull(id)).OfType<DeviceRecord>()]);
        var ids = removals.OfType<PoolEvents.RemovalIntended>().Select(removal => removal.Id).ToList();
        // The outcome of a creation, of a stock snapshot above all, says whether the pool may delete its thin id.
        if (ids.Exists(State.Creating.Contains))
            return;
        Core.Freed.Clear();
        if (removals.IsEmpty)
            return;
        Core.Record(removals, () => ids.ForEach(Machine.Deletions.Enqueue));
    }
}

using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using static DmAgents.Domain.Pools.Deciding.Answers;
using static DmAgents.Domain.Pools.Deciding.Requirements;

namespace DmAgents.Domain.Pools.Deciding;

/// <summary>Decides what a pool is made of: its growth and its spare disks.</summary>
internal static class BackingDecisions
{
    public static Decision Grow(PoolState state, PoolHealth? health, PoolCommands.Grow c)
    {
        const string What = "cannot grow pool";
        var name = state.Identity!.Name;
        if (BackingGrowth.Continues(state.Identity.Backing, c.Backing) is { } why)
        {
            return No(RefusalKind.Invalid, What, name.Value, why,
                $"look at what it is made of: dmagent pool show {name}");
        }
        if (c.Backing is PoolBacking.Disks disks && disks.Data.Concat(disks.Metadata)
            .Except(PartsOf(state.Identity.Backing)).Select(part => part.Disk).FirstOrDefault(state.Keeps) is var kept
            && kept != default)
            return HoldsKept(What, state, kept);
        // A full pool needs growth, and full metadata make a pool read-only. The kernel does not grow a failed pool.
        var mayGrow = health is { CanChange: true }
            || (health is { Condition: PoolCondition.ReadOnly } && HasMoreMetadata(state.Identity.Backing, c.Backing));
        if (!mayGrow && NoRoom(state, health, What, name.Value) is { } broken)
            return broken;
        return Yes(subject: null, new PoolEvents.BackingChanged(c.Request, c.Backing, c.At));
    }

    public static Decision SetSpares(PoolState state, PoolCommands.SetSpares c)
    {
        const string What = "cannot set spares";
        var name = state.Identity!.Name;
        if (state.Identity.Backing is not PoolBacking.Disks disks)
        {
            return No(RefusalKind.Invalid, What, name.Value, "only a pool of disks is extended by disks",
                "enlarge it by size: dmagent pool grow");
        }
        var parts = disks.Data.Concat(disks.Metadata).Select(part => part.Disk).ToHashSet();
        if (c.Spares.Where(parts.Contains).Select(d => d.Value).FirstOrDefault() is { } part)
            return No(RefusalKind.Exists, What, part, "the pool is made of it already", "choose another disk");
        if (c.Spares.GroupBy(d => d.Value).FirstOrDefault(g => g.Count() > 1) is { } twice)
            return No(RefusalKind.Invalid, What, twice.Key, "it is named twice", "name each disk once");
        if (c.Spares.FirstOrDefault(state.Keeps) is var kept && kept != default)
            return HoldsKept(What, state, kept);
        return c.Spares.SequenceEqual(state.Spares)
            ? new Decision.AlreadySo(null)
            : Yes(subject: null, new PoolEvents.SparesChanged(c.Request, c.Spares, c.At));
    }

    private static Decision.Refused HoldsKept(string what, PoolState state, DevicePath disk) =>
        No(RefusalKind.WrongState, what, disk.Value, "it holds metadata that others have replaced",
            $"give those up first: dmagent pool discard-metadata {state.Identity!.Name}");

    private static ImmutableArray<DiskPart> PartsOf(PoolBacking backing) =>
        backing is PoolBacking.Disks disks ? disks.Data.AddRange(disks.Metadata) : [];

    private static bool HasMoreMetadata(PoolBacking before, PoolBacking after) => (before, after) switch
    {
        (PoolBacking.Disks old, PoolBacking.Disks @new) => !old.Metadata.SequenceEqual(@new.Metadata),
        (PoolBacking.LoopFiles old, PoolBacking.LoopFiles @new) => old.Metadata != @new.Metadata,
        _ => false,
    };
}

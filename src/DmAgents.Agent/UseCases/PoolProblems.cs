using DmAgents.Actors.Pools;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Formats;
using DmAgents.Engine.Pools;

namespace DmAgents.Agent.UseCases;

/// <summary>Problems of a pool for an operator to check, from its picture.</summary>
internal static class PoolProblems
{
    /// <summary>What prevents the pool or one of its devices from being in its intended state; also part of a pool's
    /// check.</summary>
    public static IEnumerable<Finding> Of(PoolPicture pool)
    {
        if (pool.Phase is PoolPhase.Unavailable or PoolPhase.WrongPool)
        {
            var state = pool.Phase == PoolPhase.WrongPool ? pool.Phase.ToString() : $"{PoolCondition.Failed}";
            yield return new Finding(
                Gravity.Error, pool.Name.Value, $"the pool is {state}", pool.Reason,
                pool.MetadataAreDamaged
                    ? $"see what can be saved, without changing anything: {PoolMachine.RepairOf(pool.Name)}"
                    : $"dmagent pool show {pool.Name}");
        }
        foreach (var shape in Shapes(pool))
            yield return shape;
        foreach (var (id, why) in pool.Problems)
        {
            yield return new Finding(
                Gravity.Warning, NameOf(pool, id), "it is not live as it should be", why,
                "it is tried again every few seconds");
        }
        foreach (var deletion in pool.Deletions.Values.Where(d => d.Tries > 0))
        {
            yield return new Finding(
                Gravity.Info, NameOf(pool, deletion.Id), "its blocks are not back yet", deletion.Why,
                "end what holds it; it is tried again every few seconds");
        }
    }

    /// <summary>Properties of the pool's file systems that its disks or the kernel do not support.</summary>
    public static IEnumerable<Finding> Shapes(PoolPicture pool) =>
        Sectors(pool) is { } sectors ? Formats(pool).Prepend(sectors) : Formats(pool);

    /// <summary>File systems that this host's kernel does not support: the pool is opened for all others.</summary>
    public static IEnumerable<Finding> Formats(PoolPicture pool) =>
        pool.Formats.Select(concern => Format(NameOf(pool, concern.Id), concern));

    public static Finding Format(string name, FormatConcern concern) => new(
        Gravity.Warning, name,
        concern.BarsReading
            ? "it cannot be mounted on this host"
            : "it cannot be mounted for writing on this host",
        concern.Why, concern.Next);

    /// <summary>The agent opens a pool of mixed sectors, so that the rest can be mounted; no repair exists.</summary>
    private static Finding? Sectors(PoolPicture pool) => pool.Sectors is { } why
        ? new Finding(
            Gravity.Warning, pool.Name.Value, "its sectors are larger than those it was made with", why,
            "what cannot be mounted can be copied from its device to one with the smaller sectors")
        : null;

    /// <summary>Conditions of an open pool that an operator should check.</summary>
    public static IEnumerable<Finding> Conditions(PoolPicture pool)
    {
        if (pool is { Phase: PoolPhase.Open, Health: { Condition: not PoolCondition.Writable } health })
        {
            yield return new Finding(
                health.Condition < PoolCondition.OutOfData ? Gravity.Warning : Gravity.Error, pool.Name.Value,
                $"the pool is {health.Condition}", health.Why, $"dmagent pool show {pool.Name}");
        }
        if (pool.State.Devices.Values.Count(d => d.Phase == DevicePhase.Lost) is > 0 and var lost)
        {
            yield return new Finding(
                Gravity.Error, pool.Name.Value, $"{lost} devices are lost", "the pool's metadata do not have them",
                $"dmagent pool check {pool.Name}");
        }
        if (pool.State.Quarantine.Count is > 0 and var inDoubt)
        {
            yield return new Finding(
                Gravity.Warning, pool.Name.Value, $"{inDoubt} thin ids are in quarantine",
                "the pool has them, or may have them, and no device of the journal is theirs",
                $"dmagent pool quarantine list --pool {pool.Name}");
        }
        if (pool.State.LastBackup is { Why: { } why })
        {
            yield return new Finding(
                Gravity.Warning, pool.Name.Value, "its last backup of the metadata failed", why,
                $"dmagent pool backup now {pool.Name}");
        }
    }

    private static string NameOf(PoolPicture pool, ThinId id) =>
        pool.State.Devices.TryGetValue(id, out var device) ? KeyText.Of(device.Key) : $"thin id {id}";
}

using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using static DmAgents.Domain.Pools.Planning.Plans;

namespace DmAgents.Domain.Pools.Planning;

/// <summary>Plans a pool that is live and that another program assembles.</summary>
internal sealed class LivePoolPlanner(IKernel kernel)
{
    private const string What = NewPoolPlanner.What;

    /// <summary>Accepts a pool that another program assembles only while it is empty: existing content needs an
    /// adoption.</summary>
    public BackingPlan PlanEmpty(MappedName pool)
    {
        var live = kernel.Find(pool);
        if (live.Error is { } missing)
            return Unusable(pool, missing, What).AsPlan();
        if (live.Value.Uuid.Value.StartsWith(DeviceNames.UuidPrefix, StringComparison.Ordinal))
        {
            return Existing(RefusalKind.WrongState, pool, "it is a device of the agent itself",
                "list its pools: dmagent pool list").AsPlan();
        }
        var status = kernel.PoolStatus(pool);
        if (status.Error is { } noStatus)
            return Unusable(pool, noStatus, What).AsPlan();
        if (NotEmpty(pool, status.Value) is { } no)
            return no.AsPlan();
        var thins = kernel.ListThins(pool);
        if (thins.Error is { } noList)
            return Unusable(pool, noList, What).AsPlan();
        if (thins.Value.Count > 0)
            return Holds(pool, $"it holds {thins.Value.Count} thin devices").AsPlan();
        return PlanLive(pool, live.Value, status.Value, What);
    }

    /// <summary>The backing of a live pool.</summary>
    /// <param name="what">What the plan is for, in the text of a refusal.</param>
    public BackingPlan PlanLive(MappedName pool, LiveDevice live, ThinPoolStatus status, string what)
    {
        var backing = new PoolBacking.Existing(pool, live.Uuid.IsOfLvm);
        var sectors = PoolSectors.Of(kernel, backing);
        return sectors.Succeeded
            ? new BackingPlan.Planned(backing, new PoolBlockSize(status.Data.BlockSize), status.Data.TotalBytes, [])
            {
                SectorSize = sectors.Value,
            }
            : Failed(what, pool.Value, sectors.Error).AsPlan();
    }

    private static Refusal? NotEmpty(MappedName pool, ThinPoolStatus status)
    {
        if (status.Mode != PoolMode.ReadWrite || status.NeedsCheck)
        {
            return Existing(RefusalKind.WrongState, pool,
                $"its mode is {status.Mode}{(status.NeedsCheck ? ", and the kernel demands a check" : "")}",
                "have its owner repair it first: thin_check");
        }
        if (status.Data.Used > 0)
            return Holds(pool, $"it holds {status.Data.UsedBytes} of data");
        return status.TransactionId != Pools.TransactionId.Initial
            ? Holds(pool, $"its transaction id is {status.TransactionId}: another program has used it")
            : null;
    }

    private static Refusal Holds(MappedName pool, string why) =>
        Existing(RefusalKind.WrongState, pool, why,
            $"give an empty pool, or adopt this one: dmagent pool adopt {pool}");

    /// <summary>Why the pool cannot be examined.</summary>
    public static Refusal Unusable(MappedName pool, KernelError error, string what) => error.Fault switch
    {
        KernelFault.NotFound => new Refusal(
            RefusalKind.NotFound, what, pool.Value, "there is no such mapped device",
            "list those there are: dmsetup ls --target thin-pool"),
        KernelFault.Invalid => new Refusal(
            RefusalKind.Invalid, what, pool.Value, "it is no thin pool",
            "list those there are: dmsetup ls --target thin-pool"),
        KernelFault.Busy => new Refusal(
            RefusalKind.Busy, what, pool.Value, "another program holds its metadata snapshot", "try again later"),
        _ => Failed(what, pool.Value, error),
    };

    private static Refusal Existing(RefusalKind kind, MappedName pool, string why, string next) =>
        new(kind, What, pool.Value, why, next);
}

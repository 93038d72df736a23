using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Pools.Recovery;
using DmAgents.Domain.Ports;

namespace DmAgents.Domain.Pools.Takeover;

/// <summary>Takes a pool over from another program, and returns it. Each step is idempotent.</summary>
public static class TakeoverEffects
{
    /// <summary>Deactivates what an ended program left live: it activates all of it again when it starts.</summary>
    public static KernelResult TakeDown(IKernel kernel, ImmutableArray<MappedName> leftOver) =>
        leftOver.Aggregate(KernelResult.Done, (done, name) => done
            .Then(() => kernel.Resume(name).Or(KernelFault.NotFound))
            .Then(() => kernel.Remove(name, deferred: false).Or(KernelFault.NotFound)));

    /// <summary>Deactivates all of the pool's devices. Busy if a process holds one; others may be inactive by
    /// then.</summary>
    public static KernelResult MakeIdle(IKernel kernel, PoolContext pool, ImmutableArray<DeviceRecord> devices)
    {
        var use = new UseEffects(kernel, pool);
        return devices.Aggregate(KernelResult.Done, (done, device) =>
            done.Then(() => use.Settle(device with { Use = DeviceUse.Idle })));
    }

    /// <summary>
    /// Deletes every thin id that the pool did not have at the takeover, then restores the transaction id. In this
    /// order: while the id differs from the former one, the pool is known to be changed. The pool must be live, and
    /// none of its devices.
    /// </summary>
    /// <param name="isKnown">Whether the journal knows a thin id.</param>
    /// <returns>Invalid, before any change, if the pool has an id that neither the journal nor the takeover record
    /// knows: another program created it.</returns>
    public static KernelResult GiveBack(
        IKernel kernel, PoolContext pool, TakeoverRecord takeover, Func<ThinId, bool> isKnown)
    {
        // A metadata snapshot left by an agent that died: the kernel allows only one.
        var released = KernelPicture.ReleaseLeftSnapshot(kernel, pool);
        if (!released.Succeeded)
            return released;
        var thins = kernel.ListThins(pool.Device);
        if (!thins.Succeeded)
            return thins.Outcome;
        var made = thins.Value.Where(thin => !takeover.Thins.Contains(thin.Id)).ToList();
        if (made.Find(thin => !isKnown(thin.Id)) is { } foreign)
        {
            return new KernelError(KernelFault.Invalid, 0, "give back", pool.Device.Value,
                $"it has thin id {foreign.Id}, which neither the agent nor {takeover.Program} made before: "
                    + "another program uses it");
        }
        var deleted = made.Aggregate(KernelResult.Done,
            (done, thin) => done.Then(() => kernel.DeleteThin(pool.Device, thin.Id).Or(KernelFault.NotFound)));
        if (!deleted.Succeeded)
            return deleted;
        var status = kernel.PoolStatus(pool.Device);
        return !status.Succeeded ? status.Outcome
            : status.Value.TransactionId == takeover.TransactionId ? KernelResult.Done
            : kernel.SetTransactionId(pool.Device, status.Value.TransactionId, takeover.TransactionId);
    }

    /// <summary>Deactivates what the agent has live of the pool. What the other program has live stays.</summary>
    public static KernelResult LetGo(IKernel kernel, PoolContext pool)
    {
        if (pool.Identity.Backing is not PoolBacking.LoopFiles files)
            return KernelResult.Done;
        return new GuardEffects(kernel, pool).Lower()
            .Then(() => kernel.ClosePool(DeviceNames.Pool(pool.Identity.Name)).Or(KernelFault.NotFound))
            .Then(() => kernel.DetachLoop(files.Data.File).Or(KernelFault.NotFound).Or(KernelFault.Busy))
            .Then(() => kernel.DetachLoop(files.Metadata.File).Or(KernelFault.NotFound).Or(KernelFault.Busy));
    }
}

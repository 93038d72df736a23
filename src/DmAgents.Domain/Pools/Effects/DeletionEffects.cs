using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Care;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Effects;

/// <summary>How a deletion went.</summary>
public abstract record DeletionResult
{
    private DeletionResult()
    {
    }

    /// <summary>The pool does not have the thin id any more.</summary>
    public sealed record Gone : DeletionResult;

    /// <summary>It is live, for nobody but its deletion: these blocks are to be discarded before its thin id
    /// goes.</summary>
    public sealed record ToDiscard(ImmutableArray<BlockRange> Blocks) : DeletionResult;

    /// <summary>Somebody keeps the device open; it is to be tried again later.</summary>
    public sealed record Held(ImmutableArray<DeviceHolder> Holders) : DeletionResult;

    /// <summary>The kernel refused; it is to be tried again later.</summary>
    public sealed record Failed(KernelError Error) : DeletionResult;
}

/// <summary>
/// Gives a removed device's blocks back to its pool. Begun again after a crash it finds fewer blocks to discard, and
/// goes on.
/// </summary>
/// <remarks>
/// The kernel deletes a thin id with all that it maps while every other message and every new block of the pool waits.
/// Blocks that are discarded before, some at a time, let the others in between. Only the device's own: to discard what
/// it shares would first copy the mappings that it shares, and free nothing.
/// </remarks>
public sealed class DeletionEffects(IKernel kernel, PoolContext pool)
{
    private ByteSize BlockSize => pool.Identity.BlockSize.Bytes;

    /// <summary>All of it at once.</summary>
    public DeletionResult Delete(DeviceRecord device, bool keyHasSuccessor = false, bool isOrigin = false)
    {
        var begun = Begin(device, isOrigin, keyHasSuccessor);
        if (begun is not DeletionResult.ToDiscard { Blocks: var blocks })
            return begun;
        return Discard(device, blocks).Error is { } error
            ? new DeletionResult.Failed(error)
            : End(device, keyHasSuccessor);
    }

    /// <summary>Up to what has to be discarded; to the end where that is nothing.</summary>
    /// <param name="device">The removed device.</param>
    /// <param name="isOrigin">Another device began with its blocks, and still is.</param>
    /// <param name="keyHasSuccessor">Another device has its key by now, and with it its place in mnt/.</param>
    public DeletionResult Begin(DeviceRecord device, bool isOrigin, bool keyHasSuccessor)
    {
        var name = pool.NameOf(device.Id);
        var live = kernel.Find(name);
        if (live.Succeeded)
        {
            var detached = Detach(device, live.Value);
            if (!detached.Succeeded)
                return new DeletionResult.Failed(detached.Error);
            live = kernel.Find(name);
        }
        if (live is { Succeeded: true, Value.OpenCount: > 0 })
            return HeldOpen(name);
        var discards = ToDiscard(device, isLive: live.Succeeded, isOrigin);
        return !discards.Succeeded ? new DeletionResult.Failed(discards.Error)
            : discards.Value.IsEmpty ? End(device, keyHasSuccessor)
            : new DeletionResult.ToDiscard(discards.Value);
    }

    /// <summary>Discards a piece of it. What is discarded already stays so.</summary>
    public KernelResult Discard(DeviceRecord device, ImmutableArray<BlockRange> piece) =>
        Discard(device.Id, device.Size, piece);

    private KernelResult Discard(ThinId id, ByteSize size, ImmutableArray<BlockRange> piece)
    {
        foreach (var range in piece)
        {
            var (start, length) = range.InBytes(BlockSize);
            if (start >= size)
                break;
            var within = length < size - start ? length : size - start;
            var discarded = kernel.Discard(pool.NameOf(id).Path, start, within);
            // A pool that ignores discards: the deletion frees the blocks all the same.
            if (discarded.FailedWith(KernelFault.NotSupported))
                break;
            if (!discarded.Succeeded)
                return discarded;
        }
        return KernelResult.Done;
    }

    /// <summary>Takes the device and its thin id away.</summary>
    public DeletionResult End(DeviceRecord device, bool keyHasSuccessor)
    {
        var name = pool.NameOf(device.Id);
        var removed = kernel.Remove(name, deferred: false).Or(KernelFault.NotFound);
        if (removed.FailedWith(KernelFault.Busy))
            return HeldOpen(name);
        // The thin id goes last: once the pool lacks it, recovery takes the deletion for finished.
        var deleted = removed
            .Then(() => keyHasSuccessor
                ? KernelResult.Done
                : kernel.RemoveDirectory(pool.MountOf(device)).Or(KernelFault.Busy))
            .Then(() => DeleteId(device.Id));
        return deleted.Succeeded ? new DeletionResult.Gone() : new DeletionResult.Failed(deleted.Error);
    }

    /// <summary>Deletes a quarantined id, of which only the pool knows. What it has for itself is discarded before, in
    /// pieces, between which whoever waits for the pool has his turn.</summary>
    public KernelResult Purge(ThinId id) =>
        kernel.Remove(pool.NameOf(id), deferred: false).Or(KernelFault.NotFound)
            .Then(() => DiscardOwn(id))
            .Then(() => kernel.Remove(pool.NameOf(id), deferred: false).Or(KernelFault.NotFound))
            .Then(() => DeleteId(id));

    private KernelResult DiscardOwn(ThinId id)
    {
        if (pool.DiscardAbove is not { } above)
            return KernelResult.Done;
        // Whose snapshot it is nobody may know, but since when it shares nothing more its own times tell.
        var own = kernel.OwnBlocks(pool.Device, new ThinAndOrigin(id, Origin: null), isOrigin: true);
        if (!own.Succeeded || own.Value.Count == 0 || BytesOf(own.Value) <= above.Bytes)
            return KernelResult.Done;
        var size = new ByteSize(own.Value[^1].End * BlockSize.Bytes);
        var result = kernel.ActivateThin(new ThinTable(
            pool.NameOf(id), DeviceNames.ThinDeviceId(pool.Identity.Uuid, id), pool.Device, id, size.Sectors,
            ReadOnly: false)).Outcome;
        for (var plan = DiscardPlan.Of([.. own.Value]); result.Succeeded && !plan.IsDone;)
        {
            result = Discard(id, size, plan.Next);
            plan = plan.After(BackgroundPace.PieceTime);
        }
        return result.Or(KernelFault.NotFound);
    }

    private ulong BytesOf(IEnumerable<BlockRange> blocks) =>
        blocks.Aggregate(0UL, (sum, range) => sum + range.Count) * BlockSize.Bytes;

    /// <summary>An id that the pool does not have is gone; of a pool that is not live nobody knows what it
    /// has.</summary>
    private KernelResult DeleteId(ThinId id)
    {
        var deleted = kernel.DeleteThin(pool.Device, id);
        return deleted.FailedWith(KernelFault.NotFound) ? kernel.Find(pool.Device).Outcome : deleted;
    }

    /// <summary>
    /// Deferred removal takes the device away with its last user, whatever becomes of the agent; the timer that tries
    /// again then finds it gone and deletes the thin id.
    /// </summary>
    private DeletionResult HeldOpen(MappedName name)
    {
        var live = kernel.Find(name);
        var holders = live.Succeeded ? kernel.Holders(live.Value) : live.Error;
        var deferred = kernel.Remove(name, deferred: true).Or(KernelFault.NotFound);
        return deferred.Succeeded
            ? new DeletionResult.Held(holders.Succeeded ? [.. holders.Value] : [])
            : new DeletionResult.Failed(deferred.Error);
    }

    /// <summary>Frees the place where a removed device is mounted. One that is not live, or mounted nowhere:
    /// done.</summary>
    public KernelResult Detach(DeviceRecord device)
    {
        var live = kernel.Find(pool.NameOf(device.Id));
        return live.Succeeded ? Detach(device, live.Value) : live.Outcome.Or(KernelFault.NotFound);
    }

    /// <summary>
    /// Detached: the owner has given the device up; who still works in it keeps it until he is done. Only the device's
    /// own mount: its key was free at once, and a successor may be mounted in the same place.
    /// </summary>
    private KernelResult Detach(DeviceRecord device, LiveDevice live)
    {
        var target = pool.MountOf(device);
        var mounts = kernel.Mounts();
        return !mounts.Succeeded ? mounts.Outcome
            : mounts.Value.Any(m => m.Target == target && m.Device == live.Number)
                ? kernel.Unmount(target, detach: true).Or(KernelFault.Invalid).Or(KernelFault.NotFound)
                : KernelResult.Done;
    }

    /// <summary>Makes the device live where something of it is to be discarded, and says what.</summary>
    private KernelResult<ImmutableArray<BlockRange>> ToDiscard(DeviceRecord device, bool isLive, bool isOrigin)
    {
        if (pool.DiscardAbove is not { } above)
            return ImmutableArray<BlockRange>.Empty;
        var writable = device with { ReadOnly = false, GrowingTo = null };
        var activated = isLive
            ? device.ReadOnly ? kernel.ReloadThin(pool.TableOf(writable)) : KernelResult.Done
            : kernel.ActivateThin(pool.TableOf(writable)).Outcome;
        if (activated.FailedWith(KernelFault.NotFound))
            return ImmutableArray<BlockRange>.Empty;
        if (!activated.Succeeded)
            return activated.Error;
        // Most have less than that, shared blocks included, and this is the cheapest question that there is.
        var mapped = kernel.MappedBytes(pool.NameOf(device.Id));
        if (mapped.Succeeded && mapped.Value <= above)
            return ImmutableArray<BlockRange>.Empty;
        var own = kernel.OwnBlocks(pool.Device, new ThinAndOrigin(device.Id, device.Source), isOrigin);
        // Where nobody can tell, all of it: the kernel passes over what is not mapped, and what is shared stays the
        // others'.
        ImmutableArray<BlockRange> blocks = own.Succeeded
            ? [.. own.Value]
            : [new BlockRange(0, device.Size.RoundUp(BlockSize).Bytes / BlockSize.Bytes)];
        return BytesOf(blocks) <= above.Bytes ? ImmutableArray<BlockRange>.Empty : blocks;
    }
}

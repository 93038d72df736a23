using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools.Care;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Pools.Effects;

/// <summary>The result of one step of a deletion.</summary>
public abstract record DeletionResult
{
    private DeletionResult()
    {
    }

    /// <summary>The pool no longer has the thin id.</summary>
    public sealed record Gone : DeletionResult;

    /// <summary>The device is live, only for its deletion. These blocks must be discarded before the thin id is
    /// deleted.</summary>
    public sealed record ToDiscard(ImmutableArray<BlockRange> Blocks) : DeletionResult;

    /// <summary>A process keeps the device open. The caller retries later.</summary>
    public sealed record Held(ImmutableArray<DeviceHolder> Holders) : DeletionResult;

    /// <summary>The kernel refused. The caller retries later.</summary>
    public sealed record Failed(KernelError Error) : DeletionResult;
}

/// <summary>
/// Returns a removed device's blocks to its pool. After a crash, a deletion that starts again finds fewer blocks to
/// discard and continues.
/// </summary>
/// <remarks>
/// The kernel deletes a thin id with all its mappings while every other message and every new block of the pool waits.
/// Discarding the blocks in pieces beforehand lets other requests in between. Only blocks that the device does not
/// share are discarded: discarding shared blocks would first copy the shared mappings, and free nothing.
/// </remarks>
public sealed class DeletionEffects(IKernel kernel, PoolContext pool)
{
    private ByteSize BlockSize => pool.Identity.BlockSize.Bytes;

    /// <summary>Runs the whole deletion in one call.</summary>
    public DeletionResult Delete(DeviceRecord device, bool keyHasSuccessor = false, bool isOrigin = false)
    {
        var begun = Begin(device, isOrigin, keyHasSuccessor);
        if (begun is not DeletionResult.ToDiscard { Blocks: var blocks })
            return begun;
        return Discard(device, blocks).Error is { } error
            ? new DeletionResult.Failed(error)
            : End(device, keyHasSuccessor);
    }

    /// <summary>Runs the deletion up to the discards; if there is nothing to discard, to the end.</summary>
    /// <param name="device">The removed device.</param>
    /// <param name="isOrigin">Another device that still exists was created from its blocks.</param>
    /// <param name="keyHasSuccessor">Another device has its key, and with the key its directory in mnt/.</param>
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

    /// <summary>Discards one piece of the blocks. Idempotent.</summary>
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
            // The pool ignores discards: deleting the thin id frees the blocks all the same.
            if (discarded.FailedWith(KernelFault.NotSupported))
                break;
            if (!discarded.Succeeded)
                return discarded;
        }
        return KernelResult.Done;
    }

    /// <summary>Removes the device, and then its thin id.</summary>
    public DeletionResult End(DeviceRecord device, bool keyHasSuccessor)
    {
        var name = pool.NameOf(device.Id);
        var removed = kernel.Remove(name, deferred: false).Or(KernelFault.NotFound);
        if (removed.FailedWith(KernelFault.Busy))
            return HeldOpen(name);
        // The thin id is deleted last: if the pool lacks it, recovery treats the deletion as finished.
        var deleted = removed
            .Then(() => keyHasSuccessor
                ? KernelResult.Done
                : kernel.RemoveDirectory(pool.MountOf(device)).Or(KernelFault.Busy))
            .Then(() => DeleteId(device.Id));
        return deleted.Succeeded ? new DeletionResult.Gone() : new DeletionResult.Failed(deleted.Error);
    }

    /// <summary>Deletes a quarantined id, which only the pool knows. Discards its unshared blocks first, in pieces, so
    /// that other users of the pool do not wait for all of them.</summary>
    public KernelResult Purge(ThinId id) =>
        kernel.Remove(pool.NameOf(id), deferred: false).Or(KernelFault.NotFound)
            .Then(() => DiscardOwn(id))
            .Then(() => kernel.Remove(pool.NameOf(id), deferred: false).Or(KernelFault.NotFound))
            .Then(() => DeleteId(id));

    private KernelResult DiscardOwn(ThinId id)
    {
        if (pool.DiscardAbove is not { } above)
            return KernelResult.Done;
        // The origin may be unknown, but the id's own times show from when on it shares nothing more.
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

    /// <summary>An id that the pool does not have counts as deleted, but only if the pool is live: otherwise its ids
    /// are unknown.</summary>
    private KernelResult DeleteId(ThinId id)
    {
        var deleted = kernel.DeleteThin(pool.Device, id);
        return deleted.FailedWith(KernelFault.NotFound) ? kernel.Find(pool.Device).Outcome : deleted;
    }

    /// <summary>
    /// With deferred removal the kernel removes the device on last close, even if the agent dies. The retry timer then
    /// finds it gone and deletes the thin id.
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

    /// <summary>Unmounts a removed device. If it is not live or not mounted: done.</summary>
    public KernelResult Detach(DeviceRecord device)
    {
        var live = kernel.Find(pool.NameOf(device.Id));
        return live.Succeeded ? Detach(device, live.Value) : live.Outcome.Or(KernelFault.NotFound);
    }

    /// <summary>
    /// A lazy unmount (MNT_DETACH): the owner has removed the device, and processes that still use it keep it until
    /// they finish. Only the device's own mount: its key was free at once, and a successor may be mounted in the same
    /// directory.
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

    /// <summary>Activates the device if it has blocks to discard, and returns those blocks.</summary>
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
        // Most devices map less than the threshold, shared blocks included, and this is the cheapest query.
        var mapped = kernel.MappedBytes(pool.NameOf(device.Id));
        if (mapped.Succeeded && mapped.Value <= above)
            return ImmutableArray<BlockRange>.Empty;
        var own = kernel.OwnBlocks(pool.Device, new ThinAndOrigin(device.Id, device.Source), isOrigin);
        // If the unshared blocks are unknown, discard all: the kernel skips unmapped blocks, and shared blocks stay
        // with the devices that share them.
        ImmutableArray<BlockRange> blocks = own.Succeeded
            ? [.. own.Value]
            : [new BlockRange(0, device.Size.RoundUp(BlockSize).Bytes / BlockSize.Bytes)];
        return BytesOf(blocks) <= above.Bytes ? ImmutableArray<BlockRange>.Empty : blocks;
    }
}

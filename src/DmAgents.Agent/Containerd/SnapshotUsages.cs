using System.Collections.Concurrent;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Configuration;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports;

namespace DmAgents.Agent.Containerd;

/// <summary>The space and inodes that one snapshot alone uses.</summary>
/// <param name="Bytes">Mapped, and not shared with the parent.</param>
/// <param name="Inodes">In excess of the parent's.</param>
internal sealed record SnapshotUsage(long Bytes, long Inodes);

/// <summary>The exclusive usage of each snapshot, measured through the pool's metadata snapshot. A committed snapshot
/// is measured once. For an active one the answer may be a few seconds old. Requests for many snapshots share one
/// measurement.</summary>
internal sealed class SnapshotUsages(
    IKernel kernel, UsageReader reader, PoolGateway gateway, AgentSettings settings, TimeProvider time)
{
    /// <summary>Reading a pool that is busy with a deletion may take long; after this time the caller gets an older
    /// number, if there is one.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<Identity, Known> _known = new();
    private readonly ConcurrentDictionary<PoolName, Batch> _waiting = new();
    private readonly ConcurrentDictionary<PoolName, SemaphoreSlim> _turns = new();

    /// <summary>A thin id may be reused for another device, which has another creation time.</summary>
    private readonly record struct Identity(PoolUuid Pool, ThinId Id, DateTimeOffset CreatedAt);

    /// <param name="Usage">The measurement.</param>
    /// <param name="At">Its time.</param>
    /// <param name="IsLatest">The measurement is of that time. False: it is of the time when another reader began,
    /// which may be before the snapshot was committed.</param>
    private sealed record Known(SnapshotUsage Usage, DateTimeOffset At, bool IsLatest);

    private sealed class Batch
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Dictionary<Identity, DeviceRecord> Devices { get; } = [];

        public Task Done => _done.Task;

        public void End() => _done.SetResult();
    }

    public async Task<SnapshotUsage> Of(PoolPicture pool, DeviceRecord device, CancellationToken cancellation)
    {
        var identity = new Identity(pool.Uuid, device.Id, device.CreatedAt);
        if (_known.TryGetValue(identity, out var known) && IsGood(device, known))
            return known.Usage;
        var measuring = Measure(pool, identity, device);
        if (known is null)
            await measuring.WaitAsync(cancellation).ConfigureAwait(false);
        else
            await Task.WhenAny(measuring, Task.Delay(Patience, time, cancellation)).ConfigureAwait(false);
        cancellation.ThrowIfCancellationRequested();
        return _known.TryGetValue(identity, out var measured)
            ? measured.Usage
            : throw SnapshotStatus.Of(Grpc.Core.StatusCode.Unavailable, "cannot tell usage", device.Key.Name,
                "the pool's metadata could not be read; try again in a moment");
    }

    private bool IsGood(DeviceRecord device, Known known) =>
        device.Kind == DeviceKind.Layer && known.IsLatest
        || time.GetUtcNow() - known.At < settings.Containerd.UsageInterval;

    /// <summary>Joins the batch that waits for its turn, or begins one.</summary>
    private Task Measure(PoolPicture pool, Identity identity, DeviceRecord device)
    {
        while (true)
        {
            var batch = _waiting.GetOrAdd(pool.Name, _ => new Batch());
            lock (batch)
            {
                // A batch that has had its turn is no longer the waiting one.
                if (!_waiting.TryGetValue(pool.Name, out var waiting) || waiting != batch)
                    continue;
                batch.Devices[identity] = device;
                if (batch.Devices.Count == 1)
                    _ = Run(pool.Name, batch);
                return batch.Done;
            }
        }
    }

    private bool Measured(PoolName name, Dictionary<Identity, DeviceRecord> devices)
    {
        if (gateway.Board.Find(name) is { State.Identity: not null } pool)
            MeasureNow(pool, devices);
        return true;
    }

    private async Task Run(PoolName name, Batch batch)
    {
        var turn = _turns.GetOrAdd(name, _ => new SemaphoreSlim(1));
        try
        {
            await turn.WaitAsync().ConfigureAwait(false);
            lock (batch)
                _waiting.TryRemove(name, out _);
            await reader.Beside(name, () => KernelResult.Found(Measured(name, batch.Devices))).ConfigureAwait(false);
        }
        finally
        {
            turn.Release();
            batch.End();
        }
    }

    private void MeasureNow(PoolPicture pool, Dictionary<Identity, DeviceRecord> devices)
    {
        var context = new PoolContext(pool.State.Identity!, pool.Paths, DiscardOnRemove: false);
        var wanted = devices.ToList();
        ThinAndOrigin[] thins =
            [.. wanted.Select(w => new ThinAndOrigin(w.Value.Id, ParentOf(pool.State, w.Value)?.Id))];
        var measured = kernel.MeasureAboveOrigins(context.Device, thins, MetadataReading.NowOrBusy);
        var isLatest = measured.Succeeded;
        if (measured.FailedWith(KernelFault.Busy))
            measured = kernel.MeasureAboveOrigins(context.Device, thins, MetadataReading.AsHeld);
        if (!measured.Succeeded)
            return;
        Forget(pool);
        var now = time.GetUtcNow();
        for (var i = 0; i < wanted.Count; i++)
        {
            if (measured.Value[i] is not { } blocks)
                continue;
            var bytes = (long)(blocks * pool.State.Identity!.BlockSize.Bytes.Bytes);
            _known[wanted[i].Key] = new Known(
                new SnapshotUsage(bytes, Inodes(context, pool.State, wanted[i].Value)), now, isLatest);
        }
    }

    private long Inodes(PoolContext context, PoolContents state, DeviceRecord device)
    {
        var used = device.Inodes;
        if (device.Use == DeviceUse.Active && kernel.UsedInodes(context.NameOf(device.Id).Path, device.FileSystem)
            is { Succeeded: true } counted)
            used = counted.Value;
        var parents = ParentOf(state, device)?.Inodes ?? 0;
        return used > parents ? (long)(used.Value - parents) : 0;
    }

    /// <summary>The base belongs to no snapshot: one without a parent has all that it maps to itself.</summary>
    private static DeviceRecord? ParentOf(PoolContents state, DeviceRecord device) =>
        device.Parent is { } id && state.Devices.GetValueOrDefault(id) is { Kind: DeviceKind.Layer } parent
            ? parent
            : null;

    /// <summary>Drops measurements of removed devices.</summary>
    private void Forget(PoolPicture pool)
    {
        if (_known.Count < 2 * pool.State.Devices.Count + 1000)
            return;
        foreach (var identity in _known.Keys.Where(k => k.Pool == pool.Uuid))
        {
            if (pool.State.Devices.GetValueOrDefault(identity.Id)?.CreatedAt != identity.CreatedAt)
                _known.TryRemove(identity, out _);
        }
    }
}

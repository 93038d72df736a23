using System.Collections.Concurrent;
using System.Collections.Immutable;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Transfers;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Fleet.Images;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;
using DmAgents.Transfer.Content;

namespace DmAgents.Agent.Fleet.Inventory;

/// <summary>Computes the contents of this host's layers in the background, those of images first, one at a time and
/// with pauses: until then a copy cannot serve another host. Knows the space of each layer's own blocks.</summary>
internal sealed class LayerDigests(
    PoolBoard board, ContentMaps maps, PoolSettings pools, TimeProvider time, ILogger<LayerDigests> log)
{
    /// <summary>Bytes of a mapping in a pool's metadata, by the estimate of the kernel's documentation.</summary>
    private const ulong MetadataPerBlock = 48;

    /// <summary>Pause before an unreadable layer is tried again.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<(ContentDigest Layer, ContentDigest? Below), PoolSpace> _spaces = new();
    private readonly ConcurrentDictionary<(PoolUuid Pool, ThinId Id), DateTimeOffset> _resting = new();
    private TaskCompletionSource _changed = New();

    /// <summary>Completes when another layer's space is known.</summary>
    public Task Changed => Volatile.Read(ref _changed).Task;

    /// <summary>Number of layers whose space is kept.</summary>
    internal int Kept => _spaces.Count;

    /// <summary>The layers of an image, from the lowest to the top, with the space of each; null if some of it is
    /// unknown.</summary>
    public ImmutableArray<LineageLayer>? LineageOf(
        PoolPicture pool, IReadOnlyList<(DeviceRecord Layer, ChainId Chain)> layers)
    {
        var lineage = ImmutableArray.CreateBuilder<LineageLayer>(layers.Count);
        ContentDigest? below = null;
        foreach (var (layer, chain) in layers)
        {
            if (pool.State.ContentOf(layer.Id) is not { } content
                || !_spaces.TryGetValue((content, below), out var space))
                return null;
            lineage.Add(new LineageLayer(chain, space));
            below = content;
        }
        return lineage.ToImmutable();
    }

    public async Task RunAsync(CancellationToken end)
    {
        while (true)
        {
            var change = board.Changed;
            if (Next() is not { } next)
            {
                ForgetUnneeded();
                await Task.WhenAny(change, Task.Delay(Rest, time, end)).ConfigureAwait(false);
                // Pictures change all the time, and layers rarely.
                await Task.Delay(Pace, time, end).ConfigureAwait(false);
                continue;
            }
            var begun = time.GetTimestamp();
            await ComputeAsync(next.Pool, next.Lineage, end).ConfigureAwait(false);
            // Like all background work.
            await Task.Delay(pools.Background.PauseAfter(time.GetElapsedTime(begun)), time, end).ConfigureAwait(false);
        }
    }

    /// <summary>A lineage with an unknown layer; null if all are known.</summary>
    private (PoolPicture Pool, ImmutableArray<DeviceRecord> Lineage)? Next()
    {
        foreach (var pool in board.All.Where(pool => pool is { Phase: PoolPhase.Open, Health.CanChange: true }))
        {
            var tops = pool.State.Images.Values.Select(image => pool.State.Devices.GetValueOrDefault(image.TopLayer))
                .Concat(pool.State.Devices.Values.Where(device => HostInventories.ChainOf(device) is not null));
            foreach (var top in tops.OfType<DeviceRecord>())
            {
                var lineage = pool.State.LineageOf(top).Where(device => device.Kind == DeviceKind.Layer).Reverse()
                    .ToImmutableArray();
                if (!IsKnown(pool, lineage) && !lineage.Any(layer => IsResting(pool, layer))
                    && lineage.All(layer => layer.Phase == DevicePhase.Ready))
                    return (pool, lineage);
            }
        }
        return null;
    }

    /// <summary>Drops the space of removed layers. Keeps everything while a pool's journal has not been read: the pool
    /// may have any layer.</summary>
    private void ForgetUnneeded()
    {
        var pools = board.All.ToList();
        if (pools.Exists(pool => pool.State.Identity is null))
            return;
        var needed = pools.SelectMany(pool => pool.State.Devices.Values
            .Where(device => device.Kind == DeviceKind.Layer)
            .Select(device => pool.State.LineageOf(device).Where(one => one.Kind == DeviceKind.Layer)
                .Select(one => pool.State.ContentOf(one.Id)).Take(2).ToList()))
            .Where(lineage => lineage[0] is not null)
            .Select(lineage => (lineage[0]!.Value, lineage.ElementAtOrDefault(1))).ToHashSet();
        foreach (var kept in _spaces.Keys.Where(kept => !needed.Contains(kept)))
            _spaces.TryRemove(kept, out _);
        foreach (var (layer, until) in _resting)
        {
            if (until <= time.GetUtcNow())
                _resting.TryRemove(KeyValuePair.Create(layer, until));
        }
    }

    private bool IsKnown(PoolPicture pool, ImmutableArray<DeviceRecord> lineage)
    {
        ContentDigest? below = null;
        foreach (var layer in lineage)
        {
            if (pool.State.ContentOf(layer.Id) is not { } content || !_spaces.ContainsKey((content, below)))
                return false;
            below = content;
        }
        return true;
    }

    private bool IsResting(PoolPicture pool, DeviceRecord layer) =>
        _resting.TryGetValue((pool.Uuid, layer.Id), out var until) && until > time.GetUtcNow();

    private async Task ComputeAsync(PoolPicture pool, ImmutableArray<DeviceRecord> lineage, CancellationToken end)
    {
        var block = pool.State.Identity?.BlockSize.Bytes ?? PoolBlockSize.Default.Bytes;
        ContentMap? below = null;
        foreach (var layer in lineage)
        {
            try
            {
                var map = await maps.GetAsync(pool.Name, layer.Key, end).ConfigureAwait(false);
                var own = (ulong)map.ChangedSince(below).Count(piece => !piece.Hash.IsZero) * (ulong)map.PieceSize.Bytes;
                var blocks = (own + block.Bytes - 1) / block.Bytes;
                _spaces[(map.Digest, below?.Digest)] =
                    new PoolSpace(new ByteSize(blocks * block.Bytes), new ByteSize(blocks * MetadataPerBlock));
                below = map;
            }
            catch (RefusedException refused)
            {
                _resting[(pool.Uuid, layer.Id)] = time.GetUtcNow() + Rest;
                log.ContentUnknown(pool.Name, layer.Key, refused.Refusal.Why);
                return;
            }
        }
        Interlocked.Exchange(ref _changed, New()).TrySetResult();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

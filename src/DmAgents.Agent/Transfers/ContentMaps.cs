using System.Collections.Concurrent;
using DmAgents.Actors.Pools;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Transfer.Content;

namespace DmAgents.Agent.Transfers;

/// <summary>The content maps of layers. A map is computed when a layer is first offered, from its parent's map and the
/// blocks that the two do not share, and stored in a file beside the pool. The journal has each layer's digest: if a
/// file has another one, or there is no file, the map is computed anew.</summary>
internal sealed class ContentMaps(
    PoolGateway gateway, IKernel kernel, IDurableFiles files, ILogger<ContentMaps> log) : IDisposable
{
    private const string What = "cannot read layer";

    /// <summary>Files of layers that the journal may not have yet.</summary>
    private readonly ConcurrentDictionary<string, bool> _early = new();

    /// <summary>One at a time: each reads a disk at its full speed.</summary>
    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>All hosts of a fleet use the same piece size.</summary>
    public static PieceSize Pieces => PieceSize.Default;

    /// <exception cref="RefusedException">The layer is missing, cannot be read, or has changed.</exception>
    public async Task<ContentMap> GetAsync(PoolName pool, DeviceKey layer, CancellationToken cancellation)
    {
        var picture = PictureOf(pool);
        var device = PoolGateway.Find(picture, What, layer);
        if (Read(picture, device) is { } known)
            return known;
        await _turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            return await ComputeAsync(pool, layer, cancellation).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>The map of a copy with this content; null if the pool has none, or its map is not available.</summary>
    public (DeviceRecord Layer, ContentMap Map)? Find(PoolName pool, ContentDigest content)
    {
        if (gateway.Board.Find(pool) is not { } picture || picture.State.FindCopy(content) is not { } layer)
            return null;
        return Read(picture, layer) is { } map ? (layer, map) : null;
    }

    /// <summary>Stores the map of a received layer: before the layer is committed, so that it always has one.</summary>
    public KernelResult Keep(PoolPaths paths, DeviceKey layer, ContentMap map)
    {
        _early[paths.ContentFileOf(layer)] = true;
        return files.Replace(paths.ContentFileOf(layer), ContentMapFile.Write(map));
    }

    public void Dispose() => _turn.Dispose();

    private async Task<ContentMap> ComputeAsync(PoolName pool, DeviceKey layer, CancellationToken cancellation)
    {
        var picture = PictureOf(pool);
        var missing = new Stack<DeviceRecord>();
        (DeviceRecord Layer, ContentMap Map)? below = null;
        foreach (var at in picture.State.LineageOf(PoolGateway.Find(picture, What, layer))
            .Where(at => at.Kind == DeviceKind.Layer))
        {
            if (Read(picture, at) is { } map)
            {
                below = (at, map);
                break;
            }
            missing.Push(at);
        }
        while (missing.TryPop(out var next))
            below = (next, await ComputeAsync(picture, next, below, cancellation).ConfigureAwait(false));
        return below!.Value.Map;
    }

    private async Task<ContentMap> ComputeAsync(
        PoolPicture pool, DeviceRecord layer, (DeviceRecord Layer, ContentMap Map)? below,
        CancellationToken cancellation)
    {
        using var reading = await LayerReading.OpenAsync(
            gateway, kernel, pool, layer.Key, What, log, cancellation).ConfigureAwait(false);
        var name = LayerReading.ContextOf(What, pool).Device;
        var scanned = await Task.Factory.StartNew(() =>
        {
            var changed = kernel.ChangedRanges(name, layer.Id, below?.Layer.Id);
            return !changed.Succeeded ? changed.Error
                : below is { Map: var map } ? ContentScan.Child(map, reading.Device, changed.Value, cancellation)
                : ContentScan.Whole(reading.Device, Pieces, changed.Value, cancellation);
        }, cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
        if (!scanned.Succeeded)
            throw Refusals.Of(What, layer.Key.Name, scanned.Error);
        await gateway.Ask(pool.Name, new PoolCommands.NoteContent(
            new RequestId(Guid.NewGuid()), layer.Key, scanned.Value.Digest, gateway.Now), cancellation)
            .ConfigureAwait(false);
        if (Keep(pool.Paths, layer.Key, scanned.Value) is { Error: { } error })
            log.ContentMapNotKept(pool.Name, layer.Key, error);
        Sweep(pool.Name);
        return scanned.Value;
    }

    /// <summary>Null if there is no usable one.</summary>
    private ContentMap? Read(PoolPicture pool, DeviceRecord layer)
    {
        if (pool.State.ContentOf(layer.Id) is not { } content)
            return null;
        var bytes = files.Read(pool.Paths.ContentFileOf(layer.Key));
        if (!bytes.Succeeded)
            return null;
        if (ContentMapFile.TryRead(bytes.Value, out var map, out var why))
            return map.Digest == content && map.PieceSize == Pieces ? map : null;
        log.ContentMapUnreadable(pool.Name, layer.Key, why);
        return null;
    }

    /// <summary>Deletes the maps of removed layers.</summary>
    internal void Sweep(PoolName pool)
    {
        if (gateway.Board.Find(pool) is not { } picture
            || files.List(picture.Paths.ContentDirectory) is not { Succeeded: true } names)
            return;
        var wanted = picture.State.Devices.Values.Select(device => picture.Paths.ContentFileOf(device.Key)).ToHashSet();
        foreach (var file in names.Value.Select(name => $"{picture.Paths.ContentDirectory}/{name}"))
        {
            if (wanted.Contains(file))
                _early.TryRemove(file, out _);
            else if (file.EndsWith(".map", StringComparison.Ordinal) && !_early.ContainsKey(file))
                files.Delete(file);
        }
    }

    private PoolPicture PictureOf(PoolName pool) => gateway.Board.Find(pool)
        ?? throw Refusals.NotFound(What, pool.Value, "the pool is gone", "list them: dmagent pool list");
}

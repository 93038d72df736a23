using System.Collections.Immutable;
using DmAgents.Actors.Pools;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Receiving;
using DmAgents.Transfer.Sending;
using DmAgents.Transfer.Wire;

namespace DmAgents.Agent.Transfers;

/// <summary>The layers of this host's pools as sources for other hosts.</summary>
internal sealed class PoolLayerSources(
    PoolGateway gateway, IKernel kernel, ContentMaps maps, ReceivedLayers received, ILogger<PoolLayerSources> log)
{
    private const string What = "cannot send layer";

    /// <summary>Each blocks a thread until the layer's content is computed, and they are computed one at a
    /// time.</summary>
    private const int ComputedAtOnce = 8;

    private int _computed;
    private int _served;

    /// <summary>Connections that serve other hosts at the moment.</summary>
    public int Served => Volatile.Read(ref _served);

    /// <summary>The sources for one connection: it waits for nothing after its end.</summary>
    public ILayerSources Of(CancellationToken connection) => new OfConnection(this, connection);

    private OpenAnswer Open(TransferRecords.Ask ask, CancellationToken cancellation)
    {
        var found = FindWhole(ask.Content);
        if (found is null && received.Find(ask.Content) is { Pieces: { } pieces } underWay)
            return new OpenAnswer.Found(Open(underWay, pieces, ask, cancellation));
        found ??= FindByChain(ask);
        if (found is not var (pool, layer))
            return new OpenAnswer.Refused(TransferRefusal.UnknownLayer, "this host has no such layer");
        var isComputed = pool.State.ContentOf(layer.Id) is { } content && maps.Find(pool.Name, content) is not null;
        try
        {
            if (!isComputed && Interlocked.Increment(ref _computed) > ComputedAtOnce)
                return new OpenAnswer.Refused(TransferRefusal.Unreadable, "this host reads too many layers already");
            return TransferPorts.Wait(() => OpenAsync(pool, layer, ask, cancellation));
        }
        catch (RefusedException refused)
        {
            return new OpenAnswer.Refused(TransferRefusal.Unreadable, refused.Refusal.ToString());
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return new OpenAnswer.Refused(TransferRefusal.Unreadable, "this host is about to stop");
        }
        finally
        {
            if (!isComputed)
                Interlocked.Decrement(ref _computed);
        }
    }

    /// <summary>A copy with this content; null if no pool has one, or its content was not computed yet.</summary>
    public (PoolPicture Pool, DeviceRecord Layer)? FindWhole(ContentDigest content)
    {
        foreach (var pool in gateway.Board.All)
        {
            if (pool.State.FindCopy(content) is { } copy)
                return (pool, copy);
        }
        return null;
    }

    private (PoolPicture Pool, DeviceRecord Layer)? FindByChain(TransferRecords.Ask ask)
    {
        foreach (var pool in gateway.Board.All)
        {
            if (pool.State.Find(DeviceKey.Layer(ask.Layer.Value))
                is { Kind: DeviceKind.Layer, Phase: DevicePhase.Ready } layer)
                return (pool, layer);
        }
        return null;
    }

    private async Task<OpenAnswer> OpenAsync(
        PoolPicture pool, DeviceRecord layer, TransferRecords.Ask ask, CancellationToken cancellation)
    {
        var map = await maps.GetAsync(pool.Name, layer.Key, cancellation).ConfigureAwait(false);
        var reading = await LayerReading.OpenAsync(
            gateway, kernel, pool, layer.Key, What, log, cancellation).ConfigureAwait(false);
        Interlocked.Increment(ref _served);
        return new OpenAnswer.Found(new OpenLayer(
            reading,
            new SourceLayer(
                new LayerShape(layer.Size, layer.FileSystem), map, BasesOf(pool.Name, ask), PieceSet.Empty)
            {
                Pool = pool.Uuid,
            },
            new LayerChanges(kernel, LayerReading.ContextOf(What, pool).Device, layer.Id,
                digest => gateway.Board.Find(pool.Name)?.State.FindCopy(digest)?.Id),
            () => Interlocked.Decrement(ref _served)));
    }

    private ReceivedSource Open(
        ReceivedLayer underWay, ServedPieces pieces, TransferRecords.Ask ask, CancellationToken cancellation)
    {
        Interlocked.Increment(ref _served);
        underWay.SeekNow();
        return new ReceivedSource(
            underWay, pieces, BasesOf(underWay.Pool, ask),
            () => FindWhole(underWay.Content) is var (pool, layer)
                ? LayerReading.OpenAsync(gateway, kernel, pool, layer.Key, What, log, cancellation)
                : throw Refusals.NotFound(What, ask.Layer.Value, "the layer is gone", "ask another host"),
            () => Interlocked.Decrement(ref _served), cancellation);
    }

    /// <summary>The sender needs only the nearest base that both hosts have.</summary>
    private ImmutableDictionary<ContentDigest, ContentMap> BasesOf(PoolName pool, TransferRecords.Ask ask)
    {
        var shared = ask.Ancestors.Select(digest => maps.Find(pool, digest)).FirstOrDefault(found => found is not null);
        return shared is var (_, known) && shared is not null
            ? ImmutableDictionary<ContentDigest, ContentMap>.Empty.Add(known.Digest, known)
            : ImmutableDictionary<ContentDigest, ContentMap>.Empty;
    }

    private sealed class OfConnection(PoolLayerSources sources, CancellationToken connection) : ILayerSources
    {
        public OpenAnswer Open(TransferRecords.Ask ask) => sources.Open(ask, connection);
    }

    private sealed class OpenLayer(LayerReading reading, SourceLayer layer, LayerChanges changes, Action ended)
        : IOpenLayer
    {
        public SourceLayer Layer => layer;

        public IBlockReader Device => reading.Device;

        public IBlockChanges? Changes => changes;

        public void Dispose()
        {
            reading.Dispose();
            ended();
        }
    }
}

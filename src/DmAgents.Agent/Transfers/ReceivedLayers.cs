using System.Collections.Immutable;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Transfer.Connections;
using DmAgents.Transfer.Receiving;
using DmAgents.Transfer.Wire;

namespace DmAgents.Agent.Transfers;

/// <summary>A layer being received; other hosts can have the verified and written pieces.</summary>
internal sealed class ReceivedLayer(
    PoolName pool, PoolUuid uuid, ContentDigest content, LayerShape shape, LayerReception reception, PoolReceptionStore store)
{
    private readonly TaskCompletionSource<bool> _committed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public PoolName Pool => pool;

    public PoolUuid Uuid => uuid;

    public ContentDigest Content => content;

    public LayerShape Shape => shape;

    /// <summary>Null: none yet, or not any more.</summary>
    public ServedPieces? Pieces => reception.Served;

    /// <summary>Whether the pool has the layer in the end; false: the reception was abandoned, or waits for the next
    /// start.</summary>
    public Task<bool> Committed => _committed.Task;

    /// <summary>Another host asks for the layer: if it receives it, too, it may be a source.</summary>
    public void SeekNow() => reception.SeekNow();

    /// <returns>Null: the device is closed, and <see cref="Committed"/> completes soon.</returns>
    public KernelResult? TryRead(ByteSize offset, Span<byte> into) => store.TryReadTarget(offset, into);

    public void End(bool committed) => _committed.TrySetResult(committed);
}

/// <summary>The layers that this host receives at the moment.</summary>
internal sealed class ReceivedLayers
{
    private ImmutableList<ReceivedLayer> _layers = [];

    public void Add(ReceivedLayer layer) => ImmutableInterlocked.Update(ref _layers, layers => layers.Add(layer));

    public void Remove(ReceivedLayer layer, bool committed)
    {
        layer.End(committed);
        ImmutableInterlocked.Update(ref _layers, layers => layers.Remove(layer));
    }

    /// <summary>Of the receptions of this content that can be asked for pieces, the one with most of them; null: there
    /// is none.</summary>
    public ReceivedLayer? Find(ContentDigest content) => Volatile.Read(ref _layers)
        .Where(layer => layer.Content == content && layer.Pieces is not null)
        .MaxBy(layer => layer.Pieces?.Verified);
}

using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Testing.Contracts;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Receiving;
using DmAgents.Transfer.Sending;
using DmAgents.Transfer.Wire;

namespace DmAgents.Kernel.Tests.Transfers;

/// <summary>A layer that is in a pool.</summary>
internal sealed record LabLayer(ThinId Id, LayerShape Shape, ContentMap Map);

/// <summary>A host's real pool, with the layers in it and the one that it receives. The journal is memory.</summary>
internal sealed class LabPool(ContractScope scope, ContractPool pool, PoolBlockSize block)
    : ILayerSources, IReceptionStore
{
    public static readonly PieceSize Pieces = PieceSize.Default;

    private readonly Lock _lock = new();
    private readonly Dictionary<ThinId, int> _readers = [];
    private uint _lastId;
    private ThinId? _target;
    private IOpenReceivingDevice? _open;

    public TransferParty Identity { get; } =
        new(new FleetId(new Guid(1, 2, 3, new byte[8])), pool.Uuid, block);

    public ContractPool Pool => pool;

    public Dictionary<ContentDigest, LabLayer> Layers { get; } = [];

    public (ReceivingProgress Progress, ContentMap Map)? Kept { get; private set; }

    /// <summary>It has no part of a layer any more.</summary>
    public bool IsEmptyOfReceptions => Kept is null && _target is null && _open is null;

    /// <summary>No connection reads a layer any more, and the devices for that are removed: a sender's thread does so
    /// after the receiver has all it wants.</summary>
    public bool IsUnread
    {
        get
        {
            lock (_lock)
                return _readers.Values.All(readers => readers == 0);
        }
    }

    private IKernel Kernel => scope.Kernel;

    public ThinTable Table(ThinId id, LayerShape shape, bool readOnly) =>
        pool.Thin(id.Value, readOnly: readOnly) with { Length = shape.DeviceSize.Sectors };

    /// <summary>Makes a device, a snapshot of a layer or a blank one, changes it, and takes its content map.</summary>
    public LabLayer Make(LabLayer? parent, LayerShape shape, Action<LiveDevice> change)
    {
        var id = Next(parent);
        change(Kernel.ActivateThin(Table(id, shape, readOnly: false)).Must());
        Kernel.Remove(Table(id, shape, readOnly: false).Name, deferred: false).Must();
        var changed = Kernel.ChangedRanges(pool.Name, id, parent?.Id).Must();
        using var reader = new Reader(this, id, shape);
        var map = (parent is null
            ? ContentScan.Whole(reader.Device, Pieces, changed, CancellationToken.None)
            : ContentScan.Child(parent.Map, reader.Device, changed, CancellationToken.None)).Must();
        return Layers[map.Digest] = new LabLayer(id, shape, map);
    }

    /// <summary>The map of all bytes, read from the disk whether mapped or not.</summary>
    public ContentMap Scan(LabLayer layer)
    {
        using var reader = new Reader(this, layer.Id, layer.Shape);
        return ContentScan.Whole(
            reader.Device, Pieces, [new ByteRange(ByteSize.Zero, layer.Shape.DeviceSize)], CancellationToken.None)
            .Must();
    }

    public void Drop(LabLayer layer)
    {
        Layers.Remove(layer.Map.Digest);
        Kernel.DeleteThin(pool.Name, layer.Id).Must();
    }

    /// <summary>The agent dies in the midst of a reception: what it had open is closed, after the write that is under
    /// way, and nothing else happens.</summary>
    public void Die()
    {
        _open!.Dispose();
        _open = null;
        var device = pool.Thin(_target!.Value.Value).Name;
        Eventually.Equal(0u, () => Kernel.Find(device).Must().OpenCount, "how often the target is open");
    }

    public OpenAnswer Open(TransferRecords.Ask ask)
    {
        lock (_lock)
        {
            return Layers.TryGetValue(ask.Content, out var layer)
                ? new OpenAnswer.Found(new OpenLayer(this, layer))
                : new OpenAnswer.Refused(TransferRefusal.UnknownLayer, "this host has no such layer");
        }
    }

    public KernelResult KeepPlan(ReceivingProgress progress, ContentMap map)
    {
        Kept = (progress, map);
        return KernelResult.Done;
    }

    public KernelResult KeepProgress(ReceivingProgress progress)
    {
        Kept = Kept!.Value with { Progress = progress };
        return KernelResult.Done;
    }

    public KernelResult<IReceivingDevice> FindTarget(ReceivingProgress progress)
    {
        if (_target is not { } id)
            return new KernelError(KernelFault.NotFound, 0, "find", "target");
        var table = Table(id, progress.Shape, readOnly: false);
        var live = Kernel.ActivateThin(table).Outcome.Or(KernelFault.Exists);
        var opened = live.Succeeded ? Kernel.OpenForReceiving(table.Name, block) : live.Error;
        _open = opened.Succeeded ? opened.Value : null;
        return opened.Succeeded ? KernelResult.Found<IReceivingDevice>(opened.Value) : opened.Error;
    }

    public KernelResult<IReceivingDevice> MakeTarget(ReceivingProgress progress)
    {
        _target ??= Next(progress.Base is { } origin ? Layers[origin] : null);
        return FindTarget(progress);
    }

    public KernelResult Commit(ReceivingProgress progress, ContentMap map)
    {
        Close(progress.Shape);
        lock (_lock)
            Layers[map.Digest] = new LabLayer(_target!.Value, progress.Shape, map);
        (Kept, _target) = (null, null);
        return KernelResult.Done;
    }

    public KernelResult Abandon(string reason)
    {
        if (_target is { } id)
        {
            Close(Kept!.Value.Progress.Shape);
            Kernel.DeleteThin(pool.Name, id).Must();
        }
        (Kept, _target) = (null, null);
        return KernelResult.Done;
    }

    private void Close(LayerShape shape)
    {
        _open?.Dispose();
        _open = null;
        Kernel.Remove(Table(_target!.Value, shape, readOnly: false).Name, deferred: false).Must();
    }

    private ThinId Next(LabLayer? parent)
    {
        var id = new ThinId(++_lastId);
        var made = parent is null
            ? Kernel.CreateThin(pool.Name, id)
            : Kernel.CreateSnapshot(pool.Name, id, parent.Id);
        made.Must();
        scope.AtEnd(() => scope.RemoveDevice(pool.Thin(id.Value).Name));
        return id;
    }

    /// <summary>A layer's device, live and read-only for as long as anyone reads it.</summary>
    private sealed class Reader : IDisposable
    {
        private readonly LabPool _pool;
        private readonly ThinId _id;
        private readonly MappedName _name;
        private readonly IOpenBlocks _device;

        public Reader(LabPool pool, ThinId id, LayerShape shape)
        {
            var table = pool.Table(id, shape, readOnly: true);
            (_pool, _id, _name) = (pool, id, table.Name);
            lock (pool._lock)
            {
                if (pool._readers.GetValueOrDefault(id) == 0)
                    pool.Kernel.ActivateThin(table).Must();
                pool._readers[id] = pool._readers.GetValueOrDefault(id) + 1;
            }
            _device = pool.Kernel.OpenForReading(_name).Must();
        }

        public IBlockReader Device => _device;

        public void Dispose()
        {
            _device.Dispose();
            lock (_pool._lock)
            {
                if (--_pool._readers[_id] == 0)
                    _pool.Kernel.Remove(_name, deferred: false).Must();
            }
        }
    }

    private sealed class OpenLayer(LabPool pool, LabLayer layer) : IOpenLayer
    {
        private readonly Reader _reader = new(pool, layer.Id, layer.Shape);

        public SourceLayer Layer => new(
            layer.Shape, layer.Map,
            pool.Layers.ToImmutableDictionary(other => other.Key, other => other.Value.Map), PieceSet.Empty);

        public IBlockReader Device => _reader.Device;

        public IBlockChanges? Changes => new LayerChanges(
            pool.Kernel, pool.Pool.Name, layer.Id,
            digest => pool.Layers.TryGetValue(digest, out var other) ? other.Id : null);

        public void Dispose() => _reader.Dispose();
    }
}

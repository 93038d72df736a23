using System.Collections.Immutable;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Receiving;
using DmAgents.Transfer.Sending;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Tests.Support;

/// <summary>A host's layers, by their content, and the one that it receives: what is durable, as files.</summary>
internal sealed class MemoryPool(TransferParty identity, int blockSize, PieceSize pieces)
    : ILayerSources, IReceptionStore
{
    private readonly Lock _lock = new();

    public TransferParty Identity => identity;

    public Dictionary<ContentDigest, MemoryThin> Layers { get; } = [];

    public Dictionary<ContentDigest, ContentMap> Maps { get; } = [];

    public byte[]? KeptProgress { get; private set; }

    public byte[]? KeptMap { get; private set; }

    public MemoryTarget? Target { get; private set; }

    /// <summary>What a partly received layer can be served of; null: nothing is received.</summary>
    public Func<ServedPieces?>? Receiving { get; set; }

    public Action? BeforeMakingTarget { get; set; }

    public Action? BeforeKeepingProgress { get; set; }

    public Action? BeforeCommit { get; set; }

    public Action? BeforeAbandon { get; set; }

    /// <summary>Of a target that is made after this is set.</summary>
    public Action? BeforeWrite { get; set; }

    public bool IsEmptyOfReceptions => KeptProgress is null && KeptMap is null && Target is null;

    public MemoryThin Blank(long size) => new(blockSize, size);

    public ContentMap Add(MemoryThin layer)
    {
        var map = layer.Map(pieces);
        (Layers[map.Digest], Maps[map.Digest]) = (layer, map);
        return map;
    }

    /// <summary>The receiver's crash: power is cut, and recovery removes a target without a progress.</summary>
    public (ReceivingProgress Progress, ContentMap Map)? CutPower(Random random)
    {
        Target?.CutPower(random);
        if (KeptProgress is null)
            Target = null;
        return Kept();
    }

    /// <summary>As it is read from the files.</summary>
    public (ReceivingProgress Progress, ContentMap Map)? Kept()
    {
        if (KeptProgress is null)
            return null;
        Assert.True(ReceivingProgressFile.TryRead(KeptProgress, out var progress, out var reason), reason);
        Assert.True(ContentMapFile.TryRead(KeptMap, out var map, out reason), reason);
        return (progress, map);
    }

    /// <summary>The target goes, as by an operator's hand.</summary>
    public void LoseTarget() => Target = null;

    public OpenAnswer Open(TransferRecords.Ask ask)
    {
        lock (_lock)
        {
            if (Layers.TryGetValue(ask.Content, out var thin))
                return new OpenAnswer.Found(new Opened(this, () => thin, Maps[ask.Content], () => PieceSet.Empty));
            if (Receiving?.Invoke() is { } served && served.Map.Digest == ask.Content)
            {
                return new OpenAnswer.Found(new Opened(
                    this, () => (IBlockReader?)Target ?? Layers[ask.Content], served.Map,
                    () => Receiving()?.Missing ?? PieceSet.Empty));
            }
            return new OpenAnswer.Refused(TransferRefusal.UnknownLayer, "this host has no such layer");
        }
    }

    public KernelResult KeepPlan(ReceivingProgress progress, ContentMap map)
    {
        (KeptProgress, KeptMap) = (ReceivingProgressFile.Write(progress), ContentMapFile.Write(map));
        return KernelResult.Done;
    }

    public KernelResult KeepProgress(ReceivingProgress progress)
    {
        BeforeKeepingProgress?.Invoke();
        KeptProgress = ReceivingProgressFile.Write(progress);
        return KernelResult.Done;
    }

    public KernelResult<IReceivingDevice> FindTarget(ReceivingProgress progress) => Target is null
        ? new KernelError(KernelFault.NotFound, 2, "find", "target")
        : KernelResult.Found<IReceivingDevice>(Target);

    public KernelResult<IReceivingDevice> MakeTarget(ReceivingProgress progress)
    {
        BeforeMakingTarget?.Invoke();
        var size = (long)progress.Shape.DeviceSize.Bytes;
        Target ??= new MemoryTarget(progress.Base is { } origin ? Layers[origin].Snapshot(size) : Blank(size))
        {
            BeforeWrite = BeforeWrite,
        };
        return KernelResult.Found<IReceivingDevice>(Target);
    }

    public KernelResult Commit(ReceivingProgress progress, ContentMap map)
    {
        BeforeCommit?.Invoke();
        lock (_lock)
        {
            (Layers[map.Digest], Maps[map.Digest]) = (Target!.Now, map);
            (KeptProgress, KeptMap, Target) = (null, null, null);
        }
        return KernelResult.Done;
    }

    public KernelResult Abandon(string reason)
    {
        BeforeAbandon?.Invoke();
        (KeptProgress, KeptMap) = (null, null);
        Target = null;
        return KernelResult.Done;
    }

    private sealed class Opened(
        MemoryPool pool, Func<IBlockReader> device, ContentMap map, Func<PieceSet> missing)
        : IOpenLayer, IBlockChanges
    {
        public SourceLayer Layer => new(
            new LayerShape(map.DeviceSize, FileSystemKind.Ext4), map,
            pool.Maps.ToImmutableDictionary(), missing());

        /// <summary>A reception's target, and after its commit the layer.</summary>
        public IBlockReader Device => device();

        public IBlockChanges? Changes => device() is MemoryThin ? this : null;

        public KernelResult<IReadOnlyList<ByteRange>> Since(ContentDigest ancestor) =>
            KernelResult.Found<IReadOnlyList<ByteRange>>(((MemoryThin)device()).ChangedSince(pool.Layers[ancestor]));

        public void Dispose()
        {
        }
    }
}

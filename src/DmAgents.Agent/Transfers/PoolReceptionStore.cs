using System.Collections.Immutable;
using DmAgents.Actors.Pools;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Formats;
using DmAgents.Domain.Pools.Recovery;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Receiving;

namespace DmAgents.Agent.Transfers;

/// <summary>A layer that a transfer receives.</summary>
/// <param name="Transfer">The transfer: as long as it is under way, what was received of the layer stays.</param>
/// <param name="Index">The layer's index in the transfer.</param>
/// <param name="Layer">The layer's key in the pool.</param>
/// <param name="Parent">The layer below it in the lineage; null: none.</param>
internal sealed record WantedLayer(
    RequestId Transfer, int Index, DeviceKey Layer, DeviceKey? Parent, FormatName? Format, string? Root, string? DiffId)
{
    /// <summary>The layer's labels; null: those of a layer that belongs to the transfer until an image needs
    /// it.</summary>
    public ImmutableSortedDictionary<string, string>? Labels { get; init; }

    public DeviceKey Key => WorkUnderWay.ReceptionOf(Transfer, Index);

    /// <summary>Two layers of this name have the same files: it is a chain id, or containerd's name for one.</summary>
    public bool NamesContent => Layer.Space != DeviceKey.LayerSpace || Digest.TryParse(Layer.Name, out _);
}

/// <summary>Receives a layer into a pool: plan and progress are files beside the pool, the target is a device of the
/// pool's journal. After a crash, opening the pool removes the target unless its transfer resumes.</summary>
internal sealed class PoolReceptionStore(
    PoolGateway gateway, IKernel kernel, IDurableFiles files, ContentMaps maps, PoolPicture pool, WantedLayer wanted)
    : IReceptionStore, IDisposable
{
    private const string What = "cannot receive layer";
    private const string Receive = "receive";

    /// <summary>Longer than a busy disk takes for a piece.</summary>
    private static readonly TimeSpan ReadersPatience = TimeSpan.FromSeconds(30);

    private readonly string _file = $"{pool.Paths.TransferDirectory}/{wanted.Transfer.Value:N}-{wanted.Index}";
    private volatile ServedTarget? _target;

    /// <summary>Why the last refusal could not create or store the target; null if nothing was refused.</summary>
    public KernelFault? Fault { get; private set; }

    /// <summary>What an operator can do about the last refusal, if known here.</summary>
    public string? Next { get; private set; }

    private string ProgressFile => _file + ".progress";

    private string MapFile => _file + ".map";

    /// <summary>What an earlier life of the agent stored; null if nothing usable is stored.</summary>
    public (ReceivingProgress Progress, ContentMap Map)? Kept()
    {
        var (progress, map) = (files.Read(ProgressFile), files.Read(MapFile));
        return progress.Succeeded && map.Succeeded
            && ReceivingProgressFile.TryRead(progress.Value, out var kept, out _)
            && ContentMapFile.TryRead(map.Value, out var content, out _) && content.Digest == kept.Content
                ? (kept, content)
                : null;
    }

    /// <remarks>Writes the map first: a progress beside another layer's map is not used.</remarks>
    public KernelResult KeepPlan(ReceivingProgress progress, ContentMap map) =>
        files.Replace(MapFile, ContentMapFile.Write(map)).Then(() => KeepProgress(progress));

    /// <remarks>Below the pool's mark nothing is received: the remaining space is for work that runs already.</remarks>
    public KernelResult KeepProgress(ReceivingProgress progress)
    {
        if (gateway.Board.Find(pool.Name)?.Health is
            { Condition: PoolCondition.LowData or PoolCondition.LowMetadata or PoolCondition.OutOfData } full)
        {
            Fault = KernelFault.NoSpace;
            return new KernelError(
                KernelFault.NoSpace, 0, Receive, wanted.Layer.Name, $"pool {pool.Name} has {full.Why}");
        }
        return files.Replace(ProgressFile, ReceivingProgressFile.Write(progress));
    }

    public KernelResult<IReceivingDevice> FindTarget(ReceivingProgress progress) =>
        Noted(TransferPorts.Wait(Receive, wanted.Layer.Name, () => FindAsync(progress)));

    public KernelResult<IReceivingDevice> MakeTarget(ReceivingProgress progress) =>
        Noted(TransferPorts.Wait(Receive, wanted.Layer.Name, async () =>
        {
            var found = await FindAsync(progress).ConfigureAwait(false);
            if (!found.FailedWith(KernelFault.NotFound))
                return found;
            DeviceKey? source = null;
            if (progress.Base is { } origin && (source = State.FindCopy(origin)?.Key) is null)
            {
                return new KernelError(
                    KernelFault.Failed, 0, Receive, wanted.Layer.Name, "the layer that it was to begin with is gone");
            }
            await gateway.Make(pool.Name, new PoolCommands.Receive(
                new RequestId(Guid.NewGuid()), wanted.Key, wanted.Parent, source, progress.Shape.DeviceSize,
                progress.Shape.FileSystem, gateway.Now)
            {
                Format = wanted.Format, Root = wanted.Root,
            }, wanted.Key, wanted.Transfer, CancellationToken.None).ConfigureAwait(false);
            return await FindAsync(progress).ConfigureAwait(false);
        }));

    /// <remarks>The map is stored first: the layer has one from its first moment. If another transfer or import was
    /// faster, its layer is used, and this one's is removed. A file system that this host's kernel does not support is
    /// refused: each container created from it would be. A device that another host still reads is not committed until
    /// it is closed.</remarks>
    public KernelResult Commit(ReceivingProgress progress, ContentMap map)
    {
        var closed = Close();
        var committed = !closed.Succeeded ? closed
            : State.Find(wanted.Layer) is { } present
            ? Judge(present, map.Digest)
            : LookAtFormat()
                .Then(() => maps.Keep(pool.Paths, wanted.Layer, map))
                .Then(() => TransferPorts.Wait(Receive, wanted.Layer.Name, () => CommitAsync(map.Digest)));
        Fault = committed.Error?.Fault ?? Fault;
        return committed.Then(Forget);
    }

    /// <summary>Deletes the stored state, and removes the target if there is one, even while another host reads
    /// it.</summary>
    public KernelResult Forget()
    {
        Close();
        return files.Delete(ProgressFile).Then(() => files.Delete(MapFile)).Then(() => TransferPorts.Wait(
            Receive, wanted.Layer.Name, RemoveAsync));
    }

    public KernelResult Abandon(string reason) => Forget();

    public void Dispose() => Close();

    /// <summary>Reads received blocks for another host. Thread-safe.</summary>
    /// <returns>Null: there is no target, or not any more.</returns>
    public KernelResult? TryReadTarget(ByteSize offset, Span<byte> into) => _target?.TryRead(offset, into);

    private PoolContents State => gateway.Board.Find(pool.Name)?.State ?? pool.State;

    private KernelResult<T> Noted<T>(KernelResult<T> result)
    {
        Fault = result.Error?.Fault ?? Fault;
        return result;
    }

    private KernelResult Close()
    {
        var closed = _target?.Close(wanted.Layer.Name) ?? KernelResult.Done;
        if (closed.Succeeded)
            _target = null;
        return closed;
    }

    /// <remarks>A device that began with another base than the plan's is removed: it would keep bytes that are never
    /// read back.</remarks>
    private async Task<KernelResult<IReceivingDevice>> FindAsync(ReceivingProgress progress)
    {
        if (Close() is { Error: { } busy })
            return busy;
        var device = State.Find(wanted.Key);
        if (device is not null && (device.Phase == DevicePhase.Lost || !IsTargetOf(progress, device)))
        {
            if (await RemoveAsync().ConfigureAwait(false) is { Error: { } error })
                return error;
            device = null;
        }
        if (device is null)
            return new KernelError(KernelFault.NotFound, 0, Receive, wanted.Key.Name, "it has no device yet");
        await gateway.Ask(pool.Name, new PoolCommands.Confirm(
            new RequestId(Guid.NewGuid()), wanted.Key, gateway.Now), CancellationToken.None).ConfigureAwait(false);
        var context = LayerReading.ContextOf(What, pool);
        var opened = kernel.OpenForReceiving(context.NameOf(device.Id), context.Identity.BlockSize);
        if (!opened.Succeeded)
            return opened.Error;
        _target = new ServedTarget(opened.Value, ReadersPatience);
        return KernelResult.Found<IReceivingDevice>(opened.Value);
    }

    /// <summary>A device that already has the layer's name is the layer, or an obstacle.</summary>
    private KernelResult Judge(DeviceRecord present, ContentDigest content) =>
        present is { Kind: DeviceKind.Layer, Phase: DevicePhase.Ready }
        && (wanted.NamesContent || State.ContentOf(present.Id) == content)
            ? KernelResult.Done
            : new KernelError(
                KernelFault.Exists, 0, Receive, wanted.Layer.Name,
                $"pool {pool.Name} has this name already, for what is not this layer ({present.Phase})");

    private KernelResult LookAtFormat()
    {
        if (State.Find(wanted.Key) is not { } device
            || new FormatLook(kernel, LayerReading.ContextOf(What, pool))
                .Look(device.Id, device.Size, device.FileSystem)?.Concern is not { } concern)
            return KernelResult.Done;
        Next = concern.Next;
        return new KernelError(KernelFault.NotSupported, 0, Receive, wanted.Layer.Name, concern.Why);
    }

    private bool IsTargetOf(ReceivingProgress progress, DeviceRecord device) =>
        device.Size == progress.Shape.DeviceSize && (device.Source is { } source
            ? progress.Base is { } origin && State.ContentOf(source) == origin
            : progress.Base is null);

    private async Task<KernelResult> CommitAsync(ContentDigest content)
    {
        var made = await gateway.Make(
            pool.Name, new PoolCommands.Commit(
                new RequestId(Guid.NewGuid()), wanted.Key, wanted.Layer, wanted.Labels ?? OfTransfer(), gateway.Now)
            {
                Content = content,
            },
            wanted.Layer, wanted.Transfer, CancellationToken.None).ConfigureAwait(false);
        // If another process had the device open at that moment, the layer was made by a snapshot, which has no digest
        // yet.
        if (made.Layer is { } layer && State.ContentOf(layer.Id) is null)
        {
            await gateway.Ask(pool.Name, new PoolCommands.NoteContent(
                new RequestId(Guid.NewGuid()), wanted.Layer, content, gateway.Now), CancellationToken.None)
                .ConfigureAwait(false);
        }
        return KernelResult.Done;
    }

    private ImmutableSortedDictionary<string, string> OfTransfer()
    {
        var labels = ImmutableSortedDictionary<string, string>.Empty
            .Add(DeviceLabels.Import, wanted.Transfer.ToString());
        return wanted.DiffId is { } diffId ? labels.Add(DeviceLabels.DiffId, diffId) : labels;
    }

    private async Task<KernelResult> RemoveAsync() =>
        State.Find(wanted.Key) is not null
        && await gateway.Remove(pool.Name, wanted.Key).ConfigureAwait(false) is { } refusal
            ? TransferPorts.ErrorOf("remove", wanted.Key.Name, refusal)
            : KernelResult.Done;
}

using System.Collections.Concurrent;
using System.Collections.Immutable;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Spread;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Recovery;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Transfer.Connections;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Receiving;
using DmAgents.Transfer.Wire;

namespace DmAgents.Agent.Transfers;

/// <summary>Copies an image from another host into a pool: the missing layers, the lowest first, then its name. A
/// failed or cancelled copy removes what it created.</summary>
internal sealed class ImageCopier(
    PoolGateway gateway, IKernel kernel, IDurableFiles files, ContentMaps maps, CopyFiles kept, ILayerPeers peers,
    ImageQuestions questions, CopySources sources, FleetMadeImages made, ImageNaming naming, TimeProvider time,
    ILogger<ImageCopier> log)
{
    public const string What = "cannot copy image";

    /// <summary>Pieces of 1 MiB that a stop or a crash may cost.</summary>
    private const int SyncEvery = 16;

    private static readonly TimeSpan ProgressEvery = TimeSpan.FromMilliseconds(250);

    /// <summary>One reception of a layer at a time: the next one finds the layer.</summary>
    private readonly Turns<(PoolName Pool, DeviceKey Layer)> _turns = new();

    private readonly Lock _admitting = new();
    private readonly ConcurrentDictionary<RequestId, RunningCopy> _admitted = new();

    /// <summary>The id of the request that names a copy's image.</summary>
    internal static RequestId NamingOf(RequestId copy, ImageReference reference) =>
        SubRequests.Of(copy, $"tag {reference}");

    /// <param name="stopping">Received layers are kept, and the copy continues after the next start.</param>
    public async Task<ImageReference> RunAsync(RunningCopy copy, CancellationToken stopping)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(copy.NotWanted, stopping);
        var pool = PoolOf(copy.Job);
        try
        {
            var offer = copy.Offer ??= await questions.AskAsync(
                copy.Job, progress => copy.Progress = progress, either.Token).ConfigureAwait(false);
            await SpareOthersAsync(copy, offer, either.Token).ConfigureAwait(false);
            Admit(copy, pool, offer);
            if (kept.Keep(pool.Paths, copy.Job, offer) is { Error: { } error })
                throw Refusals.Of(What, copy.Job.Image, error);
            var holders = copy.Holders = sources.Holders();
            await using (holders.ConfigureAwait(false))
            {
                for (var i = 0; i < offer.Layers.Length; i++)
                    await BringAsync(copy, pool, offer, i, stopping).ConfigureAwait(false);
            }
            var reference = await TagAsync(copy, offer).ConfigureAwait(false);
            kept.Forget(pool.Paths, copy.Job.Request);
            return reference;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception cause) when (cause is RefusedException or OperationCanceledException)
        {
            await TakeBackAsync(copy, pool).ConfigureAwait(false);
            throw;
        }
        catch (Exception fault)
        {
            // A stored copy would fail again after each start.
            log.CopyFault(fault, copy.Job.Image);
            await TakeBackAsync(copy, pool).ConfigureAwait(false);
            throw Refusals.Because(
                RefusalKind.Failed, What, copy.Job.Image, $"a fault of the agent: {fault.Message}",
                "see the agent's log, and report it");
        }
        finally
        {
            _admitted.TryRemove(copy.Job.Request, out _);
        }
    }

    private async Task SpareOthersAsync(RunningCopy copy, ImageOffer offer, CancellationToken cancellation)
    {
        SpareOthers(copy, offer);
        if (!made.Ordered(copy.Job.Request))
        {
            await naming.Look(
                What, copy.Job.Pool, new ImageReference(offer.Reference), offer.ConfigDigest, cancellation)
                .ConfigureAwait(false);
        }
    }

    /// <summary>A copy that the fleet ordered does not take the name of an operator's image, which may have arrived
    /// since the order: that image would lose its layers. An operator who copies says which image the name is to
    /// mean.</summary>
    private void SpareOthers(RunningCopy copy, ImageOffer offer)
    {
        if (!made.Ordered(copy.Job.Request))
            return;
        var reference = new ImageReference(offer.Reference);
        // Another order of the fleet may take the name while this one copies: the later one counts.
        copy.Expected ??= new ImageExpectation(
            StateOf(PoolOf(copy.Job)).Images.GetValueOrDefault(reference)?.ConfigDigest);
        if (made.Objection(reference, offer.ConfigDigest) is { } why)
        {
            throw Refusals.Because(
                RefusalKind.Exists, What, copy.Job.Image, why, "give one of the two images another name");
        }
    }

    /// <summary>Refuses a copy, before anything is received, if it does not fit beside the rest of the other
    /// copies.</summary>
    private void Admit(RunningCopy copy, PoolPicture pool, ImageOffer offer)
    {
        var missing = MissingOf(pool.State, offer.Layers);
        lock (_admitting)
        {
            var others = Others(copy).Aggregate(0UL, (sum, other) => sum + other.ToCome);
            if (pool.Health is { Status.Data: var data } && missing + others > data.FreeBytes.Bytes)
            {
                throw Refusals.Because(
                    RefusalKind.NoSpace, What, copy.Job.Image,
                    $"its layers that are missing here have {new ByteSize(missing)}, and pool {pool.Name} has "
                    + $"{data.FreeBytes} free" + (others > 0 ? $", of which other copies need {new ByteSize(others)}" : ""),
                    $"remove images or containers, or grow it: dmagent pool grow {pool.Name}");
            }
            copy.ToCome = missing;
            _admitted[copy.Job.Request] = copy;
        }
    }

    private static ulong MissingOf(PoolContents state, IEnumerable<OfferedLayer> layers) =>
        layers.Where(layer => !Has(state, layer.Key)).Aggregate(0UL, (sum, layer) => sum + layer.Changed);

    /// <summary>The admitted copies into the same pool.</summary>
    private IEnumerable<RunningCopy> Others(RunningCopy copy) => _admitted.Values.Where(
        other => other.Job.Pool == copy.Job.Pool && other.Job.Request != copy.Job.Request);

    private async Task BringAsync(
        RunningCopy copy, PoolPicture pool, ImageOffer offer, int index, CancellationToken stopping)
    {
        var layer = offer.Layers[index];
        var wanted = new WantedLayer(
            copy.Job.Request, index, layer.Key, index > 0 ? offer.Layers[index - 1].Key : null,
            layer.Format is { } format ? new FormatName(format) : null, layer.Root, layer.DiffId);
        using var store = new PoolReceptionStore(gateway, kernel, files, maps, pool, wanted);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(copy.NotWanted, stopping);
        using var turn = await _turns.TakeAsync((pool.Name, layer.Key), either.Token).ConfigureAwait(false);
        if (await HasAsync(copy, pool, layer, either.Token).ConfigureAwait(false))
        {
            Show(copy, offer, index + 1, CopyPhase.Present, layer.Changed);
            if (store.Forget() is { Error: { } error })
                log.ReceivedStays(pool.Name, layer.Key, error);
            return;
        }
        await ReceiveAsync(copy, pool, offer, index, store, either.Token, stopping).ConfigureAwait(false);
        copy.ToCome = MissingOf(StateOf(pool), offer.Layers.Skip(index + 1));
    }

    private async Task ReceiveAsync(
        RunningCopy copy, PoolPicture pool, ImageOffer offer, int index, PoolReceptionStore store,
        CancellationToken notOver, CancellationToken stopping)
    {
        var (layer, job) = (offer.Layers[index], copy.Job);
        var identity = PoolGateway.IdentityOf(What, pool);
        var ancestors = await AncestorsAsync(pool, offer, index, notOver).ConfigureAwait(false);
        var request = new ReceiveRequest(layer.Asked, layer.Digest, TransferPriority.Normal, layer.Shape, ancestors);
        var settings = new ReceiverSettings(
            new TransferParty(SelfOf(job).Fleet, identity.Uuid, identity.BlockSize), ContentMaps.Pieces,
            layer.Shape.DeviceSize)
        {
            SyncEvery = SyncEvery,
        };
        settings = sources.Spread(settings, layer);
        var receiver = await Task.Run(() => ReceiverOf(copy, request, settings, store)).ConfigureAwait(false);
        LayerReception? reception = null;
        ulong Verified() => Volatile.Read(ref reception)?.Served?.Verified ?? 0;
        reception = new LayerReception(
            receiver, store, sources.Of(job.From, layer, copy.Holders!, Verified), new ConnectionSettings(), time);
        var served = new ReceivedLayer(pool.Name, identity.Uuid, layer.Digest, layer.Shape, reception, store);
        var receiving = sources.ServeAsync(served, () => reception.RunAsync(copy.NotWanted, stopping));
        Show(copy, offer, index + 1, CopyPhase.Receiving, 0);
        while (await Task.WhenAny(receiving, Task.Delay(ProgressEvery, time, CancellationToken.None))
            .ConfigureAwait(false) != receiving)
        {
            var bytes = Math.Min(Verified() * (ulong)ContentMaps.Pieces.Bytes, layer.Changed);
            var left = MissingOf(StateOf(pool), offer.Layers.Skip(index));
            copy.ToCome = left - Math.Min(left, bytes);
            if (bytes > 0)
                Show(copy, offer, index + 1, CopyPhase.Receiving, bytes);
        }
        var outcome = await receiving.ConfigureAwait(false);
        stopping.ThrowIfCancellationRequested();
        if (outcome.End == ReceptionEnd.Committed)
        {
            Show(copy, offer, index + 1, CopyPhase.Receiving, layer.Changed);
            return;
        }
        copy.NotWanted.ThrowIfCancellationRequested();
        throw Failed(job, pool, layer, store, outcome.Reason);
    }

    private static RefusedException Failed(
        CopyJob job, PoolPicture pool, OfferedLayer layer, PoolReceptionStore store, string reason) => Refusals.Because(
        store.Fault switch
        {
            KernelFault.NoSpace => RefusalKind.NoSpace,
            KernelFault.Exists => RefusalKind.Exists,
            _ => RefusalKind.Failed,
        },
        What, job.Image, $"layer {layer.Name} of host {job.From}: {reason}",
        store.Fault switch
        {
            KernelFault.NoSpace => $"remove images or containers, or grow the pool: dmagent pool grow {pool.Name}",
            KernelFault.Exists => RemovalOf(layer),
            _ => store.Next ?? "see the agent's log on both hosts, then try again",
        });

    /// <summary>Resumes a stored reception, if it is of this layer.</summary>
    private static Receiver ReceiverOf(
        RunningCopy copy, ReceiveRequest request, ReceiverSettings settings, PoolReceptionStore store)
    {
        if (store.Kept() is var (progress, map) && progress.Content == request.Content
            && (progress.Base is null || request.Ancestors.Any(ancestor => ancestor.Digest == progress.Base)))
        {
            // Several writes fill a larger block: after a crash the rest of one may contain another layer's bytes.
            var isInDoubt = settings.Pool.BlockSize.Bytes > ByteSize.MiB(1);
            return new Receiver(request, settings with { ReadsAllBack = isInDoubt }, progress, map);
        }
        // If the old device stayed, it would become this layer's, with its content.
        return store.Forget() is { Error: { } error }
            ? throw Refusals.Of(What, copy.Job.Image, error)
            : new Receiver(request, settings);
    }

    /// <summary>Copies in this pool that the layer can be received upon, the nearest first: those with the content that
    /// the other host has, too.</summary>
    private async Task<ImmutableArray<ContentMap>> AncestorsAsync(
        PoolPicture pool, ImageOffer offer, int index, CancellationToken cancellation)
    {
        var found = ImmutableArray.CreateBuilder<ContentMap>();
        for (var i = index - 1; i >= 0; i--)
        {
            var shape = offer.Layers[index].Shape;
            if (StateOf(pool).FindCopy(offer.Layers[i].Digest) is not { } copy
                || copy.FileSystem != shape.FileSystem || copy.Size > shape.DeviceSize)
                continue;
            found.Add(await maps.GetAsync(pool.Name, copy.Key, cancellation).ConfigureAwait(false));
        }
        return found.ToImmutable();
    }

    private async Task<ImageReference> TagAsync(RunningCopy copy, ImageOffer offer)
    {
        var reference = new ImageReference(offer.Reference);
        SpareOthers(copy, offer);
        copy.Progress = copy.Progress with { Phase = CopyPhase.Tagging };
        var tag = new PoolCommands.TagImage(
            NamingOf(copy.Job.Request, reference), reference, offer.Layers[^1].Key, offer.ConfigDigest,
            offer.Config, gateway.Now, copy.Expected);
        // An order of the fleet takes the name only from its own copies, which the fleet has given up.
        await naming.Tag(What, copy.Job.Pool, tag, made.Ordered(copy.Job.Request), CancellationToken.None)
            .ConfigureAwait(false);
        return reference;
    }

    /// <summary>Deletes the copy's file first: from then on the next opening of the pool undoes what is left. Then
    /// removes the layers from the top down; a layer with another one above it stays, and so does one that an image
    /// needs.</summary>
    private async Task TakeBackAsync(RunningCopy copy, PoolPicture pool)
    {
        if (kept.Forget(pool.Paths, copy.Job.Request) is { Error: { } error })
            log.CopyNotEnded(copy.Job.Image, error);
        var state = StateOf(pool);
        foreach (var device in state.Devices.Values
            .Where(device => device.IsPresent && WorkUnderWay.OwnerOf(device) == copy.Job.Request)
            .OrderByDescending(device => state.LineageOf(device).Count()))
        {
            // Another copy may have found it present; a later one finds that it is gone.
            using var turn = await _turns.TakeAsync((pool.Name, device.Key), CancellationToken.None)
                .ConfigureAwait(false);
            if (Others(copy).Any(other => other.Offer!.Layers.Any(layer => layer.Key == device.Key)))
                continue;
            if (await gateway.Remove(pool.Name, device.Key).ConfigureAwait(false) is { } refusal)
                log.CopiedLayerStays(pool.Name, device.Key, refusal);
        }
    }

    private static void Show(RunningCopy copy, ImageOffer offer, int layer, CopyPhase phase, ulong ofLayer)
    {
        var before = offer.Layers.Take(layer - 1).Aggregate(0UL, (sum, below) => sum + below.Changed);
        var all = offer.Layers.Aggregate(0UL, (sum, each) => sum + each.Changed);
        copy.Progress = new CopyProgress(
            phase, layer, offer.Layers.Length, new ByteSize(before + ofLayer), new ByteSize(all));
    }

    private LayerPeer SelfOf(CopyJob job) => peers.Self ?? throw Refusals.Because(
        RefusalKind.WrongState, What, job.Image, "this host is in no fleet", "join one: dmagent fleet join --help");

    private PoolPicture PoolOf(CopyJob job) => gateway.Board.Find(job.Pool)
        ?? throw Refusals.NotFound(What, job.Pool.Value, "the pool is gone", "list them: dmagent pool list");

    private PoolContents StateOf(PoolPicture pool) => gateway.Board.Find(pool.Name)?.State ?? pool.State;

    /// <summary>Whether the pool has the layer. A chain id names the same files everywhere; any other name is specific
    /// to the other pool, and only the content shows whether it is the same layer.</summary>
    /// <exception cref="RefusedException">In this pool the name belongs to something else.</exception>
    private async Task<bool> HasAsync(
        RunningCopy copy, PoolPicture pool, OfferedLayer layer, CancellationToken cancellation)
    {
        var present = StateOf(pool).Find(layer.Key);
        if (present is null or { Phase: DevicePhase.Creating or DevicePhase.Removing })
            return false;
        var isLayer = present is { Kind: DeviceKind.Layer, Phase: DevicePhase.Ready };
        if (isLayer && (layer.HasChainId || layer.Digest
            == (await maps.GetAsync(pool.Name, layer.Key, cancellation).ConfigureAwait(false)).Digest))
            return true;
        var why = isLayer ? "with other content" : $"which is {present.Phase}";
        throw Refusals.Because(
            RefusalKind.Exists, What, copy.Job.Image, $"pool {pool.Name} has a layer {layer.Name} already, {why}",
            RemovalOf(layer));
    }

    private static string RemovalOf(OfferedLayer layer) =>
        $"remove the images that need that layer, then the layer: dmagent layer remove {layer.Name}";

    private static bool Has(PoolContents state, DeviceKey layer) =>
        state.Find(layer) is { Kind: DeviceKind.Layer, Phase: DevicePhase.Ready };
}

using System.Collections.Immutable;
using System.Security.Authentication;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Configuration;
using DmAgents.Agent.Containerd;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Transfer.Connections;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Receiving;
using DmAgents.Transfer.Wire;

namespace DmAgents.Agent.Transfers;

/// <summary>A layer that containerd is about to unpack.</summary>
/// <param name="Name">Its name on this host.</param>
/// <param name="Parent">The layer below it; null: none.</param>
/// <param name="FileSystem">The required file system; null: any.</param>
internal sealed record NeededLayer(
    ChainId Chain, DeviceKey Name, DeviceKey? Parent, FileSystemKind? FileSystem,
    ImmutableSortedDictionary<string, string> Labels);

/// <summary>Receives one layer into a pool from hosts of the fleet that have it, or receive it themselves. Received
/// pieces are served to other hosts at once. A failure leaves nothing, and is not retried: there is a
/// registry.</summary>
internal sealed class PeerLayers(
    PoolGateway gateway, IKernel kernel, IDurableFiles files, ContentMaps maps, ILayerPeers peers,
    ILayerLocations locations, LayerSearch search, CopySources sources, AgentSettings settings, TimeProvider time,
    ILogger<PeerLayers> log)
{
    private const string What = "cannot bring layer";

    /// <summary>How long a host may compute the content of a layer that it was never asked for before.</summary>
    private static readonly TimeSpan ComputedWithin = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    private TimeSpan StalledAfter => settings.Fleet.Layers.StalledAfter;

    /// <summary>A source without progress is replaced by another one before the layer is abandoned.</summary>
    private TimeSpan ReplacedAfter => StalledAfter / 4;

    /// <returns>The host that sent it; null: no host has it, or none sends it.</returns>
    /// <exception cref="OperationCanceledException">It is no longer wanted, and nothing of it is left. A layer that was
    /// complete by then stays.</exception>
    public async Task<HostName?> BringAsync(PoolPicture pool, NeededLayer needed, CancellationToken notWanted)
    {
        var candidates = new LayerCandidates(
            locations, peers, needed.Chain, settings.Fleet.Layers.AnswerWithin / 2, time);
        var since = time.GetTimestamp();
        HashSet<HostName> failed = [];
        do
        {
            var among = await candidates.FindAsync(notWanted).ConfigureAwait(false);
            var found = await search.FindAsync(
                among.Where(host => !failed.Contains(host)), needed.Chain, needed.FileSystem, notWanted)
                .ConfigureAwait(false);
            if (found is null)
                break;
            await using var closing = found.ConfigureAwait(false);
            if (await OfferedAsync(found, needed, notWanted).ConfigureAwait(false) is { } layer)
            {
                return await BringAsync(pool, needed, found.Host, layer, candidates, notWanted).ConfigureAwait(false)
                    ? found.Host
                    : null;
            }
            failed.Add(found.Host);
        }
        while (time.GetElapsedTime(since) < StalledAfter);
        notWanted.ThrowIfCancellationRequested();
        return null;
    }

    /// <returns>Null: the host does not report the layer's content, and another one is asked.</returns>
    private async Task<OfferedLayer?> OfferedAsync(FoundLayer found, NeededLayer needed, CancellationToken notWanted)
    {
        try
        {
            return await ContentAsync(found, needed, notWanted).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is IOException or AuthenticationException or RefusedException)
        {
            log.LayerNotOffered(found.Host, needed.Chain, fault.Message);
            return null;
        }
    }

    private async Task<bool> BringAsync(
        PoolPicture pool, NeededLayer needed, HostName host, OfferedLayer layer, LayerCandidates candidates,
        CancellationToken notWanted)
    {
        var request = new RequestId(Guid.NewGuid());
        using var work = gateway.Board.Work.Begin(pool.Name, request);
        using var known = locations.Begin(needed.Chain, host);
        try
        {
            await ReceiveAsync(pool, needed, host, layer, request, candidates, notWanted).ConfigureAwait(false);
            return true;
        }
        catch (Exception fault) when (fault is IOException or AuthenticationException or RefusedException)
        {
            log.LayerNotReceived(needed.Chain, host, fault.Message);
            return false;
        }
    }

    /// <summary>The layer's content. The host may have to read it first.</summary>
    private async Task<OfferedLayer> ContentAsync(
        FoundLayer found, NeededLayer needed, CancellationToken notWanted)
    {
        var since = time.GetTimestamp();
        try
        {
            await OfferWire.WriteAsync(found.Stream, new OfferMessage { Layer = needed.Chain.Value }, notWanted)
                .ConfigureAwait(false);
            while (time.GetElapsedTime(since) < ComputedWithin)
            {
                using var patience = new CancellationTokenSource(StalledAfter / 2, time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, notWanted);
                var answer = await OfferWire.ReadAsync(found.Stream, either.Token).ConfigureAwait(false);
                if (answer is { Content: { } layer })
                    return Checked(layer, needed);
                if (answer is { Refusal: { } refusal })
                    throw Refusals.Of(refusal);
                if (answer is not { Work: not null })
                    throw new IOException("it closed the connection without an answer");
            }
        }
        catch (OperationCanceledException) when (!notWanted.IsCancellationRequested)
        {
            throw new IOException($"no byte came for {StalledAfter.TotalSeconds / 2} s");
        }
        throw new IOException($"it still reads the layer after {ComputedWithin.TotalSeconds} s");
    }

    private static OfferedLayer Checked(OfferedLayer layer, NeededLayer needed)
    {
        var fault = layer.Fault() ?? (layer.Name != needed.Chain.Value || layer.Root is not null
            || (needed.FileSystem ?? layer.FileSystem) != layer.FileSystem
                ? "it is another layer, or no whole file system" : null);
        return fault is null ? layer : throw new IOException($"what it offers cannot be used: {fault}");
    }

    private async Task ReceiveAsync(
        PoolPicture pool, NeededLayer needed, HostName host, OfferedLayer layer, RequestId request,
        LayerCandidates candidates, CancellationToken notWanted)
    {
        if (peers.Self is not { } self)
            throw new IOException("this host has left its fleet");
        if (pool.Health is { Status.Data: var data } && layer.Changed > data.FreeBytes.Bytes)
            throw new IOException($"pool {pool.Name} has {data.FreeBytes} free, and the layer has more");
        var identity = PoolGateway.IdentityOf(What, pool);
        var receiver = new Receiver(
            new ReceiveRequest(
                needed.Chain, layer.Digest, TransferPriority.Urgent, layer.Shape, AncestorsOf(pool, needed, layer)),
            sources.Spread(
                new ReceiverSettings(
                    new TransferParty(self.Fleet, identity.Uuid, identity.BlockSize), ContentMaps.Pieces,
                    layer.Shape.DeviceSize)
                {
                    HeaderWithin = StalledAfter,
                },
                layer) with
            {
                SlowAfter = ReplacedAfter,
            });
        using var store = new PoolReceptionStore(gateway, kernel, files, maps, pool, new WantedLayer(
            request, 0, needed.Name, needed.Parent, layer.Format is { } format ? new FormatName(format) : null,
            Root: null, DiffId: null)
        {
            Labels = needed.Labels.With(layer.FileSystem),
        });
        LayerReception? reception = null;
        ulong Verified() => Volatile.Read(ref reception)?.Served?.Verified ?? 0;
        var holders = sources.Holders(candidates.FindAsync);
        await using var closing = holders.ConfigureAwait(false);
        // A silent host is abandoned early only if another one may replace it.
        var hasOthers = (await candidates.FindAsync(notWanted).ConfigureAwait(false)).Count > 1;
        reception = new LayerReception(
            receiver, store, sources.Urgent(host, layer, holders, Verified, StalledAfter),
            new ConnectionSettings { StalledAfter = hasOthers ? 2 * ReplacedAfter : StalledAfter }, time);
        var served = new ReceivedLayer(pool.Name, identity.Uuid, layer.Digest, layer.Shape, reception, store);
        var outcome = await sources.ServeAsync(served, () => WatchAsync(reception, notWanted)).ConfigureAwait(false);
        if (outcome.End == ReceptionEnd.Committed)
            return;
        notWanted.ThrowIfCancellationRequested();
        throw new IOException(outcome.Reason);
    }

    /// <summary>Waits until the reception ends, or makes too little progress for too long. The remaining work on this
    /// host is not the other host's fault.</summary>
    private async Task<ReceptionOutcome> WatchAsync(LayerReception reception, CancellationToken notWanted)
    {
        using var given = CancellationTokenSource.CreateLinkedTokenSource(notWanted);
        var receiving = reception.RunAsync(given.Token, CancellationToken.None);
        var (pace, since) = (new BringingPace(StalledAfter), time.GetTimestamp());
        while (await Task.WhenAny(receiving, Task.Delay(LookEvery, time, CancellationToken.None))
            .ConfigureAwait(false) != receiving)
        {
            var served = reception.Served;
            if (!pace.IsKept(served?.Verified ?? 0, served is { Missing.Count: 0 }, time.GetElapsedTime(since)))
                await given.CancelAsync().ConfigureAwait(false);
        }
        var outcome = await receiving.ConfigureAwait(false);
        return outcome.End == ReceptionEnd.GivenUp && given.IsCancellationRequested
            ? outcome with { Reason = $"less than 2 MiB came in {StalledAfter.TotalSeconds} s" }
            : outcome;
    }

    /// <summary>Copies in this pool that the layer can be received upon, the nearest first: those whose content is
    /// available. Reading another one would take longer than it saves.</summary>
    private ImmutableArray<ContentMap> AncestorsOf(PoolPicture pool, NeededLayer needed, OfferedLayer layer)
    {
        var state = gateway.Board.Find(pool.Name)?.State ?? pool.State;
        var lineage = needed.Parent is { } below && state.Find(below) is { } parent ? state.LineageOf(parent) : [];
        return
        [
            .. lineage
                .Where(device => device.FileSystem == layer.FileSystem && device.Size <= layer.Shape.DeviceSize)
                .Select(device => state.ContentOf(device.Id) is { } content ? maps.Find(pool.Name, content)?.Map : null)
                .OfType<ContentMap>().Take(WireLimits.Ancestors),
        ];
    }
}

using System.Collections.Immutable;
using DmAgents.Domain.Pools;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Containerd;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Layers;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Wire;

namespace DmAgents.Agent.Transfers;

/// <summary>Answers other hosts which layers this host has under which chain ids, imported or unpacked by containerd,
/// and their content.</summary>
internal sealed class LayerOffers(
    PoolGateway gateway, ContentMaps maps, PoolLayerSources sources, ReceivedLayers received, TimeProvider time)
{
    private const string What = "cannot offer layer";

    /// <summary>Shorter than any time after which a host abandons this one.</summary>
    private static readonly TimeSpan WorkEvery = TimeSpan.FromSeconds(1);

    /// <summary>Answers repeated questions which of the layers this host has. Then, if it is asked for one of them,
    /// answers what its blocks are.</summary>
    public async Task ServeAsync(Stream connection, CancellationToken cancellation)
    {
        var stream = OfferWire.Guarded(connection, time);
        while (await OfferWire.ReadQuestionAsync(stream, time, cancellation).ConfigureAwait(false) is { } question)
        {
            if (question.Layer is { } chain)
                await OfferAsync(stream, chain, cancellation).ConfigureAwait(false);
            if (Answer(question) is not { } answer)
                return;
            await OfferWire.WriteAsync(stream, answer, cancellation).ConfigureAwait(false);
        }
    }

    private OfferMessage? Answer(OfferMessage question) => question switch
    {
        { Chains: { IsDefault: false } chains } => new OfferMessage
        {
            Held = [.. chains.Take(WireLimits.Ancestors).Select(HeldOf).OfType<HeldLayer>()],
        },
        { Contents: { IsDefault: false } contents } => new OfferMessage
        {
            HeldContents = [.. contents.Take(WireLimits.Ancestors).Select(HeldContentOf).OfType<HeldContent>()],
        },
        _ => null,
    };

    private HeldContent? HeldContentOf(string text)
    {
        if (!ContentDigest.TryParse(text, out var content))
            return null;
        var isWhole = sources.FindWhole(content) is not null;
        return isWhole || received.Find(content) is not null ? new HeldContent(text, isWhole, sources.Served) : null;
    }

    /// <summary>A layer that this host has under a chain id; null if there is none.</summary>
    public (PoolPicture Pool, DeviceRecord Layer)? Find(string chain)
    {
        foreach (var pool in gateway.Board.All.Where(pool => pool.Phase == PoolPhase.Open))
        {
            if (pool.State.Find(DeviceKey.Layer(chain)) is { } imported && IsWhole(imported))
                return (pool, imported);
            var unpacked = pool.State.Devices.Values.Where(device =>
                device.Labels.GetValueOrDefault(SnapshotLabels.Reference) == chain
                && device.Key.ContainerdNamespace is not null && IsWhole(device));
            if (unpacked.OrderBy(device => pool.State.ContentOf(device.Id) is null).FirstOrDefault() is { } layer)
                return (pool, layer);
        }
        return null;
    }

    private static bool IsWhole(DeviceRecord device) =>
        // For containerd a layer's tree is its whole file system.
        device is { Kind: DeviceKind.Layer, Phase: DevicePhase.Ready, Root: null };

    private HeldLayer? HeldOf(string chain) => Digest.TryParse(chain, out _) && Find(chain) is var (pool, layer)
        ? new HeldLayer(
            chain, layer.Size.Bytes, layer.FileSystem, pool.State.ContentOf(layer.Id)?.ToString(), sources.Served)
        : null;

    /// <summary>The computation of a content map is completed even if the asking host does not wait for it: the next
    /// one finds the map.</summary>
    private async Task OfferAsync(Stream stream, string chain, CancellationToken cancellation)
    {
        var making = MakeAsync(chain, cancellation);
        _ = making.ContinueWith(
            failed => failed.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted,
            TaskScheduler.Default);
        try
        {
            while (await Task.WhenAny(making, Task.Delay(WorkEvery, time, cancellation)).ConfigureAwait(false) != making)
            {
                await OfferWire.WriteAsync(stream, new OfferMessage { Work = new OfferWork(0, 1) }, cancellation)
                    .ConfigureAwait(false);
            }
            await OfferWire.WriteAsync(
                stream, new OfferMessage { Content = await making.ConfigureAwait(false) }, cancellation)
                .ConfigureAwait(false);
        }
        catch (RefusedException refused)
        {
            await OfferWire.WriteAsync(stream, new OfferMessage { Refusal = refused.Refusal }, cancellation)
                .ConfigureAwait(false);
        }
    }

    private async Task<OfferedLayer> MakeAsync(string chain, CancellationToken cancellation)
    {
        if (Find(chain) is not var (pool, layer))
            throw Refusals.NotFound(What, chain, "this host has no such layer", "ask another host");
        var map = await maps.GetAsync(pool.Name, layer.Key, cancellation).ConfigureAwait(false);
        ContentMap? below = null;
        if (pool.State.LineageOf(layer).Skip(1).FirstOrDefault(device => device.Kind == DeviceKind.Layer) is { } parent)
            below = await maps.GetAsync(pool.Name, parent.Key, cancellation).ConfigureAwait(false);
        var changed = (ulong)map.ChangedSince(below).Count(piece => !piece.Hash.IsZero);
        return new OfferedLayer(
            chain, layer.Labels.GetValueOrDefault(DeviceLabels.DiffId), map.Digest.ToString(), layer.Size.Bytes,
            layer.FileSystem, layer.Format?.Value, Root: null, changed * (ulong)map.PieceSize.Bytes);
    }
}

using System.Collections.Immutable;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Imports;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Images;
using DmAgents.Domain.Pools;
using DmAgents.Transfer.Content;

namespace DmAgents.Agent.Transfers;

/// <summary>Answers other hosts which layers an image of this host has, and their content.</summary>
internal sealed class ImageOffers(PoolGateway gateway, ContentMaps maps, TimeProvider time)
{
    private const string What = "cannot offer image";

    /// <summary>Well below the time after which a silent host is abandoned.</summary>
    private static readonly TimeSpan WorkEvery = TimeSpan.FromSeconds(5);

    /// <summary>Answers the question about an image.</summary>
    public async Task ServeAsync(Stream stream, string image, CancellationToken cancellation)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var done = new OfferWork(0, 0);
        var making = MakeAsync(image, work => Volatile.Write(ref done, work), end.Token);
        try
        {
            while (await Task.WhenAny(making, Task.Delay(WorkEvery, time, cancellation)).ConfigureAwait(false)
                != making)
            {
                await OfferWire.WriteAsync(stream, new OfferMessage { Work = Volatile.Read(ref done) }, cancellation)
                    .ConfigureAwait(false);
            }
            await OfferWire.WriteAsync(
                stream, new OfferMessage { Offer = await making.ConfigureAwait(false) }, cancellation)
                .ConfigureAwait(false);
        }
        catch (RefusedException refused)
        {
            await OfferWire.WriteAsync(stream, new OfferMessage { Refusal = refused.Refusal }, cancellation)
                .ConfigureAwait(false);
        }
        finally
        {
            // The asking host may be gone: nothing more is computed for it.
            await end.CancelAsync().ConfigureAwait(false);
            await ((Task)making).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Computes missing content maps.</summary>
    /// <exception cref="RefusedException">No pool has the image, or a layer cannot be read.</exception>
    public async Task<ImageOffer> MakeAsync(string name, Action<OfferWork> working, CancellationToken cancellation)
    {
        var (pool, image) = Find(name);
        var lineage = pool.State.LineageOf(pool.State.Devices[image.TopLayer])
            .Where(device => device.Kind == DeviceKind.Layer).Reverse().ToList();
        var layers = ImmutableArray.CreateBuilder<OfferedLayer>();
        ContentMap? below = null;
        foreach (var layer in lineage)
        {
            working(new OfferWork(layers.Count, lineage.Count));
            var map = await maps.GetAsync(pool.Name, layer.Key, cancellation).ConfigureAwait(false);
            var changed = (ulong)map.ChangedSince(below).Count(piece => !piece.Hash.IsZero);
            layers.Add(new OfferedLayer(
                layer.Key.Name, layer.Labels.GetValueOrDefault(DeviceLabels.DiffId), map.Digest.ToString(),
                layer.Size.Bytes, layer.FileSystem, layer.Format?.Value, layer.Root,
                changed * (ulong)map.PieceSize.Bytes));
            below = map;
        }
        return new ImageOffer(image.Reference.Value, image.ConfigDigest, image.Config, layers.ToImmutable());
    }

    private (PoolPicture Pool, ImageRecord Image) Find(string name)
    {
        RefusedException? refused = null;
        foreach (var pool in gateway.Board.All)
        {
            try
            {
                return (pool, ImageFinder.Find(What, pool, name));
            }
            catch (RefusedException missing)
            {
                // An ambiguous name is a better answer than a missing one.
                if (refused is null || missing.Refusal.Kind != RefusalKind.NotFound)
                    refused = missing;
            }
        }
        throw refused ?? Refusals.NotFound(What, name, "this host has no pool", "make one: dmagent pool create --help");
    }
}

using DmAgents.Actors.Fleet.Entities;
using DmAgents.Agent.Fleet;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Locations;
using DmAgents.Domain.Layers;

namespace DmAgents.Agent.Transfers;

/// <summary>The buckets of layer locations, if the fleet has a database.</summary>
internal sealed class BucketLocations(FleetEntityAccess access, ILayerPeers peers, TimeProvider time) : ILayerLocations
{
    private const string What = "cannot find layer";

    /// <summary>If this host dies, the fleet no longer counts it as a source of the layer after this time.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);

    /// <summary>A bucket that did not answer is not asked again for this long: otherwise each layer of an image would
    /// wait.</summary>
    private static readonly TimeSpan SilentFor = TimeSpan.FromSeconds(30);

    private Silence? _silence;

    public async Task<IReadOnlyList<HostName>?> FindAsync(
        ChainId layer, TimeSpan within, CancellationToken cancellation)
    {
        if (Volatile.Read(ref _silence) is { } silence && time.GetElapsedTime(silence.Since) < SilentFor)
            return null;
        if (!access.TryFind(What, layer.Value, out var entities, out _))
            return null;
        using var patience = new CancellationTokenSource(within, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            var (reply, _) = await entities.Ask(
                LayerBucket.Of(layer), new LocationCommands.Locate(layer, time.GetUtcNow()), either.Token)
                .ConfigureAwait(false);
            Volatile.Write(ref _silence, null);
            return reply is LocationReplies.Located located
                ? [
                    .. located.Copies.Select(copy => copy.Host).Concat(located.UnderWay.Select(copy => copy.Target))
                        .Distinct(),
                ]
                : null;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            Volatile.Write(ref _silence, new Silence(time.GetTimestamp()));
            return null;
        }
    }

    public IDisposable Begin(ChainId layer, HostName source)
    {
        var end = new CancellationTokenSource();
        if (peers.Self is { Host: var self } && access.TryFind(What, layer.Value, out var entities, out _))
            _ = Task.Run(() => KeepAsync(entities, layer, self, source, end.Token), CancellationToken.None);
        return new Ending(end);
    }

    private async Task KeepAsync(
        FleetEntities entities, ChainId layer, HostName self, HostName source, CancellationToken end)
    {
        var bucket = LayerBucket.Of(layer);
        async Task<LocationReply?> Say(LocationCommand command) =>
            (await entities.Ask(bucket, command, CancellationToken.None).ConfigureAwait(false)).Reply;
        while (!end.IsCancellationRequested)
        {
            // The bucket does not know the copy, or has forgotten it: it is begun again.
            if (await Say(new LocationCommands.RenewCopy(layer, self, Lease, time.GetUtcNow())).ConfigureAwait(false)
                is not LocationReplies.CopyFrom)
            {
                await Say(new LocationCommands.BeginCopy(layer, self, source, Lease, time.GetUtcNow()))
                    .ConfigureAwait(false);
            }
            await Task.Delay(Lease / 4, time, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await Say(new LocationCommands.EndCopy(layer, self, time.GetUtcNow())).ConfigureAwait(false);
    }

    /// <param name="Since">A timestamp.</param>
    private sealed record Silence(long Since);

    private sealed class Ending(CancellationTokenSource end) : IDisposable
    {
        public void Dispose() => end.Cancel();
    }
}

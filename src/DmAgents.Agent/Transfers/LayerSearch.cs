using System.Collections.Concurrent;
using System.Security.Authentication;
using DmAgents.Agent.Configuration;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Layers;

namespace DmAgents.Agent.Transfers;

/// <summary>A host that has a layer, and the connection of its answer.</summary>
internal sealed record FoundLayer(HostName Host, Stream Stream, HeldLayer Layer) : IAsyncDisposable
{
    public ValueTask DisposeAsync() => Stream.DisposeAsync();
}

/// <summary>Asks hosts of the fleet for a layer, all at the same time. Of those that have it and answer at about the
/// same time, it prefers a host that knows the content, and then the least loaded one.</summary>
internal sealed class LayerSearch(
    ILayerPeers peers, AgentSettings settings, TimeProvider time, ILogger<LayerSearch> log)
{
    /// <summary>A host that did not answer in time is not asked for this long: otherwise each layer of an image would
    /// wait.</summary>
    private static readonly TimeSpan SilentFor = TimeSpan.FromSeconds(30);

    /// <summary>How long other answers are awaited once one host has the layer: too short to be noticed.</summary>
    private static readonly TimeSpan OthersWithin = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentDictionary<HostName, long> _silent = new();

    /// <param name="among">The hosts that may have it.</param>
    /// <param name="fileSystem">The required file system; null: any.</param>
    /// <returns>Null: no host has it and answers in time.</returns>
    public async Task<FoundLayer?> FindAsync(
        IEnumerable<HostName> among, ChainId chain, FileSystemKind? fileSystem, CancellationToken cancellation)
    {
        var hosts = among.Where(host => !IsSilent(host)).ToList();
        if (hosts.Count == 0)
            return null;
        using var patience = new CancellationTokenSource(settings.Fleet.Layers.AnswerWithin, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        var asking = hosts.Select(host => AskAsync(host, chain, fileSystem, patience.Token, either.Token)).ToList();
        await foreach (var answer in Task.WhenEach(asking).ConfigureAwait(false))
        {
            if (await answer.ConfigureAwait(false) is not null)
                break;
        }
        either.CancelAfter(OthersWithin);
        var all = await Task.WhenAll(asking).ConfigureAwait(false);
        var found = all.OfType<FoundLayer>().OrderByDescending(each => each.Layer.Content is not null)
            .ThenBy(each => each.Layer.Serving).FirstOrDefault();
        foreach (var other in all.OfType<FoundLayer>().Where(other => other != found))
            await other.DisposeAsync().ConfigureAwait(false);
        return found;
    }

    private bool IsSilent(HostName host) =>
        _silent.TryGetValue(host, out var since) && time.GetElapsedTime(since) < SilentFor;

    private async Task<FoundLayer?> AskAsync(
        HostName host, ChainId chain, FileSystemKind? fileSystem, CancellationToken patience,
        CancellationToken cancellation)
    {
        Stream? stream = null;
        try
        {
            stream = await peers.ConnectAsync(host, LayerProtocols.Layers, cancellation).ConfigureAwait(false);
            await OfferWire.WriteAsync(stream, new OfferMessage { Chains = [chain.Value] }, cancellation)
                .ConfigureAwait(false);
            var answer = await OfferWire.ReadAsync(stream, cancellation).ConfigureAwait(false);
            _silent.TryRemove(host, out _);
            if (answer is { Held: { IsDefault: false } held } && held.FirstOrDefault(layer => layer?.Chain == chain.Value)
                is { } layer && (fileSystem ?? layer.FileSystem) == layer.FileSystem)
            {
                var found = new FoundLayer(host, stream, layer);
                stream = null;
                return found;
            }
        }
        catch (Exception fault) when (fault is IOException or AuthenticationException or OperationCanceledException)
        {
            if (patience.IsCancellationRequested)
            {
                _silent[host] = time.GetTimestamp();
                log.HostLate(host, chain);
            }
            else if (fault is not OperationCanceledException)
                log.HostNotAsked(host, chain, fault.Message);
        }
        finally
        {
            if (stream is not null)
                await stream.DisposeAsync().ConfigureAwait(false);
        }
        return null;
    }
}

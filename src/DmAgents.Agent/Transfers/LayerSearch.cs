using System.Collections.Concurrent;
using System.Security.Authentication;
using DmAgents.Agent.Configuration;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Layers;

namespace DmAgents.Agent.Transfers;

/// <summary>A host that has a layer, and the connection on which it said so.</summary>
internal sealed record FoundLayer(HostName Host, Stream Stream, HeldLayer Layer) : IAsyncDisposable
{
    public ValueTask DisposeAsync() => Stream.DisposeAsync();
}

/// <summary>Asks the hosts of the fleet for a layer, all at once, and takes the first one that has it.</summary>
internal sealed class LayerSearch(
    ILayerPeers peers, AgentSettings settings, TimeProvider time, ILogger<LayerSearch> log)
{
    /// <summary>A host that did not answer in time is not asked: each layer of an image would wait for it.</summary>
    private static readonly TimeSpan SilentFor = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<HostName, long> _silent = new();

    /// <param name="fileSystem">Which one the layer has to have; null: any.</param>
    /// <returns>Null: no host has it, or says so in time.</returns>
    public async Task<FoundLayer?> FindAsync(
        ChainId chain, FileSystemKind? fileSystem, CancellationToken cancellation)
    {
        var hosts = peers.Reached.Where(host => !IsSilent(host)).ToList();
        if (hosts.Count == 0)
            return null;
        using var patience = new CancellationTokenSource(settings.Fleet.Layers.AnswerWithin, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        var asking = hosts.Select(host => AskAsync(host, chain, fileSystem, patience.Token, either.Token)).ToList();
        FoundLayer? found = null;
        await foreach (var answer in Task.WhenEach(asking).ConfigureAwait(false))
        {
            if ((found = await answer.ConfigureAwait(false)) is not null)
                break;
        }
        await either.CancelAsync().ConfigureAwait(false);
        foreach (var other in await Task.WhenAll(asking).ConfigureAwait(false))
        {
            if (other is not null && other != found)
                await other.DisposeAsync().ConfigureAwait(false);
        }
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
                log.LogInformation("host {Host} did not say in time whether it has {Layer}", host, chain);
            }
            else if (fault is not OperationCanceledException)
                log.LogInformation("host {Host} cannot be asked for {Layer}: {Why}", host, chain, fault.Message);
        }
        finally
        {
            if (stream is not null)
                await stream.DisposeAsync().ConfigureAwait(false);
        }
        return null;
    }
}

using System.Collections.Concurrent;
using System.Security.Authentication;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Layers;

namespace DmAgents.Agent.Transfers;

/// <summary>A host that can send pieces of a layer.</summary>
internal sealed record LayerHolder(HostName Host, HeldContent Held);

/// <summary>Asks the hosts of the fleet again and again which of them have a layer, or receive it: over one connection
/// to each, for all layers of a copy.</summary>
/// <param name="among">The hosts to ask.</param>
internal sealed class LayerHolders(
    ILayerPeers peers, Func<CancellationToken, Task<IReadOnlyList<HostName>>> among, TimeSpan answerWithin,
    TimeProvider time, ILogger log) : IAsyncDisposable
{
    /// <summary>A host that did not answer is not asked for this long. No caller waits for the answer, and a host that
    /// was only busy should soon be a source.</summary>
    private static readonly TimeSpan SilentFor = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<HostName, Stream> _streams = new();
    private readonly ConcurrentDictionary<HostName, long> _silent = new();

    /// <summary>Hosts that have not answered since the log named them.</summary>
    private readonly ConcurrentDictionary<HostName, bool> _named = new();
    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>In no order. Omits hosts that do not answer in time.</summary>
    public async Task<IReadOnlyList<LayerHolder>> AskAsync(ContentDigest content, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            var hosts = await among(cancellation).ConfigureAwait(false);
            using var patience = new CancellationTokenSource(answerWithin, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
            var answers = await Task.WhenAll(hosts.Where(host => !IsSilent(host)).ToList()
                .Select(host => AskAsync(host, content.ToString(), either.Token))).ConfigureAwait(false);
            cancellation.ThrowIfCancellationRequested();
            return [.. answers.OfType<LayerHolder>()];
        }
        finally
        {
            _turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var stream in _streams.Values)
            await stream.DisposeAsync().ConfigureAwait(false);
        _turn.Dispose();
    }

    private bool IsSilent(HostName host) =>
        _silent.TryGetValue(host, out var since) && time.GetElapsedTime(since) < SilentFor;

    private async Task<LayerHolder?> AskAsync(HostName host, string content, CancellationToken cancellation)
    {
        // The host closes a connection that was idle for a while.
        if (_streams.TryRemove(host, out var known))
        {
            var (isAnswered, held) = await AskAsync(host, known, content, isLast: false, cancellation)
                .ConfigureAwait(false);
            if (isAnswered || cancellation.IsCancellationRequested)
                return held;
        }
        try
        {
            var stream = await peers.ConnectAsync(host, LayerProtocols.Layers, cancellation).ConfigureAwait(false);
            return (await AskAsync(host, stream, content, isLast: true, cancellation).ConfigureAwait(false)).Held;
        }
        catch (Exception fault) when (fault is IOException or AuthenticationException or OperationCanceledException)
        {
            Leave(host, fault);
            return null;
        }
    }

    /// <summary>Keeps the stream if it gets an answer, and closes it otherwise.</summary>
    private async Task<(bool IsAnswered, LayerHolder? Held)> AskAsync(
        HostName host, Stream stream, string content, bool isLast, CancellationToken cancellation)
    {
        Exception fault = new IOException("it closed the connection without an answer");
        try
        {
            await OfferWire.WriteAsync(stream, new OfferMessage { Contents = [content] }, cancellation)
                .ConfigureAwait(false);
            if (await OfferWire.ReadAsync(stream, cancellation).ConfigureAwait(false)
                is { HeldContents: { IsDefault: false } contents })
            {
                _streams[host] = stream;
                _named.TryRemove(host, out _);
                var held = contents.FirstOrDefault(each => each?.Content == content);
                return (true, held is null ? null : new LayerHolder(host, held));
            }
        }
        catch (Exception failed) when (failed is IOException or OperationCanceledException)
        {
            fault = failed;
        }
        await stream.DisposeAsync().ConfigureAwait(false);
        if (isLast)
            Leave(host, fault);
        return (false, null);
    }

    private void Leave(HostName host, Exception fault)
    {
        _silent[host] = time.GetTimestamp();
        if (_named.TryAdd(host, true))
            log.HostSilent(host, fault.Message);
    }
}

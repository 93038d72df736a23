using System.Collections.Immutable;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Configuration;
using DmAgents.Agent.Hosting;
using DmAgents.Agent.Transfers;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;

namespace DmAgents.Agent.Containerd;

/// <summary>Saves containerd the download of layers that another host of the fleet has. containerd prepares a snapshot
/// with the chain id of the layer that it is about to unpack. If the answer is that it exists, containerd looks for a
/// committed snapshot with the same label and parent, of any name. It collects no garbage while it waits for the
/// answer.</summary>
internal sealed class RemoteLayers(
    PoolGateway gateway, PeerLayers layers, ILayerPeers peers, AgentSettings settings, ILogger<RemoteLayers> log)
    : IHostedLifecycleService
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Wanted, Bringing> _underWay = [];
    private bool _isStopping;

    private readonly record struct Wanted(PoolName Pool, string Space, ChainId Chain, DeviceKey? Parent);

    /// <summary>A layer being transferred; the calls that wait for it share it.</summary>
    private sealed class Bringing : IDisposable
    {
        private readonly CancellationTokenSource _notWanted = new();

        public int Waiting { get; set; }

        public Task<bool> Done { get; set; } = Task.FromResult(false);

        public CancellationToken NotWanted => _notWanted.Token;

        public bool IsGivenUp => _notWanted.IsCancellationRequested;

        /// <summary>Set once the count of waiting calls no longer matters.</summary>
        public bool HasEnded { get; set; }

        /// <remarks>Continuations run on other threads, and not under the caller's lock.</remarks>
        public void GiveUp() => _ = _notWanted.CancelAsync();

        public void Dispose() => _notWanted.Dispose();
    }

    /// <summary>Calls that wait for a layer being transferred.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
                return _underWay.Values.Sum(bringing => bringing.Waiting);
        }
    }

    /// <summary>Whether the layer that this snapshot is prepared for exists as a committed snapshot: it existed before,
    /// or another host sent it. If not, nothing has changed.</summary>
    public async Task<bool> HasAsync(
        PoolPicture pool, DeviceKey key, DeviceKey? parent, ImmutableSortedDictionary<string, string> labels,
        CancellationToken cancellation)
    {
        if (!settings.Fleet.Layers.On || peers.Self is null || !labels.TryGetValue(SnapshotLabels.Reference, out var text)
            || !Digest.TryParse(text, out var digest) || pool.State.Find(key) is not null
            || (parent is { } below && pool.State.Find(below)
                is not { Kind: DeviceKind.Layer, Phase: DevicePhase.Ready }))
            return false;
        var wanted = new Wanted(pool.Name, key.Space, new ChainId(digest), parent);
        var needed = new NeededLayer(
            wanted.Chain, SnapshotKeys.Beside(key, text), parent,
            SnapshotLabels.FileSystemOf("cannot prepare snapshot", labels), labels);
        while (true)
        {
            var (bringing, isJoined) = Join(wanted, pool, needed);
            if (bringing is null)
                return false;
            if (isJoined)
                return await WaitAsync(bringing, cancellation).ConfigureAwait(false);
            // The transfer is being cancelled; its partial layer is removed by its end.
            await ((Task)bringing.Done).WaitAsync(cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellation.ThrowIfCancellationRequested();
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Runs before the pools stop.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        List<Task> ending = [];
        lock (_lock)
        {
            _isStopping = true;
            foreach (var bringing in _underWay.Values)
            {
                bringing.GiveUp();
                ending.Add(bringing.Done);
            }
        }
        var ended = Task.WhenAll(ending);
        if (!await ended.EndsWithin(settings.StopDeadline, cancellationToken).ConfigureAwait(false))
            log.LayersNotStopped();
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private (Bringing? Bringing, bool IsJoined) Join(Wanted wanted, PoolPicture pool, NeededLayer needed)
    {
        lock (_lock)
        {
            if (_underWay.TryGetValue(wanted, out var bringing))
            {
                if (bringing.IsGivenUp)
                    return (bringing, false);
            }
            else if (_isStopping)
                return (null, false);
            else
            {
                bringing = _underWay[wanted] = new Bringing();
                bringing.Done = Task.Run(() => RunAsync(wanted, pool, needed, bringing));
            }
            bringing.Waiting++;
            return (bringing, true);
        }
    }

    private async Task<bool> WaitAsync(Bringing bringing, CancellationToken cancellation)
    {
        try
        {
            return await bringing.Done.WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
        finally
        {
            lock (_lock)
            {
                if (--bringing.Waiting == 0 && !bringing.HasEnded)
                    bringing.GiveUp();
            }
        }
    }

    private async Task<bool> RunAsync(Wanted wanted, PoolPicture pool, NeededLayer needed, Bringing bringing)
    {
        HostName? host = null;
        try
        {
            if (IsCommitted(wanted))
                return true;
            if (StateOf(wanted) is not { } state || state.Find(needed.Name) is not null)
                return false;
            host = await layers.BringAsync(pool, needed, bringing.NotWanted).ConfigureAwait(false);
            if (host is null)
                return false;
            log.LayerReceived(pool.Name, wanted.Chain, host.Value);
            return IsCommitted(wanted);
        }
        finally
        {
            if (!End(wanted, bringing, evenIfGivenUp: false))
            {
                // The layer has arrived, but containerd does not know it.
                if (host is not null)
                    await gateway.Remove(pool.Name, needed.Name).ConfigureAwait(false);
                End(wanted, bringing, evenIfGivenUp: true);
            }
        }
    }

    /// <summary>False: the transfer was cancelled, and counts as under way until its layer is removed.</summary>
    private bool End(Wanted wanted, Bringing bringing, bool evenIfGivenUp)
    {
        lock (_lock)
        {
            if (bringing.IsGivenUp && !evenIfGivenUp)
                return false;
            bringing.HasEnded = true;
            _underWay.Remove(wanted);
        }
        bringing.Dispose();
        return true;
    }

    private bool IsCommitted(Wanted wanted)
    {
        if (StateOf(wanted) is not { } state)
            return false;
        var parent = wanted.Parent is { } below ? state.Find(below)?.Id : null;
        return state.Keys.Any(key => key.Key.Space == wanted.Space
            && state.Devices[key.Value] is { Kind: DeviceKind.Layer, Phase: DevicePhase.Ready } layer
            && layer.Labels.GetValueOrDefault(SnapshotLabels.Reference) == wanted.Chain.Value
            && (layer.Parent == parent || (parent is null && IsBase(state, layer.Parent))));
    }

    private PoolContents? StateOf(Wanted wanted) => gateway.Board.Find(wanted.Pool)?.State;

    /// <summary>containerd sees a snapshot of the base as one without a parent.</summary>
    private static bool IsBase(PoolContents state, ThinId? parent) =>
        parent is { } id && state.Devices.GetValueOrDefault(id) is null or { Kind: DeviceKind.Base };
}

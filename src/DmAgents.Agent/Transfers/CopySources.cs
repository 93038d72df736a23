using DmAgents.Agent.Configuration;
using DmAgents.Domain.Fleet;
using DmAgents.Transfer.Connections;
using DmAgents.Transfer.Receiving;

namespace DmAgents.Agent.Transfers;

/// <summary>From where a copy gets its layers, and how it serves others meanwhile.</summary>
internal sealed class CopySources(
    ILayerPeers peers, ReceivedLayers received, AgentSettings settings, TimeProvider time, ILogger<CopySources> log)
{
    /// <summary>Each takes a connection, and up to 2 MiB of memory.</summary>
    private const int SourcesAtOnce = 8;

    /// <summary>Pieces of one question if there are others to ask: what was asked of one source waits for it.</summary>
    private const ulong AskAtOnce = 16;

    /// <summary>The least part of a layer that is asked for at once: each of the receivers begins with one.</summary>
    private const ulong Parts = 16;

    /// <summary>How soon a host that had nothing is asked again: meanwhile others are asked for what it gets.</summary>
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromMilliseconds(50);

    /// <summary>How long a host may be unreachable: a restart of it, or of its network.</summary>
    private static readonly TimeSpan UnreachableFor = TimeSpan.FromMinutes(5);

    /// <summary>A source that owes a piece for so long is left, if another one has it.</summary>
    internal TimeSpan SlowAfter { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>For all layers of a copy.</summary>
    public LayerHolders Holders() => Holders(_ => Task.FromResult<IReadOnlyList<HostName>>([.. peers.Reached]));

    /// <param name="among">The hosts that are asked.</param>
    public LayerHolders Holders(Func<CancellationToken, Task<IReadOnlyList<HostName>>> among) =>
        new(peers, among, settings.Fleet.Layers.AnswerWithin, time, log);

    /// <summary>Where a layer comes from.</summary>
    /// <param name="named">The host that offered the image.</param>
    /// <param name="verified">How much of the layer has come.</param>
    public ISourceConnector Of(HostName named, OfferedLayer layer, LayerHolders holders, Func<ulong> verified) =>
        new FleetSources(
            peers, holders, new PeerConnector(peers, named, verified, time, UnreachableFor), named, layer.Digest, time,
            log);

    /// <summary>For a layer that is waited for.</summary>
    /// <param name="giveUpAfter">How long the host that was named is tried again, if no other has the layer. A host
    /// that does not take a connection for a quarter of it is left.</param>
    public ISourceConnector Urgent(
        HostName named, OfferedLayer layer, LayerHolders holders, Func<ulong> verified, TimeSpan giveUpAfter)
    {
        var patient = new PatientPeers(peers, giveUpAfter / 4, time);
        return new FleetSources(
            patient, holders, new PeerConnector(patient, named, verified, time, giveUpAfter), named, layer.Digest, time,
            log);
    }

    /// <summary>Hosts begin at different pieces, by their place among all that are there. In a fleet of two nothing
    /// can be shared.</summary>
    public ReceiverSettings Spread(ReceiverSettings receiver, OfferedLayer layer)
    {
        if (peers.Self is not { Host: var self })
            return receiver;
        var hosts = peers.Reached.Append(self).Distinct().OrderBy(host => host.Value, StringComparer.Ordinal).ToList();
        if (hosts.Count < 3)
            return receiver;
        var place = hosts.IndexOf(self);
        return receiver with
        {
            MaxSources = SourcesAtOnce,
            AskAgainAfter = AskAgainAfter,
            SlowAfter = SlowAfter,
            AskAtOnce = (int)Math.Clamp(layer.Changed / (ulong)receiver.PieceSize.Bytes / Parts, 1, AskAtOnce),
            FirstPart = (double)place / hosts.Count,
            Seed = place,
        };
    }

    /// <summary>Receives, and lets other hosts have what has come until that ends.</summary>
    public async Task<ReceptionOutcome> ServeAsync(ReceivedLayer layer, Func<Task<ReceptionOutcome>> receive)
    {
        var isCommitted = false;
        received.Add(layer);
        try
        {
            var outcome = await receive().ConfigureAwait(false);
            isCommitted = outcome.End == ReceptionEnd.Committed;
            return outcome;
        }
        finally
        {
            received.Remove(layer, isCommitted);
        }
    }
}

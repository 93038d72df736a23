using DmAgents.Agent.Configuration;
using DmAgents.Domain.Fleet;
using DmAgents.Transfer.Connections;
using DmAgents.Transfer.Receiving;

namespace DmAgents.Agent.Transfers;

/// <summary>The sources of a copy's layers, and the serving of its layers to other hosts meanwhile.</summary>
internal sealed class CopySources(
    ILayerPeers peers, ReceivedLayers received, AgentSettings settings, TimeProvider time, ILogger<CopySources> log)
{
    /// <summary>Each uses a connection, and up to 2 MiB of memory.</summary>
    private const int SourcesAtOnce = 8;

    /// <summary>Pieces per request if there are other sources: requested pieces have to wait for their
    /// source.</summary>
    private const ulong AskAtOnce = 16;

    /// <summary>The smallest part of a layer requested at once: each receiver begins with one.</summary>
    private const ulong Parts = 16;

    /// <summary>How soon a host that had no piece is asked again: meanwhile other hosts are asked.</summary>
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromMilliseconds(50);

    /// <summary>How long a host may be unreachable: a restart of the host, or of its network.</summary>
    private static readonly TimeSpan UnreachableFor = TimeSpan.FromMinutes(5);

    /// <summary>A source that owes a piece for this long is abandoned, if another one has it.</summary>
    internal TimeSpan SlowAfter { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>For all layers of a copy.</summary>
    public LayerHolders Holders() => Holders(_ => Task.FromResult<IReadOnlyList<HostName>>([.. peers.Reached]));

    /// <param name="among">The hosts to ask.</param>
    public LayerHolders Holders(Func<CancellationToken, Task<IReadOnlyList<HostName>>> among) =>
        new(peers, among, settings.Fleet.Layers.AnswerWithin, time, log);

    /// <summary>The sources of a layer.</summary>
    /// <param name="named">The host that offered the image.</param>
    /// <param name="verified">How much of the layer has been received.</param>
    public ISourceConnector Of(HostName named, OfferedLayer layer, LayerHolders holders, Func<ulong> verified) =>
        new FleetSources(
            peers, holders, new PeerConnector(peers, named, verified, time, UnreachableFor), named, layer.Digest, time,
            log);

    /// <summary>The sources of a layer that a caller waits for.</summary>
    /// <param name="giveUpAfter">How long the named host is retried, if no other host has the layer. A host that does
    /// not accept a connection within a quarter of this is abandoned.</param>
    public ISourceConnector Urgent(
        HostName named, OfferedLayer layer, LayerHolders holders, Func<ulong> verified, TimeSpan giveUpAfter)
    {
        var patient = new PatientPeers(peers, giveUpAfter / 4, time);
        return new FleetSources(
            patient, holders, new PeerConnector(patient, named, verified, time, giveUpAfter), named, layer.Digest, time,
            log);
    }

    /// <summary>Hosts begin at different pieces, by their place among all present hosts. In a fleet of two nothing can
    /// be shared.</summary>
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
            ChangedPieces = layer.Changed / (ulong)receiver.PieceSize.Bytes,
            FirstPart = (double)place / hosts.Count,
            Seed = place,
        };
    }

    /// <summary>Receives a layer, and serves its verified pieces to other hosts until the reception ends.</summary>
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

using DmAgents.Domain.Layers;
using DmAgents.Domain.Units;

namespace DmAgents.Agent.Imports;

/// <summary>An import's current work on a layer.</summary>
internal enum LayerPhase
{
    Unpacking,

    Committing,

    /// <summary>The layer existed before.</summary>
    Present,
}

/// <summary>A report of a running import. Each report is complete: a dropped one is not missed.</summary>
internal abstract record ImportReport
{
    private ImportReport()
    {
    }

    /// <summary>The archive is being received from the caller.</summary>
    /// <param name="Total">The expected size; null if unknown.</param>
    public sealed record Receiving(ByteSize Received, ByteSize? Total) : ImportReport;

    /// <summary>A layer is being imported into the pool.</summary>
    /// <param name="Index">Counts from 1.</param>
    /// <param name="DiffId">Null if the archive does not contain it.</param>
    /// <param name="Read">Stored bytes of all layers read so far; a layer that existed before counts as read.</param>
    public sealed record Layer(
        LayerPhase Phase, int Index, int Count, Digest? DiffId, ByteSize Read, ByteSize Total) : ImportReport;
}

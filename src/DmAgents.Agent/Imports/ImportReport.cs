using DmAgents.Domain.Layers;
using DmAgents.Domain.Units;

namespace DmAgents.Agent.Imports;

/// <summary>What an import is doing with a layer.</summary>
internal enum LayerPhase
{
    Unpacking,

    Committing,

    /// <summary>The layer was there before.</summary>
    Present,
}

/// <summary>What an import reports while it runs. Each report says everything: one that is dropped is not missed.
/// </summary>
internal abstract record ImportReport
{
    private ImportReport()
    {
    }

    /// <summary>The bytes of an archive are taken that the caller sends.</summary>
    /// <param name="Total">How much will come; null if that is not known.</param>
    public sealed record Receiving(ByteSize Received, ByteSize? Total) : ImportReport;

    /// <summary>A layer is brought into the pool.</summary>
    /// <param name="Index">Counts from 1.</param>
    /// <param name="DiffId">Null if the archive does not say it.</param>
    /// <param name="Read">Stored bytes of all layers that were read; a layer that was there before counts as read.
    /// </param>
    public sealed record Layer(
        LayerPhase Phase, int Index, int Count, Digest? DiffId, ByteSize Read, ByteSize Total) : ImportReport;
}

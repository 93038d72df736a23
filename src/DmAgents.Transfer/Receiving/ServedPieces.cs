using DmAgents.Transfer.Content;

namespace DmAgents.Transfer.Receiving;

/// <summary>What a host can serve of a layer that it still receives. Thread-safe.</summary>
/// <param name="map">The layer's map.</param>
/// <param name="toReceive">All pieces that it cannot serve at the beginning: those that differ from the base's, or the
/// whole layer while there is no target to read from.</param>
/// <param name="written">Those of them that are verified and written.</param>
/// <param name="coming">Those that were requested from sources that have everything.</param>
public sealed class ServedPieces(ContentMap map, PieceSet toReceive, PieceSet written, PieceSet coming)
{
    private PieceSet? _missing;

    public ContentMap Map => map;

    /// <summary>The pieces that it cannot serve. Computed on first use, because one of these objects is created for
    /// each piece received.</summary>
    public PieceSet Missing => _missing ??= toReceive.Without(written);

    /// <summary>Missing pieces that are about to arrive: other receivers wait for them instead of requesting them
    /// themselves.</summary>
    public PieceSet Coming => coming;

    /// <summary>The number of pieces that it has received.</summary>
    public ulong Verified => written.Count;

    /// <summary>True if both describe the same state.</summary>
    public bool IsAs(ServedPieces? other) =>
        other is not null && ReferenceEquals(toReceive, other.ToReceive) && Verified == other.Verified
        && coming.Equals(other.Coming);

    private PieceSet ToReceive => toReceive;
}

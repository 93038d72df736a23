using DmAgents.Transfer.Content;

namespace DmAgents.Transfer.Receiving;

/// <summary>What a host can serve of a layer that it still receives. Thread-safe.</summary>
/// <param name="map">The layer's map.</param>
/// <param name="changed">The pieces that differ from the base's.</param>
/// <param name="written">Those of them that are verified and written.</param>
public sealed class ServedPieces(ContentMap map, PieceSet changed, PieceSet written)
{
    private PieceSet? _missing;

    public ContentMap Map => map;

    /// <summary>The pieces that it cannot serve. Computed on first use, because one of these objects is created for
    /// each piece received.</summary>
    public PieceSet Missing => _missing ??= changed.Without(written);

    /// <summary>The number of changed pieces that it has.</summary>
    public ulong Verified => written.Count;
}

using DmAgents.Transfer.Content;

namespace DmAgents.Transfer.Receiving;

/// <summary>What a host that still receives a layer can serve of it. For any thread.</summary>
/// <param name="map">The layer's.</param>
/// <param name="changed">The pieces that differ from the base's.</param>
/// <param name="written">Those of them that are verified and written.</param>
public sealed class ServedPieces(ContentMap map, PieceSet changed, PieceSet written)
{
    private PieceSet? _missing;

    public ContentMap Map => map;

    /// <summary>The pieces that it cannot serve. Found when they are first asked for: there is one of these objects for
    /// each piece that comes.</summary>
    public PieceSet Missing => _missing ??= changed.Without(written);

    /// <summary>How many changed pieces it has.</summary>
    public ulong Verified => written.Count;
}

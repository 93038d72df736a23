using System.Collections.Immutable;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Sending;

/// <summary>A layer's copy on the sending host.</summary>
/// <param name="Map">The map of the complete layer, even while the copy is incomplete.</param>
/// <param name="Bases">The maps of ancestors in the pool, which a receiver may have, too.</param>
/// <param name="Missing">Pieces that this host, if it still receives the layer itself, has not verified yet.</param>
public sealed record SourceLayer(
    LayerShape Shape, ContentMap Map, ImmutableDictionary<ContentDigest, ContentMap> Bases, PieceSet Missing)
{
    /// <summary>The pool that has the layer, or receives it; null: the one of the connection.</summary>
    public PoolUuid? Pool { get; init; }

    /// <summary>Missing pieces that are about to arrive.</summary>
    public PieceSet Coming { get; init; } = PieceSet.Empty;
}

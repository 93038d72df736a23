using System.Collections.Immutable;
using DmAgents.Domain.Layers;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Sending;

/// <summary>A copy of a layer that is sent from.</summary>
/// <param name="Map">Of what the layer holds, also while the copy is not whole.</param>
/// <param name="Bases">The maps of ancestors that are in the pool: those that a receiver may have, too.</param>
/// <param name="Missing">Pieces that this host, which receives the layer itself, has not verified yet.</param>
public sealed record SourceLayer(
    LayerShape Shape, ContentMap Map, ImmutableDictionary<ContentDigest, ContentMap> Bases, PieceSet Missing);

using DmAgents.Domain.Layers;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Receiving;

/// <summary>The stored state of a layer's reception, so that a crash costs only the pieces since the last sync. The
/// layer's content map is stored beside it, once.</summary>
/// <param name="Content">The digest of the complete device.</param>
/// <param name="Base">The copy whose snapshot is the target; null: a blank device.</param>
/// <param name="Verified">Changed pieces that are on the disk and match the map.</param>
public sealed record ReceivingProgress(ContentDigest Content, ContentDigest? Base, LayerShape Shape, PieceSet Verified);

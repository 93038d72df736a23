using DmAgents.Domain.Layers;
using DmAgents.Transfer.Content;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Receiving;

/// <summary>What is kept of a layer that is being received, so that a crash costs the pieces since the last sync and
/// no others. The layer's content map is kept beside it, once.</summary>
/// <param name="Content">What the device holds in the end.</param>
/// <param name="Base">The copy whose snapshot the target is; null: a blank device.</param>
/// <param name="Verified">Changed pieces that are on the disk and hold what the map says.</param>
public sealed record ReceivingProgress(ContentDigest Content, ContentDigest? Base, LayerShape Shape, PieceSet Verified);

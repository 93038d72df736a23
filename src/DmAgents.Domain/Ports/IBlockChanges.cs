using DmAgents.Domain.Layers;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Ports;

/// <summary>The blocks in which a layer's device differs from an ancestor's device: the blocks to send to a host that
/// has the ancestor.</summary>
public interface IBlockChanges
{
    /// <summary>All ranges in which the two devices may differ: every block that they map differently, or that only one
    /// of them maps. Whole blocks of the pool, so the last may end beyond the device.</summary>
    /// <param name="ancestor">The content digest of a copy in the same pool.</param>
    /// <returns>In any order. NotFound if the pool no longer has the ancestor's device. NotSupported if the two share
    /// no blocks to compare: then the caller sends whole pieces. Otherwise as for reading the pool's
    /// metadata.</returns>
    KernelResult<IReadOnlyList<ByteRange>> Since(ContentDigest ancestor);
}

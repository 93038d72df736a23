using DmAgents.Domain.Layers;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Ports;

/// <summary>Where a layer's device maps other blocks than an ancestor's device: what has to be read to send the one to
/// a host that has the other.</summary>
public interface IBlockChanges
{
    /// <summary>All ranges in which the two devices may differ: every block that one of them maps elsewhere than the
    /// other, or alone. Whole blocks of the pool, so the last may end beyond the device.</summary>
    /// <param name="ancestor">The content digest of a copy in the same pool.</param>
    /// <returns>In any order. NotFound if the ancestor's device is not in the pool any more, NotSupported if the two
    /// share no blocks that could be compared: then whole pieces are sent. Otherwise as for reading the pool's
    /// metadata.</returns>
    KernelResult<IReadOnlyList<ByteRange>> Since(ContentDigest ancestor);
}

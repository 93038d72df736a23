using DmAgents.Domain.Devices;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Layers;

/// <summary>The ranges in which a layer differs from other layers of its pool, by the pool's own metadata.</summary>
/// <param name="pools">The kernel.</param>
/// <param name="pool">The pool.</param>
/// <param name="layer">The layer's thin id.</param>
/// <param name="find">The thin id of a copy with this content in the same pool; null: there is none.</param>
public sealed class LayerChanges(
    IThinPools pools, MappedName pool, ThinId layer, Func<ContentDigest, ThinId?> find) : IBlockChanges
{
    public KernelResult<IReadOnlyList<ByteRange>> Since(ContentDigest ancestor) => find(ancestor) is { } other
        ? pools.ChangedRanges(pool, layer, other)
        : new KernelError(
            KernelFault.NotFound, 0, "compare layers", ancestor.ToString(), $"{pool} has no copy with this content");
}

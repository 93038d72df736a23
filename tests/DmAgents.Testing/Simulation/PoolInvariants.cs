using DmAgents.Domain.Devices;

namespace DmAgents.Testing.Simulation;

/// <summary>Recounts a pool's metadata the slow way.</summary>
internal static class PoolInvariants
{
    public static IEnumerable<string> Broken(MappedName pool, PoolMetadata metadata)
    {
        var trees = metadata.Thins.Values.Concat(metadata.Held?.Values ?? []).ToList();
        var leaves = trees.SelectMany(thin => thin.Leaves.Values).GroupBy(leaf => leaf).ToList();
        if (leaves.Count != metadata.LeafUse.Count)
            yield return $"{pool}: {leaves.Count} leaves, {metadata.LeafUse.Count} counted";
        foreach (var leaf in leaves.Where(leaf => metadata.LeafUse.GetValueOrDefault(leaf.Key) != leaf.Count()))
        {
            yield return $"{pool}: a leaf of {leaf.Count()} trees counts "
                + metadata.LeafUse.GetValueOrDefault(leaf.Key);
        }

        var blocks = leaves.SelectMany(leaf => leaf.Key.Entries.Values).GroupBy(mapping => mapping.Block).ToList();
        if (blocks.Count != metadata.BlockUse.Count)
            yield return $"{pool}: {blocks.Count} blocks mapped, {metadata.BlockUse.Count} counted";
        foreach (var block in blocks.Where(block => metadata.BlockUse.GetValueOrDefault(block.Key) != block.Count()))
            yield return $"{pool}: block {block.Key} of {block.Count()} leaves counts otherwise";
        foreach (var block in blocks.Where(block => block.Key >= metadata.DataBlocks))
            yield return $"{pool}: block {block.Key} lies beyond {metadata.DataBlocks}";

        foreach (var (id, thin) in metadata.Thins)
        {
            var mapped = (ulong)thin.Leaves.Values.Sum(leaf => leaf.Entries.Count);
            if (mapped != thin.MappedBlocks)
                yield return $"{pool}: thin {id} maps {mapped} blocks and says {thin.MappedBlocks}";
        }
    }
}

using DmAgents.Domain.Ports;

namespace DmAgents.Kernel.ThinPools.Metadata;

/// <summary>Takes an entry of a leaf.</summary>
internal delegate void LeafEntry(ulong key, ReadOnlySpan<byte> value);

/// <summary>Walks btrees of a pool's metadata.</summary>
internal sealed class BtreeWalk(IMetadataBlocks blocks)
{
    /// <summary>A node has at least 84 children when half full, so that 2^64 keys need less than 11 levels.</summary>
    private const int MostLevels = 16;

    /// <summary>Every entry below a root, in ascending order of keys.</summary>
    public KernelError? Entries(ulong root, int valueSize, LeafEntry take)
    {
        var open = new Stack<(ulong Block, int Level)>();
        open.Push((root, 0));
        while (open.TryPop(out var next))
        {
            if (Node(next.Block, next.Level, out var node) is { } error)
                return error;
            if (node.IsLeaf && node.Count > 0 && node.ValueSize != valueSize)
                return Damaged(next.Block, $"values of {node.ValueSize} bytes instead of {valueSize}");
            for (var i = 0; node.IsLeaf && i < node.Count; i++)
                take(node.Key(i), node.Value(i));
            for (var i = node.Count - 1; !node.IsLeaf && i >= 0; i--)
                open.Push((node.Number(i), next.Level + 1));
        }
        return null;
    }

    /// <summary>How many levels are above the leaves below a root: all leaves of a btree are equally deep.</summary>
    public KernelError? Height(ulong root, out int height)
    {
        height = 0;
        for (var block = root; ; height++)
        {
            if (Node(block, height, out var node) is { } error)
                return error;
            if (node.IsLeaf || node.Count == 0)
                return null;
            block = node.Number(0);
        }
    }

    /// <summary>A node, checked. It is good until the next read.</summary>
    public KernelError? Node(ulong block, int level, out BtreeNode node)
    {
        node = default;
        if (level >= MostLevels)
            return Damaged(block, $"deeper than {MostLevels} levels");
        if (blocks.Read(block, BlockChecksum.BtreeNode, out var bytes) is { } error)
            return error;
        return BtreeNode.TryRead(bytes, out node) ? null : Damaged(block, $"not a btree node");
    }

    public static KernelError Damaged(ulong block, FormattableString why) =>
        new(KernelFault.Failed, 0, "read metadata", FormattableString.Invariant($"block {block}"),
            FormattableString.Invariant(why));

    /// <summary>The entry of a key, if there is one: reads one path.</summary>
    public KernelError? Find(ulong root, ulong key, int valueSize, LeafEntry take)
    {
        var block = root;
        for (var level = 0; ; level++)
        {
            if (Node(block, level, out var node) is { } error)
                return error;
            if (node.IsLeaf && node.Count > 0 && node.ValueSize != valueSize)
                return Damaged(block, $"values of {node.ValueSize} bytes instead of {valueSize}");
            // The last that does not lie behind the key.
            var at = node.Count - 1;
            while (at >= 0 && node.Key(at) > key)
                at--;
            if (at >= 0 && node.IsLeaf && node.Key(at) == key)
                take(key, node.Value(at));
            if (at < 0 || node.IsLeaf)
                return null;
            block = node.Number(at);
        }
    }
}

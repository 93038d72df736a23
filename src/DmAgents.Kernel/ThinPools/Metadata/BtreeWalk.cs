using DmAgents.Domain.Ports;

namespace DmAgents.Kernel.ThinPools.Metadata;

/// <summary>Receives an entry of a leaf.</summary>
internal delegate void LeafEntry(ulong key, ReadOnlySpan<byte> value);

/// <summary>Walks btrees of a pool's metadata.</summary>
internal sealed class BtreeWalk(IMetadataBlocks blocks)
{
    /// <summary>A half-full node has at least 84 children, so 2^64 keys need fewer than 11 levels.</summary>
    private const int MostLevels = 16;

    /// <summary>Reads every entry below a root, in ascending order of keys.</summary>
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

    /// <summary>The number of levels above the leaves: all leaves of a btree have the same depth.</summary>
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

    /// <summary>Reads and checks a node. It is valid until the next read.</summary>
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

    /// <summary>Finds the entry of a key, if it exists. Reads one path.</summary>
    public KernelError? Find(ulong root, ulong key, int valueSize, LeafEntry take)
    {
        var block = root;
        for (var level = 0; ; level++)
        {
            if (Node(block, level, out var node) is { } error)
                return error;
            if (node.IsLeaf && node.Count > 0 && node.ValueSize != valueSize)
                return Damaged(block, $"values of {node.ValueSize} bytes instead of {valueSize}");
            // The last entry whose key is not greater than the wanted one.
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

using DmAgents.Domain.Ports;

namespace DmAgents.Kernel.ThinPools.Metadata;

/// <summary>Counts the data blocks that only one device of a pool maps.</summary>
/// <remarks>
/// Devices share data blocks in two ways: they share a subtree of their mappings, or different leaves name the same
/// block. So this class first marks each metadata block with the one device that reaches it, or as shared.
/// It then reads the leaves in their order on the device, and marks data blocks that are named twice or by a shared
/// leaf. A second pass counts the others. Within one device the kernel maps a data block at most once. Memory: four
/// bytes per metadata block (16 MiB for the largest metadata device) and two bits per data block.
/// </remarks>
internal sealed class BlockSharing(BtreeWalk walk, ulong metadataBlocks, ulong dataBlocks)
{
    private const uint Shared = uint.MaxValue;
    private const int TimeBits = 24;

    /// <summary>0: not reached yet; Shared; otherwise the owner's index plus one.</summary>
    private readonly uint[] _owners = new uint[metadataBlocks];
    private readonly BlockSet _leaves = new(metadataBlocks);
    private readonly BlockSet _named = new(dataBlocks);
    private readonly BlockSet _namedTwice = new(dataBlocks);

    /// <summary>For each root (null: a device that maps nothing) the number of blocks that only it maps.</summary>
    public KernelResult<ulong[]> Count(IReadOnlyList<ulong?> roots)
    {
        for (var i = 0; i < roots.Count; i++)
        {
            if (roots[i] is { } root && MarkTree(root, (uint)i + 1) is { } error)
                return error;
        }
        if (EachMapping(MarkData) is { } unread)
            return unread;
        var own = new ulong[roots.Count];
        var failed = EachMapping((owner, block) =>
        {
            if (owner != Shared && !_namedTwice.Has(block))
                own[owner - 1]++;
        });
        return failed is null ? own : failed;
    }

    private void MarkData(uint owner, ulong block)
    {
        if (owner == Shared || !_named.Add(block))
            _namedTwice.Add(block);
    }

    private KernelError? MarkTree(ulong root, uint owner)
    {
        if (walk.Height(root, out var height) is { } error)
            return error;
        var open = new Stack<(ulong Block, int Height)>();
        open.Push((root, height));
        while (open.TryPop(out var next))
        {
            if (next.Block >= metadataBlocks)
                return BtreeWalk.Damaged(next.Block, $"beyond the device's {metadataBlocks} blocks");
            if (_owners[next.Block] != 0)
            {
                // A device that reaches a marked node shares the node and its subtree with the device that marked it.
                if (ShareTree(next.Block, next.Height) is { } failed)
                    return failed;
                continue;
            }
            _owners[next.Block] = owner;
            if (Open(next.Block, next.Height, open) is { } unread)
                return unread;
        }
        return null;
    }

    private KernelError? ShareTree(ulong root, int height)
    {
        var open = new Stack<(ulong Block, int Height)>();
        open.Push((root, height));
        while (open.TryPop(out var next))
        {
            if (next.Block >= metadataBlocks)
                return BtreeWalk.Damaged(next.Block, $"beyond the device's {metadataBlocks} blocks");
            if (_owners[next.Block] == Shared)
                continue;
            _owners[next.Block] = Shared;
            if (Open(next.Block, next.Height, open) is { } unread)
                return unread;
        }
        return null;
    }

    /// <summary>Pushes the children of an inner node onto the stack. Does not read leaves.</summary>
    private KernelError? Open(ulong block, int height, Stack<(ulong Block, int Height)> open)
    {
        if (height == 0)
        {
            _leaves.Add(block);
            return null;
        }
        if (walk.Node(block, level: 0, out var node) is { } error)
            return error;
        if (node.IsLeaf)
            return BtreeWalk.Damaged(block, $"a leaf {height} levels above the others");
        for (var i = node.Count - 1; i >= 0; i--)
            open.Push((node.Number(i), height - 1));
        return null;
    }

    private KernelError? EachMapping(Action<uint, ulong> take)
    {
        for (var leaf = _leaves.Next(0); leaf is { } block; leaf = _leaves.Next(block + 1))
        {
            if (walk.Node(block, level: 0, out var node) is { } error)
                return error;
            if (!node.IsLeaf || node.Count > 0 && node.ValueSize != sizeof(ulong))
                return BtreeWalk.Damaged(block, $"not a leaf of mappings");
            for (var i = 0; i < node.Count; i++)
            {
                var data = node.Number(i) >> TimeBits;
                if (data >= dataBlocks)
                    return BtreeWalk.Damaged(block, $"it maps data block {data} of {dataBlocks}");
                take(_owners[block], data);
            }
        }
        return null;
    }
}

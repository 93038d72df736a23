using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Kernel.ThinPools.Metadata;

/// <summary>Receives a virtual block that two devices map differently: each device's mapping, or null.</summary>
internal delegate void DifferentBlock(MappedBlock? mine, MappedBlock? others);

/// <summary>Finds the virtual blocks that two devices of a pool do not map to the same data block.</summary>
/// <remarks>
/// A snapshot shares its origin's btree nodes until one of them changes; the kernel then copies the path to the leaf.
/// So this class reads both trees side by side, in the order of virtual blocks, and skips each shared node with its
/// whole subtree. It reads only the paths to unshared leaves: the cost follows the change, not the size.
/// </remarks>
internal sealed class BlockDifference(BtreeWalk walk)
{
    /// <summary>16 MiB of ranges. Beyond this number, ranges are merged across their gaps. The result is still correct:
    /// discarding or sending the gaps only costs time.</summary>
    private const int MostRanges = 1 << 20;

    /// <summary>The number of blocks that a device maps and its origin does not map to the same place.</summary>
    /// <param name="root">The root of the device's mappings.</param>
    /// <param name="origin">The root of the origin's mappings; null: no origin.</param>
    public KernelResult<ulong> Count(ulong root, ulong? origin)
    {
        var count = 0UL;
        var error = Each(root, origin, (mine, _) => count += mine is null ? 0UL : 1UL);
        return error is null ? count : error;
    }

    /// <summary>Those blocks, ascending.</summary>
    /// <param name="root">The root of the device's mappings.</param>
    /// <param name="origin">The root of the origin's mappings; null: no origin.</param>
    /// <param name="since">Only mappings made at this time of the pool or later.</param>
    public KernelResult<IReadOnlyList<BlockRange>> Own(ulong root, ulong? origin, uint since)
    {
        var ranges = new List<BlockRange>();
        var error = Each(root, origin, (mine, _) =>
        {
            if (mine is { } own && own.Time >= since)
                Add(ranges, own.Virtual);
        });
        return error is null ? KernelResult.Found<IReadOnlyList<BlockRange>>(ranges) : error;
    }

    /// <summary>Every block in which the two devices may hold different bytes, ascending, including blocks that only
    /// one of them maps.</summary>
    /// <param name="root">The root of a device's mappings.</param>
    /// <param name="other">The root of the other's mappings; null: it has none.</param>
    public KernelResult<IReadOnlyList<BlockRange>> Between(ulong root, ulong? other)
    {
        var ranges = new List<BlockRange>();
        var error = Each(root, other, (mine, others) => Add(ranges, (mine ?? others)!.Value.Virtual));
        return error is null ? KernelResult.Found<IReadOnlyList<BlockRange>>(ranges) : error;
    }

    private KernelError? Each(ulong root, ulong? other, DifferentBlock take)
    {
        var (mine, others) = (new MappingFrontier(walk), new MappingFrontier(walk));
        var error = mine.Begin(root) ?? others.Begin(other);
        while (error is null && !(mine.IsAtEnd && others.IsAtEnd))
            error = Step(mine, others, take);
        return error;
    }

    /// <summary>Advances the side that is behind. If both are at the same key, opens the higher node first: the other
    /// node may be below it.</summary>
    private static KernelError? Step(MappingFrontier mine, MappingFrontier others, DifferentBlock take)
    {
        if (mine.Node is { } own && others.Node is { } theirs && own.Block == theirs.Block)
        {
            mine.Skip();
            others.Skip();
            return null;
        }
        if (mine.Key == others.Key && mine.Mapping is { } left && others.Mapping is { } right)
        {
            if (left.Data != right.Data)
                take(left, right);
            mine.Skip();
            others.Skip();
            return null;
        }
        var isMine = mine.IsAtEnd || others.IsAtEnd ? !mine.IsAtEnd
            : mine.Key != others.Key ? mine.Key < others.Key
            : HeightOf(mine) >= HeightOf(others);
        var behind = isMine ? mine : others;
        if (behind.Mapping is not { } alone)
            return behind.Open();
        take(isMine ? alone : null, isMine ? null : alone);
        behind.Skip();
        return null;
    }

    private static int HeightOf(MappingFrontier side) => side.Node?.Height ?? -1;

    private static void Add(List<BlockRange> ranges, ulong block)
    {
        if (ranges is [.., var last] && (last.End == block || ranges.Count == MostRanges))
            ranges[^1] = last with { Count = block + 1 - last.Start };
        else
            ranges.Add(new BlockRange(block, 1));
    }
}

using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;

namespace DmAgents.Kernel.ThinPools.Metadata;

/// <summary>Finds the virtual blocks that one device maps and another does not map to the same data block.</summary>
/// <remarks>As <see cref="BlockDifference"/> a subtree that both have is skipped unread; what is left of both trees is
/// read side by side in the order of virtual blocks, so that neither is ever in memory as a whole.</remarks>
internal sealed class OwnMappings(BtreeWalk walk)
{
    /// <summary>16 MiB of them. From there on they are joined over what lies between: to discard that as well costs
    /// time, and is right all the same.</summary>
    private const int MostRanges = 1 << 20;

    /// <param name="root">The device's mappings.</param>
    /// <param name="originRoot">The origin's; null: it has none.</param>
    /// <param name="since">Only what was mapped at this time of the pool or later.</param>
    public KernelResult<IReadOnlyList<BlockRange>> Find(ulong root, ulong? originRoot, uint since)
    {
        var (mine, origins) = (new HashSet<ulong>(), new HashSet<ulong>());
        if (originRoot is { } nodesOf && (walk.Nodes(root, mine) ?? walk.Nodes(nodesOf, origins)) is { } unread)
            return unread;
        var own = new MappingCursor(walk, root, skip: origins);
        var other = new MappingCursor(walk, originRoot, skip: mine);
        var ranges = new List<BlockRange>();
        if ((own.Next() ?? other.Next()) is { } failed)
            return failed;
        while (own.Current is { } mapping)
        {
            if (other.Current is { } behind && behind.Virtual < mapping.Virtual)
            {
                if (other.Next() is { } error)
                    return error;
                continue;
            }
            var isShared = other.Current is { } same && same.Virtual == mapping.Virtual && same.Data == mapping.Data;
            if (!isShared && mapping.Time >= since)
                Add(ranges, mapping.Virtual);
            if (own.Next() is { } last)
                return last;
        }
        return KernelResult.Found<IReadOnlyList<BlockRange>>(ranges);
    }

    private static void Add(List<BlockRange> ranges, ulong block)
    {
        if (ranges is [.., var last] && (last.End == block || ranges.Count == MostRanges))
            ranges[^1] = last with { Count = block + 1 - last.Start };
        else
            ranges.Add(new BlockRange(block, 1));
    }
}

using DmAgents.Domain.Ports;

namespace DmAgents.Kernel.ThinPools.Metadata;

/// <summary>Counts what one device maps and another does not map in the same place.</summary>
/// <remarks>A subtree that both have is the same mappings at the same places: it is skipped unread. What is left of a
/// snapshot is the leaves that were copied for its own writes, some of whose entries are still the origin's.</remarks>
internal sealed class BlockDifference(BtreeWalk walk)
{
    private const int TimeBits = 24;

    /// <param name="root">The device's mappings.</param>
    /// <param name="originRoot">The origin's; null: it has none.</param>
    public KernelResult<ulong> Count(ulong root, ulong? originRoot)
    {
        var own = new Dictionary<ulong, ulong>();
        if (originRoot is not { } origin)
        {
            var all = 0UL;
            var unread = walk.Entries(root, sizeof(ulong), (_, _) => all++);
            return unread is null ? all : unread;
        }
        var nodes = new HashSet<ulong>();
        if (walk.Nodes(origin, nodes) is { } error)
            return error;
        if (Unshared(root, nodes, (key, block) => own[key] = block) is { } failed)
            return failed;
        if (own.Count == 0)
            return 0UL;
        // The origin's own leaves are few, too: each was copied, once, by somebody.
        var mine = new HashSet<ulong>();
        if (walk.Nodes(root, mine) is { } again)
            return again;
        var compared = Unshared(origin, mine, (key, block) =>
        {
            if (own.TryGetValue(key, out var present) && present == block)
                own.Remove(key);
        });
        return compared is null ? (ulong)own.Count : compared;
    }

    /// <summary>Every mapping below a root that is in no node of <paramref name="shared"/>.</summary>
    private KernelError? Unshared(ulong root, HashSet<ulong> shared, Action<ulong, ulong> take)
    {
        var open = new Stack<(ulong Block, int Level)>();
        open.Push((root, 0));
        while (open.TryPop(out var next))
        {
            if (shared.Contains(next.Block))
                continue;
            if (walk.Node(next.Block, next.Level, out var node) is { } unread)
                return unread;
            if (node.IsLeaf && node.Count > 0 && node.ValueSize != sizeof(ulong))
                return BtreeWalk.Damaged(next.Block, $"not a leaf of mappings");
            for (var i = 0; i < node.Count; i++)
            {
                if (node.IsLeaf)
                    take(node.Key(i), node.Number(i) >> TimeBits);
                else
                    open.Push((node.Number(i), next.Level + 1));
            }
        }
        return null;
    }
}

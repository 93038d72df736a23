using DmAgents.Domain.Ports;

namespace DmAgents.Kernel.ThinPools.Metadata;

/// <summary>A virtual block's data block, and the pool's time when it was put there.</summary>
internal readonly record struct MappedBlock(ulong Virtual, ulong Data, uint Time);

/// <summary>Goes through the mappings below a root in the order of virtual blocks, one leaf in memory at a
/// time.</summary>
/// <param name="walk">Reads the nodes.</param>
/// <param name="root">Null: there are no mappings.</param>
/// <param name="skip">Nodes that are passed over with all below them.</param>
internal sealed class MappingCursor(BtreeWalk walk, ulong? root, IReadOnlySet<ulong> skip)
{
    private const int TimeBits = 24;
    private const ulong TimeMask = (1UL << TimeBits) - 1;

    private readonly Stack<(ulong Block, int Level)> _open =
        root is { } first ? new([(first, 0)]) : new();
    private MappedBlock[] _leaf = [];
    private int _at;

    /// <summary>Null before the first <see cref="Next"/> and after the last.</summary>
    public MappedBlock? Current { get; private set; }

    public KernelError? Next()
    {
        while (_at == _leaf.Length)
        {
            if (!_open.TryPop(out var next))
            {
                Current = null;
                return null;
            }
            if (!skip.Contains(next.Block) && Read(next.Block, next.Level) is { } error)
                return error;
        }
        Current = _leaf[_at++];
        return null;
    }

    private KernelError? Read(ulong block, int level)
    {
        if (walk.Node(block, level, out var node) is { } unread)
            return unread;
        if (node.IsLeaf && node.Count > 0 && node.ValueSize != sizeof(ulong))
            return BtreeWalk.Damaged(block, $"not a leaf of mappings");
        for (var i = node.Count - 1; !node.IsLeaf && i >= 0; i--)
            _open.Push((node.Number(i), level + 1));
        if (!node.IsLeaf)
            return null;
        (_leaf, _at) = (new MappedBlock[node.Count], 0);
        for (var i = 0; i < node.Count; i++)
        {
            var value = node.Number(i);
            _leaf[i] = new MappedBlock(node.Key(i), value >> TimeBits, (uint)(value & TimeMask));
        }
        return null;
    }
}

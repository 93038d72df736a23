using DmAgents.Domain.Ports;

namespace DmAgents.Kernel.ThinPools.Metadata;

/// <summary>A virtual block's data block, and the pool's time when it was mapped.</summary>
internal readonly record struct MappedBlock(ulong Virtual, ulong Data, uint Time);

/// <summary>A node that was not read yet. The keys below it are at least <paramref name="Key"/> and less than
/// <paramref name="End"/>.</summary>
internal readonly record struct UnreadNode(ulong Block, int Height, ulong Key, ulong End);

/// <summary>
/// Iterates over the mappings below a root in the order of virtual blocks. The head is the next mapping, or the node
/// above the next mappings: the caller opens the node, or skips it unread.
/// </summary>
/// <remarks>Keeps one leaf in memory at a time. Keys that do not ascend, or lie outside their parent's range, are
/// damage: two trees are compared by the order of their keys, and a wrong key would hide a difference.</remarks>
internal sealed class MappingFrontier(BtreeWalk walk)
{
    private const int TimeBits = 24;
    private const ulong TimeMask = (1UL << TimeBits) - 1;

    private readonly Stack<UnreadNode> _nodes = new();
    private readonly List<MappedBlock> _leaf = [];
    private int _at;

    public bool IsAtEnd => _at == _leaf.Count && _nodes.Count == 0;

    /// <summary>The head, if it is a mapping.</summary>
    public MappedBlock? Mapping => _at < _leaf.Count ? _leaf[_at] : null;

    /// <summary>The head, if it is a node.</summary>
    public UnreadNode? Node => _at == _leaf.Count && _nodes.TryPeek(out var node) ? node : null;

    /// <summary>A lower bound of all remaining keys; the highest number at the end.</summary>
    public ulong Key => Mapping?.Virtual ?? Node?.Key ?? ulong.MaxValue;

    /// <summary>Starts below a root.</summary>
    /// <param name="root">Null: there are no mappings.</param>
    public KernelError? Begin(ulong? root)
    {
        if (root is not { } block)
            return null;
        if (walk.Height(block, out var height) is { } error)
            return error;
        _nodes.Push(new UnreadNode(block, height, Key: 0, End: ulong.MaxValue));
        return null;
    }

    /// <summary>Skips the head with its whole subtree.</summary>
    public void Skip()
    {
        if (_at < _leaf.Count)
            _at++;
        else
            _nodes.Pop();
    }

    /// <summary>Reads the node at the head and replaces it by its children or mappings.</summary>
    public KernelError? Open()
    {
        var head = _nodes.Pop();
        if (walk.Node(head.Block, level: 0, out var node) is { } unread)
            return unread;
        if (node.IsLeaf != (head.Height == 0))
            return BtreeWalk.Damaged(head.Block, $"its leaves are not {head.Height} levels below it");
        if (node.IsLeaf && node.Count > 0 && node.ValueSize != sizeof(ulong))
            return BtreeWalk.Damaged(head.Block, $"not a leaf of mappings");
        var end = head.End;
        for (var i = node.Count - 1; i >= 0; i--)
        {
            if (node.Key(i) < head.Key || node.Key(i) >= end)
                return BtreeWalk.Damaged(head.Block, $"key {node.Key(i)} where {head.Key} to {end} are expected");
            if (!node.IsLeaf)
                _nodes.Push(new UnreadNode(node.Number(i), head.Height - 1, node.Key(i), end));
            end = node.Key(i);
        }
        if (node.IsLeaf)
            Take(node);
        return null;
    }

    private void Take(BtreeNode leaf)
    {
        _leaf.Clear();
        _at = 0;
        for (var i = 0; i < leaf.Count; i++)
        {
            var value = leaf.Number(i);
            _leaf.Add(new MappedBlock(leaf.Key(i), value >> TimeBits, (uint)(value & TimeMask)));
        }
    }
}

namespace DmAgents.Kernel.Tests.ThinPools;

/// <summary>
/// A btree whose nodes are copied before they change, as those of a pool's metadata: versions share what they have in
/// common. Nodes are small, so that few entries make many levels. As in the kernel an inner node's key is the lowest
/// below the child when that was put there: removals leave it too low.
/// </summary>
internal sealed class CowTree
{
    private const int Most = 6;

    private readonly CowNode _root;

    private CowTree(CowNode root) => _root = root;

    public static CowTree Empty { get; } = new(new CowNode(true, [], [], []));

    public SortedDictionary<ulong, ulong> Entries
    {
        get
        {
            var entries = new SortedDictionary<ulong, ulong>();
            Visit(_root, node =>
            {
                for (var i = 0; node.IsLeaf && i < node.Keys.Length; i++)
                    entries.Add(node.Keys[i], node.Values[i]);
            });
            return entries;
        }
    }

    public HashSet<CowNode> Nodes
    {
        get
        {
            var nodes = new HashSet<CowNode>(ReferenceEqualityComparer.Instance);
            Visit(_root, node => nodes.Add(node));
            return nodes;
        }
    }

    public CowTree With(ulong key, ulong value)
    {
        var made = Put(_root, key, value);
        return new CowTree(made is [var root] ? root : Inner([.. made]));
    }

    public CowTree Without(ulong key)
    {
        var root = Take(_root, key) ?? Empty._root;
        while (!root.IsLeaf && root.Children.Length == 1)
            root = root.Children[0];
        return new CowTree(root);
    }

    /// <summary>Writes the nodes that are not there yet.</summary>
    public ulong WriteTo(FakeMetadata metadata, Dictionary<CowNode, ulong> written) => Write(_root, metadata, written);

    private static ulong Write(CowNode node, FakeMetadata metadata, Dictionary<CowNode, ulong> written)
    {
        if (written.TryGetValue(node, out var block))
            return block;
        block = node.IsLeaf
            ? metadata.AddLeaf([.. node.Keys.Zip(node.Values)])
            : metadata.AddInner([.. node.Keys.Zip(node.Children.Select(child => Write(child, metadata, written)))]);
        written.Add(node, block);
        return block;
    }

    private static List<CowNode> Put(CowNode node, ulong key, ulong value)
    {
        if (node.IsLeaf)
        {
            var entries = node.Keys.Zip(node.Values).Where(entry => entry.First != key)
                .Append((First: key, Second: value)).OrderBy(entry => entry.First).ToList();
            return [.. Halves(entries).Select(half => new CowNode(
                true, [.. half.Select(entry => entry.First)], [.. half.Select(entry => entry.Second)], []))];
        }
        var at = Math.Max(0, Array.FindLastIndex(node.Keys, other => other <= key));
        var children = node.Keys.Zip(node.Children).ToList();
        var made = Put(node.Children[at], key, value);
        children[at] = (Math.Min(node.Keys[at], key), made[0]);
        if (made.Count > 1)
            children.Insert(at + 1, (made[1].Keys[0], made[1]));
        return [.. Halves(children).Select(half => new CowNode(
            false, [.. half.Select(child => child.First)], [], [.. half.Select(child => child.Second)]))];
    }

    /// <returns>Null: nothing is left of it.</returns>
    private static CowNode? Take(CowNode node, ulong key)
    {
        var at = node.IsLeaf
            ? Array.IndexOf(node.Keys, key)
            : Array.FindLastIndex(node.Keys, other => other <= key);
        if (at < 0)
            return node;
        var child = node.IsLeaf ? null : Take(node.Children[at], key);
        if (child is not null)
            return ReferenceEquals(child, node.Children[at]) ? node : node with
            {
                Children = [.. node.Children[..at], child, .. node.Children[(at + 1)..]],
            };
        if (node.Keys.Length == 1)
            return null;
        return new CowNode(
            node.IsLeaf,
            [.. node.Keys[..at], .. node.Keys[(at + 1)..]],
            node.IsLeaf ? [.. node.Values[..at], .. node.Values[(at + 1)..]] : [],
            node.IsLeaf ? [] : [.. node.Children[..at], .. node.Children[(at + 1)..]]);
    }

    private static CowNode Inner(CowNode[] children) =>
        new(false, [.. children.Select(child => child.Keys[0])], [], children);

    private static List<List<T>> Halves<T>(List<T> entries) =>
        entries.Count <= Most ? [entries] : [entries[..(entries.Count / 2)], entries[(entries.Count / 2)..]];

    private static void Visit(CowNode node, Action<CowNode> visit)
    {
        visit(node);
        foreach (var child in node.Children)
            Visit(child, visit);
    }
}

internal sealed record CowNode(bool IsLeaf, ulong[] Keys, ulong[] Values, CowNode[] Children)
{
    public bool Equals(CowNode? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
}

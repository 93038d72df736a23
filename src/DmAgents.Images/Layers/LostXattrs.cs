using DmAgents.Domain.Ports.FileTrees;

namespace DmAgents.Images.Layers;

/// <summary>An extended attribute that a layer's entries lack.</summary>
/// <param name="Name">With its namespace, for display.</param>
/// <param name="Entries">The number of entries that should have it.</param>
/// <param name="First">The first of them.</param>
public sealed record LostXattrCount(string Name, XattrLoss Why, long Entries, string First);

/// <summary>Counts omitted attributes, by name and reason.</summary>
public sealed class LostXattrs
{
    // Each entry may have attribute names of its own; the operator needs only the kinds.
    private const int MaxKinds = 50;
    private const string Others = "others";

    private readonly Dictionary<LostXattr, LostXattrCount> counts = [];

    /// <summary>The most frequent first.</summary>
    public IReadOnlyList<LostXattrCount> Counts =>
        [.. counts.Values.OrderByDescending(one => one.Entries).ThenBy(one => one.Name, StringComparer.Ordinal)];

    public void Add(LostXattr lost, TreePath path) => Add(lost, 1, path.ToString());

    /// <summary>Adds another layer's losses.</summary>
    public void Add(LostXattrs other)
    {
        foreach (var (lost, count) in other.counts)
            Add(lost, count.Entries, count.First);
    }

    private void Add(LostXattr lost, long entries, string first)
    {
        if (!counts.ContainsKey(lost) && counts.Count >= MaxKinds)
            lost = lost with { Name = Others };
        var name = TreePath.Display(System.Text.Encoding.UTF8.GetBytes(lost.Name));
        counts[lost] = counts.TryGetValue(lost, out var count)
            ? count with { Entries = count.Entries + entries }
            : new LostXattrCount(name, lost.Why, entries, first);
    }
}

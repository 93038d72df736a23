using System.Collections.Immutable;
using DmAgents.Domain.Pools;

namespace DmAgents.Testing.Simulation;

/// <summary>Where a virtual block is, and in which of the pool's snapshot times it was put there.</summary>
internal readonly record struct Mapping(ulong Block, uint Time);

/// <summary>
/// A leaf of a mapping tree: some neighbouring virtual blocks. Its identity is what snapshots share; it is replaced,
/// never changed.
/// </summary>
internal sealed class MappingLeaf(ImmutableSortedDictionary<ulong, Mapping> entries)
{
    /// <summary>Virtual blocks per leaf: half of what a node of 4 KiB takes, as after a split.</summary>
    public const ulong Span = 126;

    public ImmutableSortedDictionary<ulong, Mapping> Entries { get; } = entries;
}

/// <summary>A thin device's tree and details.</summary>
/// <param name="Leaves">By virtual block divided by <see cref="MappingLeaf.Span"/>.</param>
/// <param name="MappedBlocks">Entries in all leaves.</param>
/// <param name="CreatedIn">The pool's transaction id then.</param>
/// <param name="CreatedTime">The pool's snapshot time then.</param>
/// <param name="SnapshottedTime">Mappings older than this may be shared.</param>
internal sealed record ThinRecord(
    ImmutableSortedDictionary<ulong, MappingLeaf> Leaves,
    ulong MappedBlocks,
    TransactionId CreatedIn,
    uint CreatedTime,
    uint SnapshottedTime)
{
    public Mapping? Find(ulong virtualBlock) =>
        Leaves.TryGetValue(virtualBlock / MappingLeaf.Span, out var leaf)
        && leaf.Entries.TryGetValue(virtualBlock, out var mapping)
            ? mapping
            : null;

    /// <summary>Entries that the origin does not have in the same place.</summary>
    public ulong Above(ThinRecord? origin) =>
        (ulong)Leaves.Values.Sum(leaf => leaf.Entries.Count(
            entry => origin?.Find(entry.Key)?.Block != entry.Value.Block));

    /// <summary>Entries that the origin does not have in the same place, ascending; where others have begun with its
    /// blocks, only what was written since.</summary>
    public IEnumerable<ulong> Own(ThinRecord? origin, bool isOrigin) =>
        Leaves.Values.SelectMany(leaf => leaf.Entries)
            .Where(entry => origin?.Find(entry.Key)?.Block != entry.Value.Block)
            .Where(entry => !isOrigin || !MayShare(entry.Value))
            .Select(entry => entry.Key);

    /// <summary>Virtual blocks that one of the two maps and the other does not map to the same place, ascending.
    /// </summary>
    public IEnumerable<ulong> Differing(ThinRecord? other) =>
        Own(other, isOrigin: false).Concat(other is null ? [] : other.Own(this, isOrigin: false)).Distinct().Order();

    /// <summary>The kernel's own rule: it knows "shared" from times, not from reference counts.</summary>
    public bool MayShare(Mapping mapping) => SnapshottedTime > mapping.Time;
}

/// <summary>
/// A pool's metadata as one immutable value: committing keeps a reference, a snapshot shares whole leaves. Counts are
/// of two levels, as on disk: how many trees have a leaf, and how many leaves have a data block.
/// </summary>
internal sealed record PoolMetadata
{
    /// <summary>Superblock, space maps and tree roots of an empty pool.</summary>
    private const ulong FixedBlocks = 10;

    public TransactionId TransactionId { get; init; }

    public uint Time { get; init; }

    public bool NeedsCheck { get; init; }

    public required PoolBlockSize BlockSize { get; init; }

    public required ulong DataBlocks { get; init; }

    public required ulong MetadataBlocks { get; init; }

    public ImmutableSortedDictionary<uint, ThinRecord> Thins { get; init; } =
        ImmutableSortedDictionary<uint, ThinRecord>.Empty;

    public ImmutableDictionary<MappingLeaf, uint> LeafUse { get; init; } =
        ImmutableDictionary<MappingLeaf, uint>.Empty;

    public ImmutableDictionary<ulong, uint> BlockUse { get; init; } = ImmutableDictionary<ulong, uint>.Empty;

    /// <summary>The thin devices in the held metadata snapshot, which keeps their blocks; null where none is held.
    /// </summary>
    public ImmutableSortedDictionary<uint, ThinRecord>? Held { get; init; }

    public ulong UsedData => (ulong)BlockUse.Count;

    public ulong UsedMetadata =>
        FixedBlocks + (ulong)Thins.Count + (ulong)LeafUse.Count + (Held is null ? 0UL : 1UL);

    public ulong FreeMetadata => MetadataBlocks > UsedMetadata ? MetadataBlocks - UsedMetadata : 0;

    public PoolMetadata WithThin(uint id) => this with
    {
        Thins = Thins.Add(id, new ThinRecord(
            ImmutableSortedDictionary<ulong, MappingLeaf>.Empty, MappedBlocks: 0, TransactionId, Time, Time)),
    };

    public PoolMetadata WithSnapshot(uint id, uint origin)
    {
        var time = Time + 1;
        var snapshotted = Thins[origin] with { SnapshottedTime = time };
        return this with
        {
            Time = time,
            Thins = Thins.SetItem(origin, snapshotted)
                .Add(id, snapshotted with { CreatedIn = TransactionId, CreatedTime = time }),
            LeafUse = Referenced(snapshotted, LeafUse),
        };
    }

    public PoolMetadata WithoutThin(uint id) => Released(Thins[id]) with { Thins = Thins.Remove(id) };

    /// <summary>Puts a data block behind a virtual block, in place of what was there.</summary>
    public PoolMetadata WithMapping(uint id, ulong virtualBlock, ulong block)
    {
        var owned = WithOwnLeaf(id, virtualBlock / MappingLeaf.Span, out var leaf);
        var former = leaf.Entries.TryGetValue(virtualBlock, out var mapping) ? mapping.Block : (ulong?)null;
        var use = owned.BlockUse.SetItem(block, owned.BlockUse.GetValueOrDefault(block) + 1);
        return owned.WithLeaf(
            id,
            virtualBlock / MappingLeaf.Span,
            leaf,
            leaf.Entries.SetItem(virtualBlock, new Mapping(block, Time)),
            former is { } gone ? Dropped(gone, use) : use);
    }

    public PoolMetadata WithoutMapping(uint id, ulong virtualBlock)
    {
        var owned = WithOwnLeaf(id, virtualBlock / MappingLeaf.Span, out var leaf);
        return owned.WithLeaf(
            id,
            virtualBlock / MappingLeaf.Span,
            leaf,
            leaf.Entries.Remove(virtualBlock),
            Dropped(leaf.Entries[virtualBlock].Block, owned.BlockUse));
    }

    public PoolMetadata WithHeld() => this with
    {
        Held = Thins,
        LeafUse = Thins.Values.Aggregate(LeafUse, (use, thin) => Referenced(thin, use)),
    };

    public PoolMetadata WithoutHeld() =>
        Held!.Values.Aggregate(this, (metadata, thin) => metadata.Released(thin)) with { Held = null };

    /// <summary>Data blocks that only this thin device maps.</summary>
    public ulong Exclusive(ThinRecord thin) =>
        (ulong)thin.Leaves.Values
            .Where(leaf => LeafUse[leaf] == 1)
            .Sum(leaf => leaf.Entries.Values.Count(mapping => BlockUse[mapping.Block] == 1));

    private static ImmutableDictionary<MappingLeaf, uint> Referenced(
        ThinRecord thin, ImmutableDictionary<MappingLeaf, uint> use) =>
        use.SetItems(thin.Leaves.Values.Select(leaf => KeyValuePair.Create(leaf, use[leaf] + 1)));

    private static ImmutableDictionary<ulong, uint> Dropped(ulong block, ImmutableDictionary<ulong, uint> use) =>
        use[block] == 1 ? use.Remove(block) : use.SetItem(block, use[block] - 1);

    /// <summary>A shared leaf is copied before it changes; both copies then count for their blocks.</summary>
    private PoolMetadata WithOwnLeaf(uint id, ulong index, out MappingLeaf leaf)
    {
        var thin = Thins[id];
        if (!thin.Leaves.TryGetValue(index, out var present))
        {
            leaf = new MappingLeaf(ImmutableSortedDictionary<ulong, Mapping>.Empty);
            return With(id, thin with { Leaves = thin.Leaves.Add(index, leaf) }, LeafUse.Add(leaf, 1), BlockUse);
        }
        leaf = present;
        if (LeafUse[present] == 1)
            return this;
        leaf = new MappingLeaf(present.Entries);
        return With(
            id,
            thin with { Leaves = thin.Leaves.SetItem(index, leaf) },
            LeafUse.SetItem(present, LeafUse[present] - 1).Add(leaf, 1),
            BlockUse.SetItems(present.Entries.Values.Select(mapping =>
                KeyValuePair.Create(mapping.Block, BlockUse[mapping.Block] + 1))));
    }

    private PoolMetadata WithLeaf(
        uint id,
        ulong index,
        MappingLeaf former,
        ImmutableSortedDictionary<ulong, Mapping> entries,
        ImmutableDictionary<ulong, uint> blockUse)
    {
        var thin = Thins[id];
        var mapped = thin.MappedBlocks + (ulong)entries.Count - (ulong)former.Entries.Count;
        var leafUse = LeafUse.Remove(former);
        if (entries.IsEmpty)
            return With(id, thin with { Leaves = thin.Leaves.Remove(index), MappedBlocks = mapped }, leafUse, blockUse);
        var leaf = new MappingLeaf(entries);
        return With(
            id,
            thin with { Leaves = thin.Leaves.SetItem(index, leaf), MappedBlocks = mapped },
            leafUse.Add(leaf, 1),
            blockUse);
    }

    private PoolMetadata With(
        uint id,
        ThinRecord thin,
        ImmutableDictionary<MappingLeaf, uint> leafUse,
        ImmutableDictionary<ulong, uint> blockUse) =>
        this with { Thins = Thins.SetItem(id, thin), LeafUse = leafUse, BlockUse = blockUse };

    /// <summary>One tree less: leaves that no tree has any more let go of their blocks.</summary>
    private PoolMetadata Released(ThinRecord thin)
    {
        var leafUse = LeafUse.ToBuilder();
        var blockUse = BlockUse;
        foreach (var leaf in thin.Leaves.Values)
        {
            leafUse[leaf]--;
            if (leafUse[leaf] > 0)
                continue;
            leafUse.Remove(leaf);
            blockUse = leaf.Entries.Values.Aggregate(blockUse, (use, mapping) => Dropped(mapping.Block, use));
        }
        return this with { LeafUse = leafUse.ToImmutable(), BlockUse = blockUse };
    }
}

using System.Buffers.Binary;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Kernel.ThinPools.Metadata;

namespace DmAgents.Kernel.Tests.ThinPools;

public sealed class BlockDifferenceTests
{
    private const int Histories = 3000;

    private readonly FakeMetadata _metadata = new();

    /// <summary>Snapshots of snapshots with random writes and discards: any two of them, against their entries.
    /// </summary>
    [Fact]
    public void Random_histories_differ_where_their_entries_do_and_only_what_is_not_shared_is_read()
    {
        for (var seed = 0; seed < Histories; seed++)
        {
            var (random, metadata) = (new Random(seed), new FakeMetadata());
            var trees = History(random);
            var (left, right) = (trees[random.Next(trees.Count)], trees[random.Next(trees.Count)]);
            var written = new Dictionary<CowNode, ulong>();
            var (mine, others) = (left.WriteTo(metadata, written), right.WriteTo(metadata, written));
            var (entries, theirs) = (left.Entries, right.Entries);
            var own = entries.Where(entry => !Has(theirs, entry)).Select(entry => entry.Key).ToHashSet();
            var differing = theirs.Where(entry => !Has(entries, entry)).Select(entry => entry.Key).Union(own).Order();

            var before = metadata.Reads;
            var found = Difference(metadata).Between(mine, others).Value;
            var reads = metadata.Reads - before;

            Assert.True(differing.SequenceEqual(Blocks(found)), $"seed {seed}: {string.Join(", ", found)}");
            Assert.DoesNotContain(found.Zip(found.Skip(1)), pair => pair.First.End >= pair.Second.Start);
            Assert.True((ulong)own.Count == Difference(metadata).Count(mine, others).Value, $"seed {seed}: count");
            var unshared = left.Nodes.Except(right.Nodes).Concat(right.Nodes.Except(left.Nodes)).Count();
            // Besides, for its height, each one's first path; and shared nodes that their parents name by other keys.
            Assert.True(reads <= unshared * 2 + 16, $"seed {seed}: {reads} reads for {unshared} nodes");
        }
    }

    [Fact]
    public void One_changed_block_of_many_costs_the_paths_to_it()
    {
        var origin = CowTree.Empty;
        for (var key = 0UL; key < 20_000; key++)
            origin = origin.With(key, Data(key));
        var changed = origin.With(7_777, Data(50_000));
        var written = new Dictionary<CowNode, ulong>();
        var (mine, others) = (changed.WriteTo(_metadata, written), origin.WriteTo(_metadata, written));

        Assert.Equal([new BlockRange(7_777, 1)], Difference(_metadata).Between(mine, others).Value);

        Assert.InRange(_metadata.Reads, 1, 60);
    }

    [Fact]
    public void A_device_without_another_differs_in_all_that_it_maps()
    {
        var leaf = _metadata.AddLeaf((3, Data(1)), (4, Data(9)), (6, Data(2)));

        Assert.Equal([new BlockRange(3, 2), new BlockRange(6, 1)], Difference(_metadata).Between(leaf, null).Value);
        Assert.Equal(3ul, Difference(_metadata).Count(leaf, null).Value);
        Assert.Equal(
            [new BlockRange(3, 2), new BlockRange(6, 1)],
            Difference(_metadata).Between(_metadata.AddLeaf(), leaf).Value);
    }

    [Fact]
    public void Times_are_no_difference() => Assert.Empty(Difference(_metadata).Between(
        _metadata.AddLeaf((3, (5ul << 24) | 7)), _metadata.AddLeaf((3, (5ul << 24) | 9))).Value);

    [Fact]
    public void Keys_out_of_order_or_out_of_their_parents_bounds_are_damage_and_hide_no_difference()
    {
        var right = _metadata.AddInner((0, _metadata.AddLeaf((0, Data(0)))), (9, _metadata.AddLeaf((9, Data(9)))));
        var leaf = _metadata.AddLeaf((10, Data(1)));

        MustBeDamaged(right, _metadata.AddLeaf((4, Data(1)), (3, Data(2))));
        MustBeDamaged(right, _metadata.AddLeaf((4, Data(1)), (4, Data(2))));
        // Before, and behind what the parent gives it.
        MustBeDamaged(right, _metadata.AddInner((11, leaf), (12, _metadata.AddLeaf((12, Data(1))))));
        MustBeDamaged(right, _metadata.AddInner((0, leaf), (7, _metadata.AddLeaf((7, Data(1))))));
    }

    [Fact]
    public void Leaves_of_unequal_depth_are_damage()
    {
        var leaf = _metadata.AddLeaf((0, Data(1)));
        MustBeDamaged(
            _metadata.AddLeaf((8, Data(4))),
            _metadata.AddInner((0, leaf), (7, _metadata.AddInner((7, _metadata.AddLeaf((7, Data(3))))))));
    }

    [Fact]
    public void A_block_that_cannot_be_read_is_the_callers_to_know()
    {
        var leaf = _metadata.AddLeaf((0, Data(1)));
        BinaryPrimitives.WriteUInt32LittleEndian(_metadata[leaf], 0);

        Assert.Equal(KernelFault.Failed, Difference(_metadata).Between(leaf, _metadata.AddLeaf()).Error!.Fault);
        Assert.Equal(KernelFault.Failed, Difference(_metadata).Between(_metadata.AddLeaf(), leaf).Error!.Fault);
    }

    /// <summary>Looks up each key and some that are not there.</summary>
    [Fact]
    public void An_entry_is_found_by_one_path()
    {
        var tree = CowTree.Empty;
        for (var key = 5UL; key < 5000; key += 5)
            tree = tree.With(key, key * 3);
        var root = tree.WriteTo(_metadata, []);
        for (var key = 0UL; key < 5010; key++)
        {
            ulong? found = null;
            var before = _metadata.Reads;
            Assert.Null(new BtreeWalk(_metadata).Find(
                root, key, sizeof(ulong), (_, value) => found = BinaryPrimitives.ReadUInt64LittleEndian(value)));
            Assert.Equal(key % 5 == 0 && key is > 0 and < 5000 ? key * 3 : null, found);
            Assert.InRange(_metadata.Reads - before, 1, 10);
        }
    }

    private static List<CowTree> History(Random random)
    {
        var trees = new List<CowTree> { CowTree.Empty };
        var next = 1UL;
        var (blocks, steps) = (random.Next(1, 400), random.Next(1, 8));
        for (var i = 0; i < steps; i++)
        {
            var tree = trees[random.Next(trees.Count)];
            for (var changes = i == 0 ? blocks : random.Next(0, 20); changes > 0; changes--)
            {
                var (start, length) = ((ulong)random.Next(blocks), (ulong)(random.Next(4) == 0 ? random.Next(40) : 1));
                var isDiscard = random.Next(4) == 0;
                for (var block = start; block < start + length; block++)
                    tree = isDiscard ? tree.Without(block) : tree.With(block, Data(next++));
            }
            trees.Add(tree);
        }
        return trees;
    }

    private static bool Has(SortedDictionary<ulong, ulong> entries, KeyValuePair<ulong, ulong> entry) =>
        entries.TryGetValue(entry.Key, out var value) && value == entry.Value;

    private static IEnumerable<ulong> Blocks(IEnumerable<BlockRange> ranges) =>
        ranges.SelectMany(range => Enumerable.Range(0, (int)range.Count).Select(i => range.Start + (ulong)i));

    private static ulong Data(ulong block) => (block << 24) | 3;

    private static BlockDifference Difference(FakeMetadata metadata) => new(new BtreeWalk(metadata));

    private void MustBeDamaged(ulong right, ulong wrong)
    {
        foreach (var compared in (KernelResult<IReadOnlyList<BlockRange>>[])
            [Difference(_metadata).Between(right, wrong), Difference(_metadata).Between(wrong, right)])
        {
            Assert.Equal(KernelFault.Failed, compared.Error?.Fault);
        }
    }
}

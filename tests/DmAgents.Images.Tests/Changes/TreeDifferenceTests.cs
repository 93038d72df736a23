using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Domain.Units;
using DmAgents.Images.Changes;
using DmAgents.Images.Tests.Support;

namespace DmAgents.Images.Tests.Changes;

/// <summary>What differs between two trees, each kind of difference by itself.</summary>
public sealed class TreeDifferenceTests
{
    private const string Everything = """
        mkdir -p d/sub empty; echo content > file; echo other > d/a; echo more > d/sub/b
        head -c 700000 /dev/zero > zeros; truncate -s 3M sparse; printf x | dd of=sparse bs=1M seek=1 conv=notrunc status=none
        ln -s target link; ln file hard; mkfifo pipe; mknod null c 1 3; mknod disk b 8 1
        setfattr -n user.one -v 1 d/a; touch "$(printf 'latin\351')"
        find . -exec touch -h -d '2001-02-03 04:05:06.123456789Z' {} +
        """;

    /// <summary>Keeps the times of directories out of it: they change with what is in them.</summary>
    private const string SameTimes = "; touch -c -d '2001-02-03 04:05:06.123456789Z' . d d/sub empty 2>/dev/null || true";

    [Theory]
    [InlineData("true", "")]
    [InlineData("echo new > d/new", "A /d/new")]
    [InlineData("mkdir -p x/y; echo > x/y/z", "A /x,A /x/y,A /x/y/z")]
    [InlineData("rm d/a", "D /d/a")]
    [InlineData("rm -r d/sub", "D /d/sub")]
    [InlineData("rm -r d; mkdir d", "D /d/a,D /d/sub")]
    [InlineData("rm -r d; echo > d; touch -d '2001-02-03 04:05:06.123456789Z' d", "C /d")]
    [InlineData("rm d/a; mkdir d/a; echo > d/a/c", "C /d/a,A /d/a/c")]
    [InlineData("touch -h -d '2001-02-03 04:05:06.123456788Z' link", "C /link")]
    [InlineData("chmod 600 d/a", "C /d/a")]
    [InlineData("chown 7 d/a", "C /d/a")]
    [InlineData("chgrp 5000000 d/a", "C /d/a")]
    [InlineData("chown -h 7 link", "C /link")]
    [InlineData("setfattr -n user.one -v 2 d/a", "C /d/a")]
    [InlineData("setfattr -x user.one d/a", "C /d/a")]
    [InlineData("setfattr -n user.two d/a", "C /d/a")]
    [InlineData("setfattr -n user.two empty", "C /empty")]
    [InlineData("chmod 700 empty", "C /empty")]
    [InlineData("touch -d 2002-01-01Z empty; exit 0", "C /empty")]
    [InlineData("printf conten2 | dd of=file conv=notrunc status=none; touch -r ../lower/file file", "C /file,C /hard")]
    [InlineData("rm null; mknod null c 1 5; touch -r ../lower/null null", "C /null")]
    [InlineData("rm null; mknod null b 1 3; touch -r ../lower/null null", "C /null")]
    [InlineData("ln -sfn targot link; touch -h -r ../lower/link link", "C /link")]
    [InlineData("printf 1 | dd of=zeros bs=1 seek=699999 conv=notrunc status=none; touch -r ../lower/zeros zeros", "C /zeros")]
    [InlineData("truncate -s 3145729 sparse; touch -r ../lower/sparse sparse", "C /sparse")]
    [InlineData("rm latin*", "D /latin\\xe9")]
    public void Each_kind_of_change_is_found_alone(string change, string expected)
    {
        using var trees = new TwoTrees(Everything, change.Contains("exit 0", StringComparison.Ordinal)
            ? change : change + SameTimes);

        Assert.Equal(expected, string.Join(',', trees.Changes()));
    }

    [Theory]
    // A hole that is written out, and one that is made: the content is the same.
    [InlineData("cp --sparse=never sparse s; cat s > sparse; rm s; touch -r ../lower/sparse sparse", "")]
    [InlineData("cp --sparse=always zeros z; mv z zeros; touch -r ../lower/zeros zeros", "")]
    // The same bytes under another inode.
    [InlineData("cp -p d/a a; mv a d/a; setfattr -n user.one -v 1 d/a", "")]
    [InlineData("ln d/sub/b d/sub/c", "A /d/sub/c")]
    // Names that leave their group of hard links, or join another.
    [InlineData("cp -p hard h; mv h hard", "C /hard")]
    [InlineData("rm hard", "D /hard")]
    public void Holes_and_inode_numbers_are_no_change_and_hard_links_are(string change, string expected)
    {
        using var trees = new TwoTrees(Everything, change + SameTimes);

        Assert.Equal(expected, string.Join(',', trees.Changes()));
    }

    [Fact]
    public void Names_that_swap_their_groups_of_hard_links_differ_though_all_else_is_the_same()
    {
        using var trees = new TwoTrees(
            "echo x > a; cp a c; touch -d 2001-01-01Z a c; ln a b; ln c d; touch -d 2001-01-01Z .",
            "ln -f a d; ln -f c b; touch -d 2001-01-01Z .");

        // a and d are one file, c and b another.
        Assert.Equal(["C /b", "C /d"], trees.Changes());
    }

    [Fact]
    public void Nothing_below_makes_everything_added_the_root_too()
    {
        using var trees = new TwoTrees("mkdir d; echo > d/f; echo > e", "true");
        using var difference = new TreeDifference(lower: null, trees.Upper, blocks: null);

        Assert.Equal(["A /", "A /d", "A /d/f", "A /e"], difference.Changes().Select(TwoTrees.Line));
    }

    [Fact]
    public void A_directory_comes_before_what_is_in_it_and_names_in_their_bytewise_order()
    {
        using var trees = new TwoTrees("true", "mkdir a; echo > a/z; echo > a.b; echo > B; echo > aa; touch -d 2001-01-01Z .");

        Assert.Equal(["A /B", "A /a", "A /a/z", "A /a.b", "A /aa"], trees.Changes());
    }

    [Fact]
    public void The_root_itself_is_compared()
    {
        using var trees = new TwoTrees("true", "chmod 711 .; touch -d 2001-01-01Z .");

        Assert.Equal(["C /"], trees.Changes());
    }

    [Fact]
    public void Deep_trees_are_walked_to_their_end()
    {
        using var trees = new TwoTrees(
            "p=.; for i in $(seq 1 900); do p=$p/d; done; mkdir -p $p; touch -d 2001-01-01Z .",
            "p=.; for i in $(seq 1 900); do p=$p/d; done; chmod 711 $p");

        Assert.Equal([$"C {string.Concat(Enumerable.Repeat("/d", 900))}"], trees.Changes());
    }

    [Fact]
    public void Random_trees_differ_where_their_lines_do()
    {
        var found = 0;
        for (var seed = 1; seed <= 30; seed++)
        {
            using var trees = new TwoTrees(RandomTree.Make(seed), RandomTree.Change(seed));

            var expected = RandomTree.Compare(trees);
            Assert.Equal((seed, expected), (seed, string.Join('\n', trees.Changes())));
            found += expected.Length > 0 ? 1 : 0;
        }
        Assert.InRange(found, 20, 30);
    }

    [Fact]
    public void Content_is_read_unless_blocks_prove_it_and_then_it_is_not()
    {
        FileExtent[] extents = [new(0, 8192, 1 << 20, false), new(16384, 4096, 3 << 20, true)];
        static ByteRange Range(ulong start, ulong length) => new(new ByteSize(start), new ByteSize(length));

        Assert.Empty(new KnownBlocks([]).ToRead(extents, [.. extents])!);
        Assert.Empty(new KnownBlocks([Range(0, 1 << 20), Range((1 << 20) + 8192, 1)]).ToRead(extents, [.. extents])!);
        // What is reserved only reads as zeros, whatever the blocks hold.
        Assert.Empty(new KnownBlocks([Range(3 << 20, 4096)]).ToRead(extents, [.. extents])!);
        Assert.Equal(
            [new FilePart(0, 5), new FilePart(8191, 1)],
            new KnownBlocks([Range((1 << 20) + 8191, 9), Range((1 << 20) - 5, 10)]).ToRead(extents, [.. extents]));
        Assert.Equal(
            [new FilePart(0, 8192)], new KnownBlocks([Range(0, 8 << 20)]).ToRead(extents, [.. extents]));
        Assert.Null(new KnownBlocks([]).ToRead(extents, [extents[0]]));
        Assert.Null(new KnownBlocks([]).ToRead([extents[0] with { Place = 0 }], [extents[0]]));
        Assert.Null(new KnownBlocks([]).ToRead([extents[1] with { IsUnwritten = false }], [extents[1]]));
        Assert.Null(new KnownBlocks([]).ToRead(null, extents));
        Assert.Null(new KnownBlocks([]).ToRead([], []));
    }

    [Fact]
    public void What_cannot_be_read_ends_the_work_with_the_entry_s_name()
    {
        using var trees = new TwoTrees("echo 1 > a; echo 2 > f", "echo 22 > a");
        using var difference = new TreeDifference(trees.Lower, trees.Upper, blocks: null);
        using var changes = difference.Changes().GetEnumerator();
        while (changes.MoveNext() && changes.Current.Path.IsRoot)
        {
        }
        Tool.Run(trees.Home, "rm", "upper/f");

        var refused = Assert.Throws<ImageException>(() => { while (changes.MoveNext()) { } });

        Assert.StartsWith("/f cannot be read: ", refused.What, StringComparison.Ordinal);
    }
}

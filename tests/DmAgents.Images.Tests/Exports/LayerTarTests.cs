using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Images.Exports;
using DmAgents.Images.Tests.Changes;
using DmAgents.Images.Tests.Support;
using DmAgents.Images.Trees;

namespace DmAgents.Images.Tests.Exports;

/// <summary>A layer that is written and applied again gives the tree that it was written from.</summary>
public sealed class LayerTarTests
{
    private const string Everything = """
        mkdir -p d/sub empty
        printf hello > file; head -c 3000000 /dev/urandom > big; : > nothing
        truncate -s 40M sparse; for at in 0 7 8 21 39; do printf data | dd of=sparse bs=1M seek=$at conv=notrunc status=none; done
        truncate -s 20M hole; printf tail >> hole; truncate -s 21M hole; truncate -s 9M all
        ln -s ../d link; ln -s /run/absolute abs; ln file hard; ln link linklink; mkfifo pipe; mknod null c 1 3; mknod disk b 259 7
        long=$(printf 'n%.0s' $(seq 1 120)); mkdir -p $long/$long; echo deep > $long/$long/$long; ln -s $long/$long/$long far
        ln $long/$long/$long harddeep; touch $(printf 'h%.0s' $(seq 1 99)) $(printf 'h%.0s' $(seq 1 100)) $(printf 'h%.0s' $(seq 1 101))
        touch "$(printf 'latin\351')" 'with space' "$(printf 'new\nline')" ./-dash 'a\b'
        chown 4000000:5000000 file; chown -h 12:34 link; chown 65534:65534 pipe; chown 2097151:2097152 empty
        chmod 4755 big; chmod 2755 d; chmod 1777 empty; chmod 0000 nothing
        touch -h -d '1969-12-31 23:59:58.25Z' nothing; touch -h -d '2001-02-03 04:05:06.123456789Z' link file
        touch -d '1960-01-01Z' null; touch -d '2300-01-01Z' disk
        setfattr -n user.text -v 'some text' file; setfattr -n user.dir -v 0sAP8A d; setfattr -n user.empty big
        setfattr -n 'user.a=b' -v 0sAAE= big; setcap cap_setuid,cap_net_raw+ep big
        setfattr -h -n trusted.link -v t link; setfacl -m u:7:r file
        touch -d '2040-01-01Z' d/sub; touch -d '1999-01-01Z' d; touch -d '2011-11-11 11:11:11.5Z' .
        """;

    private const string Change = """
        rm -r d/sub abs; mkdir abs; echo x > abs/in; rm -r empty; echo file > empty; echo more >> file; ln file d/third
        chmod 700 d; rm big; cp /bin/true big; rm hard; setfattr -n user.text -v other link 2>/dev/null || true
        rm "$(printf 'latin\351')"; rm -r n*/n*/n*; mv 'with space' 'with  space'; printf y | dd of=sparse bs=1M seek=30 conv=notrunc status=none
        """;

    [Fact]
    public void A_first_layer_brings_everything_with_all_that_it_carries()
    {
        using var trees = new TwoTrees(Everything, "true");
        var layer = Write(null, trees.Lower);

        using var applied = new TestTree();
        applied.Apply(layer, onEmptyBase: true);

        Assert.Equal(FileTreeDigest.Lines(trees.Lower), applied.Lines());
    }

    [Fact]
    public void A_layer_above_another_brings_what_differs_and_takes_away_what_is_gone()
    {
        using var trees = new TwoTrees(Everything, Change);
        using var applied = new TestTree();
        applied.Apply(Write(null, trees.Lower), onEmptyBase: true);

        applied.Apply(Write(trees.Lower, trees.Upper));

        Assert.Equal(FileTreeDigest.Lines(trees.Upper), applied.Lines());
    }

    [Fact]
    public void Random_histories_come_out_as_they_were()
    {
        for (var seed = 101; seed <= 125; seed++)
        {
            using var trees = new TwoTrees(RandomTree.Make(seed), RandomTree.Change(seed));
            using var applied = new TestTree();
            applied.Apply(Write(null, trees.Lower), onEmptyBase: true);
            applied.Apply(Write(trees.Lower, trees.Upper));

            Assert.Equal((seed, Text(trees.Upper)), (seed, string.Join('\n', applied.Lines())));
        }

        static string Text(IFileTree tree) => string.Join('\n', FileTreeDigest.Lines(tree));
    }

    [Theory]
    [InlineData("tar --xattrs --xattrs-include=* -xpf")]
    [InlineData("LC_ALL=C.UTF-8 bsdtar -xpf")]
    public void Other_tools_unpack_the_same_tree(string unpacker)
    {
        using var trees = new TwoTrees(Everything, "true");
        File.WriteAllBytes($"{trees.Home}/layer.tar", Write(null, trees.Lower));

        Tool.Shell(trees.Home, $"set -f; mkdir out; cd out; {unpacker} ../layer.tar --numeric-owner");

        using var tree = trees.Open("out");
        // GNU tar knows no attribute with an equals sign; bsdtar takes an ACL in words only, and a fraction of a second
        // before 1970 to the wrong side.
        string[] Comparable(IFileTree of) => [.. FileTreeDigest.Lines(of).Select(line =>
            System.Text.RegularExpressions.Regex.Replace(line, " (user.a=|system|time=-)[^ ]*", ""))];
        // bsdtar leaves the time of the directory that it unpacks into alone.
        var (expected, actual) = (Comparable(trees.Lower)[1..], Comparable(tree)[1..]);
        Assert.Equal(
            (Array.Empty<string>(), Array.Empty<string>()),
            (expected.Except(actual).ToArray(), actual.Except(expected).ToArray()));
    }

    [Fact]
    public void The_same_trees_give_the_same_bytes_and_the_same_tree_gives_nothing()
    {
        using var trees = new TwoTrees(Everything, Change);

        Assert.Equal(Write(trees.Lower, trees.Upper), Write(trees.Lower, trees.Upper));
        Assert.Equal(1024, Write(trees.Lower, trees.Lower).Length);
    }

    /// <summary>A program that unpacks each layer into a directory of its own makes them with whatever it
    /// likes.</summary>
    [Fact]
    public void Directories_above_a_change_are_in_the_layer_though_they_are_the_same()
    {
        using var trees = new TwoTrees(
            "mkdir -p a/b/c e; chmod 1777 a; echo 1 > a/b/c/f; find . -exec touch -d 2001-01-01Z {} +",
            "echo 2 > a/b/c/f; find . -exec touch -d 2001-01-01Z {} +");
        File.WriteAllBytes($"{trees.Home}/layer.tar", Write(trees.Lower, trees.Upper));

        Assert.Equal("a/\na/b/\na/b/c/\na/b/c/f\n", Tool.Run(trees.Home, "tar", "-tf", "layer.tar"));
    }

    [Fact]
    public void Of_hard_links_all_names_are_in_the_layer_if_one_differs()
    {
        using var trees = new TwoTrees(
            "echo 1 > b; ln b d; touch -d 2001-01-01Z . b", "ln b a; touch -d 2001-01-01Z .");
        File.WriteAllBytes($"{trees.Home}/layer.tar", Write(trees.Lower, trees.Upper));

        Assert.Equal(
            ["a", "b link to a", "d link to a"],
            Tool.Run(trees.Home, "tar", "-tvf", "layer.tar").Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => line[(line.IndexOf("00:00 ", StringComparison.Ordinal) + 6)..]));
    }

    [Fact]
    public void Sockets_and_overlay_marks_are_left_out_and_counted()
    {
        using var trees = new TwoTrees(
            "python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"s\")'; mkdir d; "
            + "setfattr -n trusted.overlay.opaque -v y d; setfattr -n user.kept -v 1 d", "true");
        using var tar = new MemoryStream();

        var left = LayerTar.Write(null, trees.Lower, null, tar);

        Assert.Equal(new LeftOutOfTar(1, 1), left);
        using var applied = new TestTree();
        applied.Apply(tar.ToArray(), onEmptyBase: true);
        Assert.False(applied.Has("s"));
        Assert.Equal(["user.kept"], applied.Xattrs("d").Select(xattr => xattr.Name));
    }

    [Fact]
    public void A_name_that_would_mean_a_removal_is_refused()
    {
        using var trees = new TwoTrees("mkdir d; echo > d/.wh.x", "true");

        var refused = Assert.Throws<ImageException>(() => Write(null, trees.Lower));

        Assert.Equal(ImageReason.Unsupported, refused.Reason);
        Assert.StartsWith("/d/.wh.x cannot be in a layer", refused.What, StringComparison.Ordinal);
    }

    private static byte[] Write(IFileTree? lower, IFileTree upper)
    {
        using var tar = new MemoryStream();
        LayerTar.Write(lower, upper, blocks: null, tar);
        return tar.ToArray();
    }
}

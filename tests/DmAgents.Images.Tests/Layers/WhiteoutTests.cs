using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Images.Tests.Support;

namespace DmAgents.Images.Tests.Layers;

public sealed class WhiteoutTests : IDisposable
{
    private readonly TestTree tree = new();

    public void Dispose() => tree.Dispose();

    [Fact]
    public void A_whiteout_removes_files_trees_and_symlinks_but_not_what_symlinks_lead_to()
    {
        tree.Apply(new TarBytes().File("f", "f").Directory("d").Directory("d/e").File("d/e/x", "x")
            .Directory("kept").File("kept/k", "k").Symlink("s", "kept"));
        tree.Apply(new TarBytes().File(".wh.f", "").File(".wh.d", "").File(".wh.s", "").File(".wh.never", "")
            .File("no/.wh.x", ""));

        Assert.Equal(["/kept", "/kept/k"], tree.LinesBelowRoot().Select(line => line.Split(' ')[0]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_opaque_directory_loses_what_was_below_wherever_the_mark_stands(bool markFirst)
    {
        tree.Apply(new TarBytes().Directory("d").File("d/lower", "l").Directory("d/both").File("d/both/lower", "l")
            .Directory("d/gone").File("d/gone/x", "x").File("d/same", "lower"));
        var layer = new TarBytes().Directory("d", time: 9);
        if (markFirst)
            layer.File("d/.wh..wh..opq", "");
        layer.Directory("d/both").File("d/both/upper", "u").File("d/same", "upper").File("d/fresh/deep", "f");
        if (!markFirst)
            layer.File("d/.wh..wh..opq", "");
        tree.Apply(layer);

        Assert.Equal(
            ["/d", "/d/both", "/d/both/upper", "/d/fresh", "/d/fresh/deep", "/d/same"],
            tree.LinesBelowRoot().Select(line => line.Split(' ')[0]));
        Assert.Equal(("upper", 9L), (tree.Read("d/same"), tree.Stat("d")!.ModificationTime.Seconds));
    }

    [Fact]
    public void An_opaque_root_clears_the_layers_below()
    {
        tree.Apply(new TarBytes().File("a", "a").Directory("d").File("d/x", "x"));
        tree.Apply(new TarBytes().File("b", "b").File(".wh..wh..opq", ""));

        Assert.Equal(["/b"], tree.LinesBelowRoot().Select(line => line.Split(' ')[0]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_whiteout_beside_the_same_name_replaces_it_in_either_order(bool whiteoutFirst)
    {
        tree.Apply(new TarBytes().Directory("d").File("d/lower", "l").File("f", "lower"));
        var layer = new TarBytes();
        if (whiteoutFirst)
            layer.File(".wh.d", "").File(".wh.f", "");
        layer.Directory("d").File("d/upper", "u").File("f", "upper");
        if (!whiteoutFirst)
            layer.File(".wh.d", "").File(".wh.f", "");
        tree.Apply(layer);

        Assert.Equal(["/d", "/d/upper", "/f"], tree.LinesBelowRoot().Select(line => line.Split(' ')[0]));
        Assert.Equal("upper", tree.Read("f"));
    }

    [Fact]
    public void A_whiteout_spares_a_directory_into_which_the_layer_has_put_something_without_naming_it()
    {
        tree.Apply(new TarBytes().Directory("d").Directory("d/e").File("d/e/lower", "l"));
        tree.Apply(new TarBytes().File("d/e/upper", "u").File("d/.wh.e", ""));

        Assert.Equal(["/d", "/d/e", "/d/e/upper"], tree.LinesBelowRoot().Select(line => line.Split(' ')[0]));
    }

    [Fact]
    public void Marks_of_aufs_are_passed_over()
    {
        tree.Apply(new TarBytes().Directory(".wh..wh.plnk").File(".wh..wh.aufs", "").File("a", "a"));

        Assert.Equal(["/a"], tree.LinesBelowRoot().Select(line => line.Split(' ')[0]));
    }

    [Theory]
    [InlineData(".wh..wh.plnk/")]
    [InlineData("./.wh..wh.orph/")]
    [InlineData("/.wh..wh.plnk/")]
    [InlineData("d/.wh..wh.orph/")]
    public void What_aufs_keeps_in_its_own_directories_is_not_in_the_tree(string directory)
    {
        tree.Apply(new TarBytes().Directory("./", time: 8).Directory("d", time: 9));
        tree.Apply(new TarBytes().Directory(directory).Directory(directory + "sub").File(directory + "sub/x", "x")
            .File(directory + "3.14", "y").Symlink(directory + "s", "/a").Entry(directory + "n", '3', major: 1));

        Assert.Equal(["/", "/d"], tree.Lines().Select(line => line.Split(' ')[0]));
        Assert.Equal((8L, 9L), (tree.Stat("")!.ModificationTime.Seconds, tree.Stat("d")!.ModificationTime.Seconds));
    }

    /// <summary>What the pseudo links of aufs are for: names of one inode, in several branches.</summary>
    [Fact]
    public void Hard_links_to_what_aufs_keeps_are_names_of_one_file()
    {
        tree.Apply(new TarBytes().Directory("./", time: 8).Directory(".wh..wh.plnk")
            .File(".wh..wh.plnk/12.34", "linked", uid: 7).HardLink("a", ".wh..wh.plnk/12.34")
            .HardLink("b", "/.wh..wh.plnk/12.34"));

        Assert.Equal(["/", "/a", "/b"], tree.Lines().Select(line => line.Split(' ')[0]));
        Assert.Equal(("linked", 7u, 2u), (tree.Read("a"), tree.Stat("a")!.Owner.Uid, tree.Stat("a")!.Links));
        Assert.Equal(8, tree.Stat("")!.ModificationTime.Seconds);
    }

    [Theory]
    [InlineData(".wh...")]
    [InlineData("d/.wh..")]
    [InlineData(".wh.")]
    public void A_whiteout_of_no_entry_is_refused(string name)
    {
        tree.Apply(new TarBytes().Directory("d"));

        tree.Refuses(new TarBytes().File(name, ""), ImageReason.UnsafePath);
        Assert.Equal(EntryType.Directory, tree.Stat("d")!.Type);
    }
}

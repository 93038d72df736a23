using System.Text;
using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Images.Tests.Support;

namespace DmAgents.Images.Tests.Layers;

public sealed class UnsafePathTests : IDisposable
{
    private readonly TestTree tree = new();
    private readonly string outside;

    public UnsafePathTests()
    {
        outside = Path.Combine(tree.Home, "outside");
        Directory.CreateDirectory(outside);
        File.WriteAllText(Path.Combine(outside, "secret"), "secret");
    }

    public void Dispose()
    {
        tree.Dispose();
    }

    [Theory]
    [InlineData("/outside/x", "outside/x")]
    [InlineData("//x", "x")]
    [InlineData("/./a//x", "a/x")]
    [InlineData("../outside/x", "outside/x")]
    [InlineData("a/../../outside/x", "outside/x")]
    [InlineData("/../../x", "x")]
    [InlineData("../../../../../../../../../../x", "x")]
    public void A_name_that_is_absolute_or_climbs_is_below_the_root(string name, string place)
    {
        tree.Apply(new TarBytes().File(name, "inside"));

        Assert.Equal("inside", tree.Read(place));
        OutsideIsUntouched();
    }

    [Theory]
    [InlineData("..")]
    [InlineData("a/../..")]
    [InlineData("/")]
    public void A_name_that_means_the_root_is_the_roots(string name)
    {
        tree.Apply(new TarBytes().Directory(name, mode: 0x1C0, time: 5));
        tree.Refuses(new TarBytes().Symlink(name, "evil"), ImageReason.Corrupt);

        Assert.Equal(["/ dir mode=0700 owner=0:0 time=5.000000000"], tree.Lines());
        OutsideIsUntouched();
    }

    [Theory]
    [InlineData("/outside/.wh.secret")]
    [InlineData("../outside/.wh.secret")]
    [InlineData("../outside/.wh..wh..opq")]
    [InlineData("/outside/.wh..wh..opq")]
    public void A_whiteout_that_is_absolute_or_climbs_removes_below_the_root(string name)
    {
        tree.Apply(new TarBytes().File("outside/secret", "own"));
        tree.Apply(new TarBytes().File(name, ""));

        Assert.Equal(["/outside"], tree.LinesBelowRoot().Select(line => line.Split(' ')[0]));
        OutsideIsUntouched();
    }

    [Fact]
    public void A_name_with_dots_that_stays_inside_means_the_shorter_one()
    {
        tree.Apply(new TarBytes().File("./a/../b//c/.", "x").Directory("/"));

        Assert.Equal("x", tree.Read("b/c"));
        Assert.False(tree.Has("a"));
    }

    [Fact]
    public void A_name_with_a_nul_is_refused() =>
        tree.Refuses(new TarBytes().Pax(("path", Encoding.UTF8.GetBytes("a\0b"))).File("x", ""),
            ImageReason.Corrupt);

    [Theory]
    [InlineData("../outside")]
    [InlineData("../../../../../../../../outside")]
    [InlineData("d/../../outside")]
    [InlineData("/../outside")]
    public void An_entry_through_a_symlink_that_climbs_stays_below_the_root(string target)
    {
        tree.Apply(new TarBytes().Directory("d").Symlink("link", target));
        tree.Apply(new TarBytes().File("link/x", "inside").File("link/secret", "own").HardLink("own", "link/secret"));

        Assert.Equal(("inside", "own", "own"), (tree.Read("outside/x"), tree.Read("outside/secret"), tree.Read("own")));
        tree.Apply(new TarBytes().File("link/.wh.secret", ""));
        Assert.Equal((false, true), (tree.Has("outside/secret"), tree.Has("outside/x")));
        tree.Apply(new TarBytes().File("link/.wh..wh..opq", ""));
        Assert.False(tree.Has("outside/x"));
        OutsideIsUntouched();
    }

    /// <summary>As distributions make them: one step more than there are directories.</summary>
    [Fact]
    public void A_library_directory_by_a_link_that_climbs_one_step_too_far_is_the_images_own()
    {
        tree.Apply(new TarBytes().Directory("usr/lib").Symlink("lib", "../../usr/lib").File("lib/libc.so", "c"));

        Assert.Equal("c", tree.Read("usr/lib/libc.so"));
        Assert.Equal(EntryType.Symlink, tree.Stat("lib")!.Type);
    }

    [Fact]
    public void A_climbing_symlink_by_itself_is_only_a_symlink()
    {
        tree.Apply(new TarBytes().Symlink("mtab", "../../proc/mounts").File("mtab", "replaced"));

        Assert.Equal("replaced", tree.Read("mtab"));
    }

    [Fact]
    public void An_absolute_symlink_leads_to_the_trees_own_directory()
    {
        tree.Apply(new TarBytes().Directory("run").Symlink("var/run", "/run").Symlink("abs", outside));
        tree.Apply(new TarBytes().File("var/run/pid", "1").File("abs/x", "inside"));

        Assert.Equal("1", tree.Read("run/pid"));
        Assert.Equal("inside", tree.Read(outside.TrimStart('/') + "/x"));
        OutsideIsUntouched();
    }

    [Fact]
    public void Relative_symlinks_chains_and_dots_within_the_root_are_followed()
    {
        tree.Apply(new TarBytes().Directory("usr/lib").Symlink("lib", "usr/./lib").Symlink("usr/lib64", "../lib")
            .File("usr/lib64/x", "x").Symlink("dangling", "made/on/demand").File("dangling/y", "y"));

        Assert.Equal(("x", "y"), (tree.Read("usr/lib/x"), tree.Read("made/on/demand/y")));
    }

    [Fact]
    public void A_circle_of_symlinks_is_refused() =>
        tree.Refuses(new TarBytes().Symlink("a", "b").Symlink("b", "a").File("a/x", "x"), ImageReason.Corrupt);

    [Fact]
    public void A_symlink_swapped_in_for_a_directory_does_not_keep_its_old_meaning()
    {
        tree.Apply(new TarBytes().Directory("d").File("d/a", "a").Symlink("d", "../outside").File("d/b", "inside"));

        Assert.Equal("inside", tree.Read("outside/b"));
        OutsideIsUntouched();
    }

    [Fact]
    public void A_file_over_a_symlink_replaces_the_link_and_not_what_it_leads_to()
    {
        tree.Apply(new TarBytes().Symlink("link", Path.Combine(outside, "secret")).File("link", "mine"));

        Assert.Equal("mine", tree.Read("link"));
        OutsideIsUntouched();
    }

    [Theory]
    [InlineData("../outside/secret")]
    [InlineData("a/../../outside/secret")]
    [InlineData("/outside/secret")]
    public void A_hard_link_to_the_outside_means_a_file_below_the_root(string target)
    {
        tree.Refuses(new TarBytes().HardLink("stolen", target), ImageReason.Corrupt);
        tree.Apply(new TarBytes().File("outside/secret", "own").HardLink("linked", target));

        Assert.Equal("own", tree.Read("linked"));
        OutsideIsUntouched();
    }

    [Fact]
    public void A_name_longer_than_the_kernel_takes_is_refused()
    {
        var endless = string.Join('/', Enumerable.Repeat("d", 3000));
        tree.Refuses(new TarBytes().Pax("path", endless).File("x", ""), ImageReason.Unsupported);
        tree.Refuses(new TarBytes().Pax("path", new string('n', 256)).File("x", ""), ImageReason.Unsupported);
    }

    private void OutsideIsUntouched()
    {
        Assert.Equal(["secret"], Directory.GetFileSystemEntries(outside).Select(Path.GetFileName));
        Assert.Equal("secret", File.ReadAllText(Path.Combine(outside, "secret")));
        Assert.Equal(["outside", "root"], Directory.GetFileSystemEntries(tree.Home).Select(Path.GetFileName).Order());
    }
}

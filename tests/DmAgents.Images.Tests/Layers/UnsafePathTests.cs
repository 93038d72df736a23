using System.Text;
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
    [InlineData("../outside/x")]
    [InlineData("a/../../outside/x")]
    [InlineData("..")]
    [InlineData("/outside/x")]
    [InlineData("//x")]
    [InlineData("a/../..")]
    public void A_name_that_leaves_the_root_is_refused(string name)
    {
        var refusal = tree.Refuses(new TarBytes().File(name, "evil"), ImageReason.UnsafePath);

        Assert.Contains($"'{name}'", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("Layer of the test", refusal.Message, StringComparison.Ordinal);
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
            ImageReason.UnsafePath);

    [Theory]
    [InlineData("../outside")]
    [InlineData("../../../../../../../../tmp")]
    [InlineData("d/../../outside")]
    public void An_entry_through_a_symlink_that_climbs_is_refused(string target)
    {
        tree.Apply(new TarBytes().Directory("d").Symlink("link", target));

        tree.Refuses(new TarBytes().File("link/x", "evil"), ImageReason.UnsafePath);
        tree.Refuses(new TarBytes().File("link/.wh.secret", ""), ImageReason.UnsafePath);
        tree.Refuses(new TarBytes().File("link/.wh..wh..opq", ""), ImageReason.UnsafePath);
        tree.Refuses(new TarBytes().HardLink("stolen", "link/secret"), ImageReason.UnsafePath);
        OutsideIsUntouched();
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
        var refused = new TarBytes().Directory("d").File("d/a", "a").Symlink("d", "../outside").File("d/b", "evil");

        tree.Refuses(refused, ImageReason.UnsafePath);
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
    public void A_hard_link_to_the_outside_is_refused(string target)
    {
        tree.Refuses(new TarBytes().HardLink("stolen", target), ImageReason.UnsafePath);

        OutsideIsUntouched();
    }

    [Fact]
    public void A_name_longer_than_the_kernel_takes_is_refused()
    {
        var endless = string.Join('/', Enumerable.Repeat("d", 3000));
        tree.Refuses(new TarBytes().Pax("path", endless).File("x", ""), ImageReason.UnsafePath);
        tree.Refuses(new TarBytes().Pax("path", new string('n', 256)).File("x", ""), ImageReason.Unsupported);
    }

    private void OutsideIsUntouched()
    {
        Assert.Equal(["secret"], Directory.GetFileSystemEntries(outside).Select(Path.GetFileName));
        Assert.Equal("secret", File.ReadAllText(Path.Combine(outside, "secret")));
        Assert.Equal(["outside", "root"], Directory.GetFileSystemEntries(tree.Home).Select(Path.GetFileName).Order());
    }
}

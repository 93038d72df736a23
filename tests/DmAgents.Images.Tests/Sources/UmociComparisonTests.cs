using System.Text;
using DmAgents.Images.Layers;
using DmAgents.Images.Sources;
using DmAgents.Images.Tests.Support;
using DmAgents.Images.Trees;
using DmAgents.Kernel.FileTrees;

namespace DmAgents.Images.Tests.Sources;

/// <summary>Odd archives that real builders write: the tree is the one that umoci unpacks.</summary>
[Trait("Needs", "umoci")]
public sealed class UmociComparisonTests : IDisposable
{
    private readonly TestTree tree = new();

    public void Dispose() => tree.Dispose();

    [Fact]
    public void Absolute_names_and_hard_links() => TreesAreEqual(
        new TarBytes().Directory("/", time: 9).Directory("/etc", time: 5).File("/etc/a", "a", uid: 3, time: 6)
            .HardLink("/etc/b", "/etc/a").HardLink("c", "/etc/a").Symlink("/d", "/etc").End(),
        new TarBytes().Directory("/etc", time: 8).File("/etc/.wh.a", "").File("/e", "e").End());

    [Fact]
    public void Names_that_climb() => TreesAreEqual(
        new TarBytes().Directory("./", time: 9).Directory("etc", time: 5).File("../etc/a", "a")
            .File("etc/../../../b", "b").HardLink("../c", "../../etc/a").End(),
        new TarBytes().Directory("etc", time: 5).File("../etc/.wh.a", "").Directory("./", time: 10).End());

    [Fact]
    public void Symlinks_that_climb_or_are_absolute_on_the_way() => TreesAreEqual(
        new TarBytes().Directory("./", time: 9).Directory("usr", time: 5).Directory("usr/lib", time: 5)
            .Symlink("lib", "../../usr/lib").Symlink("abs", "/../usr/lib").End(),
        new TarBytes().Directory("usr/lib", time: 5).File("lib/a", "a").File("abs/b", "b").HardLink("usr/c", "lib/a")
            .Directory("usr/lib", time: 5).Directory("usr", time: 5).Directory("./", time: 9).End());

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(324)]
    public void An_end_without_padding_or_marker(int missing) => TreesAreEqual(
        new TarBytes().Directory("./", time: 9).File("a", new string('a', 700)).WithoutEnd()[..^missing]);

    [Fact]
    public void Types_that_replace_each_other_and_directories_that_are_described_again() => TreesAreEqual(
        new TarBytes().Directory("./", time: 9).Directory("d", mode: 0x1C0, time: 3).File("d/f", "f").File("f", "f")
            .Symlink("s", "d").Entry("p", '6', mode: 0x1B6).Entry("n", '3', major: 1, minor: 3).End(),
        new TarBytes().Directory("d", mode: 0x3FF, time: 4).Directory("f", time: 5).File("s", "s", mode: 0x9ED, uid: 7)
            .File("p", "p").Symlink("n", "nowhere").Directory("./", time: 10).End(),
        new TarBytes().File(".wh.f", "").File("d/.wh..wh..opq", "").File("d/g", "g").Directory("d", time: 6)
            .Directory("./", time: 11).End());

    [Fact]
    public void Attributes_of_all_kinds() => TreesAreEqual(
        new TarBytes().Directory("./", time: 9)
            .Pax(("SCHILY.xattr.security.capability", TarBytes.Capability.ToArray()),
                ("SCHILY.xattr.user.a", [1, 0, 2]), ("mtime", "12.345678912"u8.ToArray())).File("ping", "p", mode: 0x1ED, uid: 1000, gid: 1000)
            .Pax("SCHILY.xattr.trusted.overlay.opaque", "y").Directory("overlay", time: 4)
            .Pax("uid", "4000000").Symlink("link", "ping").File("special", "s", mode: 0xFED, uid: 5, gid: 6).End(),
        new TarBytes().Directory("overlay", time: 5).File("ping", "again").Directory("./", time: 9).End());

    [Fact]
    public void Names_that_are_long_or_not_utf8()
    {
        byte[] odd = [(byte)'a', 0xe9, 0xff];
        TreesAreEqual(
            new TarBytes().Directory("./", time: 9)
                .Entry("././@LongLink", 'L', content: Encoding.UTF8.GetBytes(new string('g', 250) + "\0"))
                .File("gggg", "gnu").Pax("path", new string('p', 200)).File("pppp", "pax")
                .Entry("placeholder", '0', change: header =>
                {
                    header.AsSpan(0, 100).Clear();
                    odd.CopyTo(header, 0);
                }).End());
    }

    /// <summary>FROM scratch and nothing but metadata.</summary>
    [Fact]
    public void An_image_without_layers_is_an_empty_tree()
    {
        TreesAreEqual();
        Assert.Empty(tree.LinesBelowRoot());
    }

    private void TreesAreEqual(params byte[][] tars)
    {
        var layout = Path.Combine(tree.Home, "layout");
        new OciLayout().Add("app", "amd64", ImageFiles.Gzip, tars).WriteTo(layout);
        Tool.Run(tree.Home, "umoci", "raw", "unpack", "--image", "layout:app", "unpacked");
        using (var source = ImageSource.Open(layout, tree.Home))
        {
            var image = source.Describe();
            foreach (var descriptor in image.Layers)
            {
                using var layer = source.OpenLayer(descriptor);
                LayerApplier.Apply(layer, tree.Tree, onEmptyBase: descriptor == image.Layers[0]);
            }
        }
        Assert.True(LinuxFileTree.Open(Path.Combine(tree.Home, "unpacked"), out var expected).IsDone);
        using (expected)
            Assert.Equal([.. FileTreeDigest.Lines(expected!)], tree.Lines());
    }
}

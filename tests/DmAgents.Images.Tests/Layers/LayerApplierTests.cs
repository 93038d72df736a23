using System.Globalization;
using System.Text;
using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Images.Tests.Support;

namespace DmAgents.Images.Tests.Layers;

public sealed class LayerApplierTests : IDisposable
{
    private readonly TestTree tree = new();

    public void Dispose() => tree.Dispose();

    [Fact]
    public void Every_kind_of_entry_becomes_what_the_archive_says()
    {
        tree.Apply(new TarBytes()
            .Directory("./", mode: 0x1C0, time: 500)
            .Directory("bin/", mode: 0x3FF, time: 600)
            .File("bin/su", "program", mode: 0x9ED, uid: 7, gid: 8)
            .Symlink("sh", "bin/su")
            .HardLink("bin/su2", "bin/su")
            .Entry("pipe", '6', mode: 0x1B6)
            .Entry("null", '3', mode: 0x1B6, major: 1, minor: 3)
            .Entry("disk", '4', mode: 0x1B0, gid: 6, major: 259, minor: 300));

        Assert.Equal(
            [
                "/ dir mode=0700 owner=0:0 time=500.000000000",
                "/bin dir mode=1777 owner=0:0 time=600.000000000",
                "/bin/su file mode=4755 owner=7:8 time=1000.000000000 size=7 "
                    + Domain.Layers.Digest.Of("program"u8),
                "/bin/su2 file link=/bin/su",
                "/disk block mode=0660 owner=0:6 time=1000.000000000 device=259:300",
                "/null char mode=0666 owner=0:0 time=1000.000000000 device=1:3",
                "/pipe fifo mode=0666 owner=0:0 time=1000.000000000",
                "/sh symlink mode=0777 owner=0:0 time=1000.000000000 target=bin/su",
            ],
            tree.Lines());
    }

    [Fact]
    public void File_capabilities_survive_with_the_owner_set_before_them()
    {
        tree.Apply(new TarBytes()
            .Pax(("SCHILY.xattr.security.capability", TarBytes.Capability.ToArray()), ("SCHILY.xattr.user.empty", []))
            .File("ping", "x", uid: 1000, gid: 1000));

        var xattrs = tree.Xattrs("ping").ToDictionary(xattr => xattr.Name, xattr => xattr.Value.ToArray());
        Assert.Equal(TarBytes.Capability.ToArray(), xattrs["security.capability"]);
        Assert.Empty(xattrs["user.empty"]);
        Assert.Equal(new Owner(1000, 1000), tree.Stat("ping")!.Owner);
    }

    [Fact]
    public void An_entry_for_an_existing_directory_keeps_its_content_and_replaces_all_its_attributes()
    {
        tree.Apply(new TarBytes().Pax("SCHILY.xattr.user.old", "1").Directory("d", mode: 0x1FF).File("d/lower", "l"));
        tree.Apply(new TarBytes().Pax("SCHILY.xattr.user.fresh", "2").Directory("d/", mode: 0x1C0, time: 77));

        Assert.Equal("l", tree.Read("d/lower"));
        Assert.Equal(["user.fresh"], tree.Xattrs("d").Select(xattr => xattr.Name));
        Assert.Equal(("0700", 77L), (tree.Stat("d")!.Permissions.ToString(), tree.Stat("d")!.ModificationTime.Seconds));
    }

    [Fact]
    public void A_directory_keeps_its_time_when_only_its_content_changes()
    {
        tree.Apply(new TarBytes().Directory("d", time: 42).File("d/a", "a").File("d/b", "b"));
        tree.Apply(new TarBytes().File("d/.wh.a", "").File("d/b", "B").File("d/c", "c"));

        Assert.Equal(42, tree.Stat("d")!.ModificationTime.Seconds);
        Assert.Equal((false, "B", "c"), (tree.Has("d/a"), tree.Read("d/b"), tree.Read("d/c")));
    }

    [Fact]
    public void Missing_directories_are_made_for_root_with_the_time_of_their_first_entry()
    {
        tree.Apply(new TarBytes().File("a/b/c", "c", uid: 5, time: 99));

        Assert.Contains("/a dir mode=0755 owner=0:0 time=99.000000000", tree.Lines());
        Assert.Contains("/a/b dir mode=0755 owner=0:0 time=99.000000000", tree.Lines());
    }

    [Fact]
    public void A_first_layer_that_is_silent_about_the_root_gives_it_fixed_attributes()
    {
        tree.Apply(new TarBytes().File("a", "a").End(), onEmptyBase: true);

        Assert.Equal("/ dir mode=0755 owner=0:0 time=0.000000000", tree.Lines()[0]);
    }

    [Fact]
    public void Types_replace_each_other_and_the_last_entry_of_a_name_wins()
    {
        tree.Apply(new TarBytes()
            .File("f", "f").Directory("d").File("d/x", "x").Symlink("s", "d").Directory("real").File("real/kept", "k")
            .Symlink("lib", "real"));
        tree.Apply(new TarBytes()
            .Directory("f").File("f/inside", "i").File("d", "now a file").File("s", "one").File("s", "two")
            .Directory("lib"));

        Assert.Equal(EntryType.Directory, tree.Stat("f")!.Type);
        Assert.Equal("now a file", tree.Read("d"));
        Assert.Equal("two", tree.Read("s"));
        Assert.Equal((EntryType.Directory, true, false), (tree.Stat("lib")!.Type, tree.Has("real/kept"),
            tree.Has("lib/kept")));
    }

    [Fact]
    public void A_file_of_a_lower_layer_gives_way_to_an_implied_directory()
    {
        tree.Apply(new TarBytes().File("a", "file"));
        tree.Apply(new TarBytes().File("a/b", "below"));

        Assert.Equal("below", tree.Read("a/b"));
        tree.Refuses(new TarBytes().File("x", "file").File("x/y", "below"), ImageReason.Corrupt);
    }

    [Fact]
    public void Replacing_a_file_leaves_its_other_hard_links_as_they_were()
    {
        tree.Apply(new TarBytes().File("a", "old").HardLink("b", "a"));
        tree.Apply(new TarBytes().File("a", "new"));

        Assert.Equal(("new", "old"), (tree.Read("a"), tree.Read("b")));
    }

    [Fact]
    public void Hard_links_reach_files_of_lower_layers_symlinks_and_targets_with_a_slash_in_front()
    {
        tree.Apply(new TarBytes().Directory("usr").File("usr/perl", "perl", uid: 3).Symlink("usr/link", "nowhere"));
        tree.Apply(new TarBytes().HardLink("p1", "usr/perl").HardLink("p2", "/usr/perl").HardLink("l", "./usr/link")
            .HardLink("p1", "usr/perl").HardLink("usr/perl", "usr/perl"));

        Assert.Equal(3u, tree.Stat("usr/perl")!.Links);
        Assert.Equal(tree.Stat("usr/perl")!.Inode, tree.Stat("p1")!.Inode);
        Assert.Equal(tree.Stat("usr/perl")!.Inode, tree.Stat("p2")!.Inode);
        Assert.Equal((EntryType.Symlink, tree.Stat("usr/link")!.Inode), (tree.Stat("l")!.Type, tree.Stat("l")!.Inode));
        Assert.Equal(3u, tree.Stat("p1")!.Owner.Uid);
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("dir")]
    [InlineData(".")]
    public void A_hard_link_to_nothing_or_to_a_directory_is_refused_by_name(string target)
    {
        var refusal = tree.Refuses(new TarBytes().Directory("dir").HardLink("link", target), ImageReason.Corrupt);

        Assert.Contains("'link'", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(target, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_that_are_not_utf8_and_very_long_names_are_kept_byte_for_byte()
    {
        byte[] odd = [(byte)'a', 0xe9, (byte)'\n', 0xff];
        var deep = string.Join('/', Enumerable.Repeat(new string('n', 200), 15));
        tree.Apply(new TarBytes()
            .Entry("placeholder", '0', change: header =>
            {
                header.AsSpan(0, 100).Clear();
                odd.CopyTo(header, 0);
            })
            .Pax("path", deep).File("short", "deep")
            .Entry("././@LongLink", 'L', content: Encoding.UTF8.GetBytes(new string('g', 250) + "\0")).File("gggg",
            "gnu")
            .Entry("././@LongLink", 'K', content: Encoding.UTF8.GetBytes(new string('t', 300) + "\0")).Symlink("k",
            "ttt"));

        Assert.True(tree.Tree.Stat(TreePath.Root.Child(odd), out _).IsDone);
        Assert.Equal("deep", tree.Read(deep));
        Assert.Equal("gnu", tree.Read(new string('g', 250)));
        Assert.Equal(300, tree.Stat("k")!.Size);
        Assert.Contains(tree.Lines(), line => line.StartsWith("/a\\xe9\\x0a\\xff file", StringComparison.Ordinal));
    }

    [Fact]
    public void Long_runs_of_zeros_become_holes_and_the_content_stays()
    {
        var content = new byte[5 << 20];
        content[^1] = 1;
        content[3 << 20] = 2;
        tree.Apply(new TarBytes().Entry("holes", '0', content: content).Entry("zeros", '0',
            content: new byte[1 << 20]));

        Assert.Equal(content, File.ReadAllBytes(tree["holes"]));
        Assert.Equal(1 << 20, tree.Stat("zeros")!.Size);
        Assert.InRange(int.Parse(Tool.Run(tree.Root, "stat", "-c", "%b", "holes"), CultureInfo.InvariantCulture), 16,
            512);
        Assert.Equal("0", Tool.Run(tree.Root, "stat", "-c", "%b", "zeros").Trim());
    }
}

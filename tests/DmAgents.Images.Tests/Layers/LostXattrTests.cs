using System.Text;
using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Images.Layers;
using DmAgents.Images.Tests.Support;

namespace DmAgents.Images.Tests.Layers;

/// <summary>Attributes that the file system cannot hold are left out and counted; the entry is there.</summary>
public sealed class LostXattrTests : IDisposable
{
    private readonly TestTree tree = new();

    public void Dispose() => tree.Dispose();

    [Theory]
    [InlineData("com.apple.quarantine", XattrLoss.NotSupported)]
    [InlineData("system.unknown", XattrLoss.NotSupported)]
    [InlineData("nonamespace", XattrLoss.NotSupported)]
    [InlineData("security.selinux", XattrLoss.HostsOwn)]
    [InlineData("system.posix_acl_access", XattrLoss.NotSupported)]
    [InlineData("user.", XattrLoss.Invalid)]
    public void Of_a_file(string name, XattrLoss why)
    {
        var applied = tree.Apply(new TarBytes().Pax($"SCHILY.xattr.{name}", "value").File("f", "content", time: 7));

        Assert.Equal([new LostXattrCount(name, why, 1, "/f")], applied.Lost.Counts);
        Assert.Equal(("content", 7L), (tree.Read("f"), tree.Stat("f")!.ModificationTime.Seconds));
        Assert.Empty(tree.Xattrs("f"));
    }

    [Fact]
    public void Of_entries_that_are_no_file_and_no_directory()
    {
        var tar = new TarBytes();
        foreach (var (name, type) in new[] { ("link", '2'), ("pipe", '6'), ("null", '3'), ("disk", '4') })
            tar.Pax(("SCHILY.xattr.user.note", "n"u8.ToArray()), ("SCHILY.xattr.trusted.kept", "k"u8.ToArray()))
                .Entry(name, type, type == '2' ? "nowhere" : "", major: 1, minor: 3);

        var applied = tree.Apply(tar);

        Assert.Equal([new LostXattrCount("user.note", XattrLoss.NotPermitted, 4, "/link")], applied.Lost.Counts);
        foreach (var name in new[] { "link", "pipe", "null", "disk" })
            Assert.Equal(["trusted.kept"], tree.Xattrs(name).Select(xattr => xattr.Name));
    }

    [Fact]
    public void Of_a_length_that_no_file_system_takes()
    {
        var applied = tree.Apply(new TarBytes()
            .Pax(("SCHILY.xattr.user.long", new byte[70_000]), ("SCHILY.xattr.user.short", "s"u8.ToArray()),
                ("SCHILY.xattr.user." + new string('n', 300), "n"u8.ToArray())).File("f", "content"));

        Assert.Equal(
            [XattrLoss.TooLong, XattrLoss.TooLong], applied.Lost.Counts.Select(count => count.Why));
        Assert.Equal(["user.short"], tree.Xattrs("f").Select(xattr => xattr.Name));
    }

    [Fact]
    public void In_the_notation_of_other_programs()
    {
        var applied = tree.Apply(new TarBytes()
            .Pax("LIBARCHIVE.xattr.com.apple.FinderInfo", "AAAA").File("a", "")
            .Pax("RHT.security.selinux", "system_u:object_r:bin_t:s0").File("b", "")
            .Pax("SCHILY.acl.ace", "owner@:rwxp--aARWcCos:-------:allow").Directory("d"));

        Assert.Equal(
            [
                ("com.apple.FinderInfo", XattrLoss.NotSupported, "/a"),
                ("security.selinux", XattrLoss.HostsOwn, "/b"),
                ("system.nfs4_acl", XattrLoss.NotSupported, "/d"),
            ],
            applied.Lost.Counts.Select(count => (count.Name, count.Why, count.First)));
    }

    /// <summary>Content of a container that holds containers itself: the file system can hold them.</summary>
    [Fact]
    public void But_not_what_an_overlay_within_the_image_needs()
    {
        var applied = tree.Apply(
            new TarBytes().Pax("SCHILY.xattr.trusted.overlay.opaque", "y").Directory("var/lib/containers/overlay/x"));

        Assert.Empty(applied.Lost.Counts);
        Assert.Equal(["trusted.overlay.opaque"],
            tree.Xattrs("var/lib/containers/overlay/x").Select(xattr => xattr.Name));
    }

    [Fact]
    public void Are_counted_by_name_and_the_most_frequent_is_the_first()
    {
        var tar = new TarBytes().Pax("SCHILY.xattr.com.apple.once", "1").File("once", "");
        for (var number = 0; number < 3; number++)
            tar.Pax("SCHILY.xattr.com.apple.often", "1").File($"often{number}", "");

        Assert.Equal(
            [("com.apple.often", 3L, "/often0"), ("com.apple.once", 1L, "/once")],
            tree.Apply(tar).Lost.Counts.Select(count => (count.Name, count.Entries, count.First)));
    }

    [Fact]
    public void Of_endless_many_names_are_counted_together()
    {
        var tar = new TarBytes();
        for (var number = 0; number < 200; number++)
            tar.Pax($"SCHILY.xattr.com.apple.n{number}", "1").File($"f{number}", "");

        var counts = tree.Apply(tar).Lost.Counts;

        Assert.InRange(counts.Count, 2, 60);
        Assert.Equal(200, counts.Sum(count => count.Entries));
        Assert.Equal("others", counts[0].Name);
    }

    [Fact]
    public void A_file_capability_is_not_left_out_in_silence()
    {
        var refusal = tree.Refuses(
            new TarBytes().Pax(("SCHILY.xattr.security.capability", "no capability"u8.ToArray())).File("ping", "x"),
            ImageReason.Corrupt);

        Assert.Contains("'ping'", refusal.What, StringComparison.Ordinal);
        Assert.Contains("capability", refusal.What, StringComparison.Ordinal);
    }

    /// <summary>What comes before it in the alphabet must not take its room.</summary>
    [Fact]
    public void A_file_capability_is_set_before_all_others()
    {
        var records = new List<(string, byte[])>();
        for (var number = 0; number < 40; number++)
            records.Add(($"SCHILY.xattr.a{number}", Encoding.ASCII.GetBytes(new string('v', 500))));
        records.Add(("SCHILY.xattr.security.capability", TarBytes.Capability.ToArray()));
        for (var number = 0; number < 10; number++)
            records.Add(($"SCHILY.xattr.user.n{number}", Encoding.ASCII.GetBytes(new string('v', 900))));

        tree.Apply(new TarBytes().Pax([.. records]).File("ping", "x"));

        Assert.Contains("security.capability", tree.Xattrs("ping").Select(xattr => xattr.Name));
    }
}

using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Kernel.FileTrees;

namespace DmAgents.Kernel.Tests.FileTrees;

/// <summary>On a directory of the machine's temporary files, as root.</summary>
public sealed class LinuxFileTreeTests : IDisposable
{
    private readonly string home = Directory.CreateTempSubdirectory("dmagents-tree-").FullName;
    private readonly LinuxFileTree tree;

    public LinuxFileTreeTests()
    {
        Directory.CreateDirectory(Path.Combine(home, "root"));
        File.WriteAllText(Path.Combine(home, "secret"), "secret");
        Assert.True(LinuxFileTree.Open(Path.Combine(home, "root"), out var opened).IsDone);
        tree = opened!;
    }

    public void Dispose()
    {
        tree.Dispose();
        Directory.Delete(home, recursive: true);
    }

    [Fact]
    public void A_root_that_is_missing_or_no_directory_is_not_opened()
    {
        Assert.Equal(FileTreeOutcome.NotFound, LinuxFileTree.Open(Path.Combine(home, "none"), out _).Outcome);
        Assert.Equal(FileTreeOutcome.WrongType, LinuxFileTree.Open(Path.Combine(home, "secret"), out var none).Outcome);
        Assert.Null(none);
    }

    [Fact]
    public void A_file_is_made_written_with_holes_and_read()
    {
        Require(tree.CreateFile(
            P("f"), Attributes(0x9ED, new Owner(5, 6), new InodeTime(-2, 250_000_000)), out var file));
        using (file)
        {
            Require(file!.Write("begin"u8, 0));
            Require(file.Write("end"u8, 1 << 20));
            Require(file.SetLength(2 << 20));
            Require(file.Complete(out _));
        }

        Require(tree.Stat(P("f"), out var stat));
        Assert.Equal(
            (EntryType.File, new Permissions(0x9ED), new Owner(5, 6), 2L << 20, new InodeTime(-2, 250_000_000), 1u),
            (stat!.Type, stat.Permissions, stat.Owner, stat.Size, stat.ModificationTime, stat.Links));
        Require(tree.OpenFile(P("f"), out file));
        using (file)
        {
            var buffer = new byte[8];
            Require(file!.Read(buffer, 0, out var count));
            Assert.Equal("begin\0\0\0", System.Text.Encoding.ASCII.GetString(buffer[..count]));
            Require(file.Read(buffer, 2 << 20, out count));
            Assert.Equal(0, count);
        }
        Assert.Equal(FileTreeOutcome.Exists, tree.CreateFile(P("f"), Plain, out _).Outcome);
    }

    [Fact]
    public void Nodes_links_and_directories_are_what_was_asked_for()
    {
        Require(tree.MakeDirectory(P("d"), Plain, out _));
        Require(tree.MakeNode(P("d/null"), EntryType.CharacterDevice, new DeviceNumber(1, 3), Plain, out _));
        Require(tree.MakeNode(P("d/big"), EntryType.BlockDevice, new DeviceNumber(4095, 1048575), Plain, out _));
        Require(tree.MakeNode(P("d/pipe"), EntryType.Fifo, default, Plain, out _));
        Require(tree.MakeSymlink(P("d/link"), "../target"u8, Plain, out _));
        Require(tree.MakeHardLink(P("hard"), P("d/link")));

        Require(tree.Stat(P("d/big"), out var big));
        Assert.Equal((EntryType.BlockDevice, new DeviceNumber(4095, 1048575)), (big!.Type, big.Device));
        Require(tree.Stat(P("d/null"), out var device));
        Assert.Equal((EntryType.CharacterDevice, new DeviceNumber(1, 3)), (device!.Type, device.Device));
        Require(tree.ReadLink(P("hard"), out var target));
        Assert.Equal("../target"u8.ToArray(), target);
        Require(tree.List(P("d"), out var names));
        Assert.Equal(["big", "link", "null", "pipe"], names.Select(name => System.Text.Encoding.ASCII.GetString(name))
            .Order());
        Assert.Equal(FileTreeOutcome.WrongType, tree.OpenFile(P("d/pipe"), out _).Outcome);
        Assert.Equal(FileTreeOutcome.Unsupported, tree.MakeNode(P("x"), EntryType.BlockDevice, new DeviceNumber(4096,
            0), Plain, out _).Outcome);
    }

    [Fact]
    public void Attributes_of_every_type_are_set_on_the_entry_itself()
    {
        File.WriteAllText(Path.Combine(home, "root", "f"), "f");
        Require(tree.MakeDirectory(P("d"), Plain, out _));
        Require(tree.MakeSymlink(P("s"), "f"u8, Plain, out _));
        Require(tree.MakeNode(P("p"), EntryType.Fifo, default, Plain, out _));
        foreach (var name in new[] { "f", "d", "s", "p" })
        {
            Require(tree.SetAttributes(P(name), Attributes(0x1C7, new Owner(9, 8), new InodeTime(7, 6),
                new Xattr("trusted.t", new byte[] { 0, 255 })), out _));
            Require(tree.Stat(P(name), out var stat));
            Assert.Equal((new Owner(9, 8), new InodeTime(7, 6)), (stat!.Owner, stat.ModificationTime));
            Assert.Equal(name == "s" ? 0x1FF : 0x1C7, stat.Permissions.Bits);
            Require(tree.ReadXattrs(P(name), out var xattrs));
            Assert.Equal(new byte[] { 0, 255 }, xattrs.Single(xattr => xattr.Name == "trusted.t").Value.ToArray());

            Require(tree.SetAttributes(P(name), Attributes(0x1FF, Owner.Root, null), out _));
            Require(tree.ReadXattrs(P(name), out xattrs));
            Assert.Empty(xattrs);
            Require(tree.SetTime(P(name), new InodeTime(1, 2)));
            Require(tree.Stat(P(name), out stat));
            Assert.Equal(new InodeTime(1, 2), stat!.ModificationTime);
        }
    }

    public static TheoryData<int, uint, uint> ManyAttributes
    {
        get
        {
            var data = new TheoryData<int, uint, uint>();
            foreach (var mode in new[] { 0, 0x1A4, 0x1ED, 0x1FF, 0x1B4, 0x9ED, 0x5ED, 0x3FF, 0xFFF })
                foreach (var (uid, gid) in new[] { (0u, 0u), (0u, 7u), (8u, 0u), (8u, 7u) })
                    data.Add(mode, uid, gid);
            return data;
        }
    }

    /// <summary>Below directories that hand nothing down, their group, a default ACL, or all of it.</summary>
    [Theory]
    [MemberData(nameof(ManyAttributes))]
    public void A_new_entry_has_its_attributes_and_no_others_whatever_its_directory_hands_down(
        int mode, uint uid, uint gid)
    {
        var acl = new Xattr(Xattr.DefaultAcl, DefaultAcl);
        Require(tree.MakeDirectory(P("plain"), Attributes(0x1ED, Owner.Root, null), out _));
        Require(tree.MakeDirectory(P("group"), Attributes(0x5ED, new Owner(0, 55), null), out _));
        Require(tree.MakeDirectory(P("other"), Attributes(0x1ED, new Owner(3, 55), null), out _));
        Require(tree.MakeDirectory(P("acl"), Attributes(0x1ED, Owner.Root, null, acl), out _));
        Require(tree.MakeDirectory(P("later"), Plain, out _));
        Require(tree.MakeSymlink(P("later/opens"), "it"u8, Plain, out _));
        Require(tree.SetAttributes(P("later"), Attributes(0x5ED, new Owner(0, 55), null, acl), out _));
        var attributes = Attributes(mode, new Owner(uid, gid), new InodeTime(12, 34));
        foreach (var parent in new[] { "plain", "group", "other", "acl", "later" })
        {
            Require(tree.CreateFile(P(parent + "/f"), attributes, out var file));
            using (file)
            {
                Require(file!.Write("content"u8, 0));
                Require(file.Complete(out var lost));
                Assert.Empty(lost);
            }
            Require(tree.MakeDirectory(P(parent + "/d"), attributes, out _));
            Require(tree.MakeSymlink(P(parent + "/s"), "f"u8, attributes, out _));
            Require(tree.MakeNode(P(parent + "/p"), EntryType.Fifo, default, attributes, out _));
            foreach (var name in new[] { "f", "d", "s", "p" })
            {
                Require(tree.Stat(P($"{parent}/{name}"), out var stat));
                Assert.Equal(
                    (attributes.Owner, new InodeTime(12, 34), name == "s" ? 0x1FF : mode),
                    (stat!.Owner, stat.ModificationTime, stat.Permissions.Bits));
                Require(tree.ReadXattrs(P($"{parent}/{name}"), out var xattrs));
                Assert.Empty(xattrs);
            }
        }
    }

    [Fact]
    public void The_root_has_attributes_and_entries_but_cannot_be_removed()
    {
        Require(tree.SetAttributes(TreePath.Root, Attributes(0x1C0, new Owner(1, 2), new InodeTime(3, 4)), out _));
        Require(tree.Stat(TreePath.Root, out var stat));
        Assert.Equal((EntryType.Directory, new Owner(1, 2), new InodeTime(3, 4)), (stat!.Type, stat.Owner,
            stat.ModificationTime));
        Assert.False(tree.RemoveDirectory(TreePath.Root).IsDone);
        Assert.False(tree.RemoveFile(TreePath.Root).IsDone);
        Assert.Equal(FileTreeOutcome.Exists, tree.MakeDirectory(TreePath.Root, Plain, out _).Outcome);
    }

    [Fact]
    public void No_call_goes_through_a_symlink()
    {
        Require(tree.MakeSymlink(P("out"), ".."u8, Plain, out _));
        Require(tree.MakeSymlink(P("file"), "../secret"u8, Plain, out _));
        Require(tree.MakeSymlink(P("abs"), System.Text.Encoding.UTF8.GetBytes(home), Plain, out _));

        Assert.False(tree.OpenFile(P("out/secret"), out _).IsDone);
        Assert.False(tree.CreateFile(P("abs/x"), Plain, out _).IsDone);
        Assert.False(tree.RemoveFile(P("out/secret")).IsDone);
        Assert.False(tree.MakeHardLink(P("stolen"), P("out/secret")).IsDone);
        Assert.False(tree.List(P("out"), out _).IsDone);
        Assert.Equal(FileTreeOutcome.WrongType, tree.OpenFile(P("file"), out _).Outcome);
        Assert.Equal(FileTreeOutcome.Exists, tree.CreateFile(P("file"), Plain, out _).Outcome);
        Require(tree.SetAttributes(P("file"), Attributes(0x1FF, new Owner(3, 3), new InodeTime(1, 1)), out _));
        Assert.Equal("secret", File.ReadAllText(Path.Combine(home, "secret")));
        Assert.NotEqual(1970, File.GetLastWriteTimeUtc(Path.Combine(home, "secret")).Year);
    }

    [Fact]
    public void A_removed_directory_is_forgotten_when_another_entry_takes_its_name()
    {
        Require(tree.MakeDirectory(P("d"), Plain, out _));
        Require(tree.CreateFile(P("d/f"), Plain, out var file));
        file!.Dispose();
        Assert.Equal(FileTreeOutcome.NotEmpty, tree.RemoveDirectory(P("d")).Outcome);
        Require(tree.RemoveFile(P("d/f")));
        Require(tree.RemoveDirectory(P("d")));
        Assert.Equal(FileTreeOutcome.NotFound, tree.Stat(P("d/f"), out _).Outcome);
        Require(tree.MakeDirectory(P("d"), Plain, out _));
        Require(tree.MakeDirectory(P("d/again"), Plain, out _));

        Assert.True(Directory.Exists(Path.Combine(home, "root", "d", "again")));
        Assert.Equal(FileTreeOutcome.WrongType, tree.RemoveFile(P("d")).Outcome);
        Assert.Equal(FileTreeOutcome.NameTooLong, tree.MakeDirectory(P(new string('n', 256)), Plain, out _).Outcome);
    }

    [Fact]
    public void More_directories_than_are_kept_open_are_all_reached_and_all_closed()
    {
        for (var number = 0; number < 300; number++)
        {
            Require(tree.MakeDirectory(P($"d{number}"), Plain, out _));
            Require(tree.MakeDirectory(P($"d{number}/in"), Plain, out _));
        }
        for (var number = 0; number < 300; number++)
            Require(tree.Stat(P($"d{number}/in"), out _));

        Assert.InRange(OpenInTree(), 1, 80);
        tree.Dispose();
        Assert.Equal(0, OpenInTree());
    }

    [Theory]
    [InlineData(28, FileTreeOutcome.NoSpace)]
    [InlineData(122, FileTreeOutcome.NoSpace)]
    [InlineData(2, FileTreeOutcome.NotFound)]
    [InlineData(40, FileTreeOutcome.NotResolved)]
    [InlineData(18, FileTreeOutcome.NotResolved)]
    [InlineData(95, FileTreeOutcome.Unsupported)]
    [InlineData(38, FileTreeOutcome.Unsupported)]
    [InlineData(1, FileTreeOutcome.NotPermitted)]
    [InlineData(31, FileTreeOutcome.TooManyLinks)]
    [InlineData(30, FileTreeOutcome.ReadOnly)]
    [InlineData(5, FileTreeOutcome.Failed)]
    public void An_errno_has_one_outcome(int errno, FileTreeOutcome outcome) =>
        Assert.Equal(outcome, FileTreeErrno.Of(errno, "call").Outcome);

    private int OpenInTree() => new DirectoryInfo("/proc/self/fd").GetFileSystemInfos()
        .Count(entry => entry.LinkTarget?.StartsWith(home, StringComparison.Ordinal) == true);

    private static TreePath P(string path) => TreePath.Of(path);

    /// <summary>user::rwx user:5:rwx group::r-x mask::rwx other::r-x in the kernel's form.</summary>
    private static byte[] DefaultAcl => Convert.FromHexString(
        "02000000" + "01000700FFFFFFFF" + "0200070005000000" + "04000500FFFFFFFF" + "10000700FFFFFFFF"
        + "20000500FFFFFFFF");

    private static EntryAttributes Plain => Attributes(0x1ED, Owner.Root, null);

    private static EntryAttributes Attributes(int mode, Owner owner, InodeTime? time, params Xattr[] xattrs) =>
        new(owner, new Permissions(mode), time, xattrs);

    private static void Require(FileTreeStatus status) => Assert.True(status.IsDone, status.ToString());
}

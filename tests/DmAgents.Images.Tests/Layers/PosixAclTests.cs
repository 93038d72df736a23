using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Images.Layers;
using DmAgents.Images.Tests.Support;
using DmAgents.Images.Trees;
using DmAgents.Kernel.FileTrees;

namespace DmAgents.Images.Tests.Layers;

/// <summary>POSIX ACLs in the words of tar programs become the kernel's, or are left out and counted.</summary>
public sealed class PosixAclTests : IDisposable
{
    private const string Access = "SCHILY.acl.access";
    private const string Default = "SCHILY.acl.default";

    private readonly TestTree tree = new();

    public void Dispose() => tree.Dispose();

    [Theory]
    [InlineData("user::rw-,user:1000:rwx,group::r--,mask::rw-,other::r--")]
    [InlineData("user::rw-,user:lisa:rwx:1000,group::r--,mask::rw-,other::r--")]
    [InlineData("u::rw-,other:r--,m:rw-,u:1000:rwx,g::r--")]
    [InlineData("user::rw-\nuser:1000:rwx\t#effective:rw-\ngroup::r--\nmask::rw-\nother::r--\n")]
    public void An_ACL_with_numbers_is_restored(string text)
    {
        var applied = tree.Apply(new TarBytes().Pax(Access, text).File("f", "f", mode: 0x1B4)); // 0664

        Assert.Empty(applied.Lost.Counts);
        Assert.Equal(
            ["user::rw-", "user:1000:rwx", "group::r--", "mask::rw-", "other::r--"], Acl("f"));
        Assert.Equal("0664", tree.Stat("f")!.Permissions.ToString());
    }

    [Fact]
    public void A_default_ACL_is_the_directorys_and_what_the_layer_puts_into_it_does_not_inherit()
    {
        tree.Apply(new TarBytes()
            .Pax(Default, "user::rwx,user:5:rwx,group::r-x,mask::rwx,other::---").Directory("d", mode: 0x1ED)
            .File("d/f", "f", mode: 0x1A4).Directory("d/e", mode: 0x1C0).Symlink("d/s", "f").File("d/implied/g", "g"));
        tree.Apply(new TarBytes().File("d/later", "l", mode: 0x1A4).Directory("d/dir", mode: 0x1ED));

        Assert.Equal(["system.posix_acl_default"], tree.Xattrs("d").Select(xattr => xattr.Name));
        foreach (var name in new[] { "f", "e", "s", "implied", "implied/g", "later", "dir" })
            Assert.Empty(tree.Xattrs("d/" + name));
        Assert.Equal(
            ("0644", "0700", "0755", "0644"),
            (Mode("d/f"), Mode("d/e"), Mode("d/dir"), Mode("d/later")));
    }

    [Fact]
    public void A_later_layer_without_the_ACL_takes_it_away()
    {
        tree.Apply(new TarBytes().Pax(Access, "user::rwx,user:5:rwx,group::r-x,mask::rwx,other::---")
            .Directory("d", mode: 0x1F8));
        tree.Apply(new TarBytes().Directory("d", mode: 0x1E8));

        Assert.Empty(tree.Xattrs("d"));
        Assert.Equal("0750", Mode("d"));
    }

    /// <summary>The permissions of the archive have the mask in the group's place, which is more than the group
    /// had.</summary>
    [Fact]
    public void An_ACL_that_names_users_without_their_numbers_is_left_out_and_its_mask_with_it()
    {
        var applied = tree.Apply(new TarBytes()
            .Pax(Access, "user::rw-,user:lisa:rwx,group::r--,mask::rwx,other::---").File("f", "f", mode: 0x1B8) // 0670
            .Pax(Default, "user::rw-,group:staff:rwx,group::r--,mask::rwx,other::---").Directory("d", mode: 0x1ED));

        Assert.Equal(
            [
                new LostXattrCount(Xattr.AccessAcl, XattrLoss.NamesWithoutNumbers, 1, "/f"),
                new LostXattrCount(Xattr.DefaultAcl, XattrLoss.NamesWithoutNumbers, 1, "/d"),
            ],
            applied.Lost.Counts);
        Assert.Equal(("0640", "0755"), (Mode("f"), Mode("d")));
    }

    [Theory]
    [InlineData("user::rw-,user:1:rwz,group::r--,mask::rwx,other::---")]
    [InlineData("user::rw-,nobody:1:rwx,group::r--,mask::rwx,other::---")]
    [InlineData("user::rw-,user:1:rwx,group::r--,other::---")]
    [InlineData("user:1:rwx")]
    [InlineData("nonsense")]
    public void An_ACL_that_is_none_is_left_out(string text)
    {
        var applied = tree.Apply(new TarBytes().Pax(Access, text).File("f", "f", mode: 0x1A4));

        Assert.Equal([new LostXattrCount(Xattr.AccessAcl, XattrLoss.Invalid, 1, "/f")], applied.Lost.Counts);
        Assert.Equal("f", tree.Read("f"));
    }

    [Fact]
    public void An_ACL_of_the_three_classes_alone_is_the_permissions()
    {
        var applied = tree.Apply(
            new TarBytes().Pax(Access, "user::rwx,group::r-x,other::---").File("f", "f", mode: 0x1E8));

        Assert.Empty(applied.Lost.Counts);
        Assert.Equal("0750", Mode("f"));
        Assert.Empty(tree.Xattrs("f"));
    }

    [Fact]
    public void An_ACL_of_an_entry_that_can_have_none_is_left_out()
    {
        var applied = tree.Apply(new TarBytes()
            .Pax(Access, "user::rwx,user:1:rwx,group::r-x,mask::rwx,other::---").Symlink("s", "nowhere"));

        Assert.Equal([XattrLoss.NotSupported], applied.Lost.Counts.Select(count => count.Why));
    }

    [Theory]
    [InlineData("tar --format=posix --acls")]
    [InlineData("bsdtar --format=pax --acls")]
    public void What_real_programs_pack_comes_out_as_it_was(string packer)
    {
        Tool.Shell(tree.Home, "mkdir -p source/d; cd source; echo a > a; echo b > d/b; chmod 750 a; "
            + "setfacl -m u:40001:rwx,u:40002:r,g:40003:rx a; setfacl -m u:40001:rwx d; "
            + "setfacl -d -m g:40003:rwx,o::- d; "
            + "touch -d 2001-01-01Z a d/b d .");
        Tool.Shell(tree.Home, $"{packer} -C source -cf packed.tar .");
        var applied = tree.Apply(File.ReadAllBytes(Path.Combine(tree.Home, "packed.tar")));

        Assert.Empty(applied.Lost.Counts);
        Assert.True(LinuxFileTree.Open(Path.Combine(tree.Home, "source"), out var source).IsDone);
        using (source)
            Assert.Equal([.. FileTreeDigest.Lines(source!)], tree.Lines());
    }

    /// <summary>GNU tar writes the names of users that it knows, with --numeric-owner, too; bsdtar both.</summary>
    [Theory]
    [InlineData("tar --format=posix --acls --numeric-owner", 1)]
    [InlineData("bsdtar --format=pax --acls", 0)]
    public void Names_of_the_packing_host_are_left_out_if_there_is_no_number(string packer, int lost)
    {
        Tool.Shell(tree.Home, "mkdir source; cd source; echo a > a; setfacl -m u:daemon:rwx a");
        Tool.Shell(tree.Home, $"{packer} -C source -cf packed.tar .");

        Assert.Equal(lost, tree.Apply(File.ReadAllBytes(Path.Combine(tree.Home, "packed.tar"))).Lost.Counts.Count);
        Assert.Equal(lost == 0, tree.Xattrs("a").Count == 1);
    }

    private string Mode(string path) => tree.Stat(path)!.Permissions.ToString();

    private string[] Acl(string path) =>
        Tool.Run(tree.Root, "getfacl", "-n", "-c", "-E", path).Split('\n', StringSplitOptions.RemoveEmptyEntries);
}

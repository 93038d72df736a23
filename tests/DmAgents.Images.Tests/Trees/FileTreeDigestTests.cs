using DmAgents.Images.Tests.Support;
using DmAgents.Images.Trees;
using DmAgents.Kernel.FileTrees;

namespace DmAgents.Images.Tests.Trees;

public sealed class FileTreeDigestTests : IDisposable
{
    private readonly TestTree tree = new();

    public void Dispose() => tree.Dispose();

    [Theory]
    [InlineData("touch -d @5 a")]
    [InlineData("chmod 600 a")]
    [InlineData("chown 1 a")]
    [InlineData("printf x >> a; touch -d @1 a")]
    [InlineData("printf B > a; touch -d @1 a")]
    [InlineData("setfattr -n user.x -v 1 a")]
    [InlineData("rm h; cp -p a h; touch -d @1 .")]
    [InlineData("ln -sfn b s; touch -h -d @1 s .")]
    [InlineData("mv a c; touch -d @1 .")]
    [InlineData("rm p; touch p; touch -d @1 p .")]
    [InlineData("touch -d @2 .")]
    [InlineData("rm n; mknod -m 644 n c 1 5; touch -d @1 n .")]
    public void Every_kind_of_difference_changes_the_digest(string change)
    {
        Tool.Shell(tree.Root, "printf A > a; ln a h; ln -s a s; mkfifo p; mknod -m 644 n c 1 3; mkdir d; "
            + "touch -h -d @1 a s p n d .");
        var before = FileTreeDigest.Of(tree.Tree);
        Assert.Equal(before, FileTreeDigest.Of(tree.Tree));

        Tool.Shell(tree.Root, change);

        Assert.NotEqual(before, FileTreeDigest.Of(tree.Tree));
    }

    [Fact]
    public void A_copy_with_everything_has_the_same_digest()
    {
        Tool.Shell(tree.Home, "cp -a /etc source; printf x > 'source/with space'; "
            + "ln 'source/with space' source/hard; cp -a source/. root/");

        Assert.True(LinuxFileTree.Open(Path.Combine(tree.Home, "source"), out var source).IsDone);
        using (source)
        {
            Assert.Equal([.. FileTreeDigest.Lines(source!)], tree.Lines());
            Assert.Equal(FileTreeDigest.Of(source!), FileTreeDigest.Of(tree.Tree));
        }
        Assert.Contains(tree.Lines(), line => line == "/with\\x20space file link=/hard");
    }

    [Fact]
    public void A_directory_comes_before_its_entries_and_these_in_bytewise_order()
    {
        tree.Apply(new TarBytes().File("b", "").Directory("a").File("a/z", "").File("a.b", "").File("B", ""));

        Assert.Equal(["/", "/B", "/a", "/a/z", "/a.b", "/b"], tree.Lines().Select(line => line.Split(' ')[0]));
    }
}

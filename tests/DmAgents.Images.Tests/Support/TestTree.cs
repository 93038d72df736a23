using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Images.Layers;
using DmAgents.Images.Trees;
using DmAgents.Kernel.FileTrees;

namespace DmAgents.Images.Tests.Support;

/// <summary>A directory of its own for a test, and the tree "root" in it, reached through the real port.</summary>
internal sealed class TestTree : IDisposable
{
    public TestTree()
    {
        Home = Directory.CreateTempSubdirectory("dmagents-images-").FullName;
        Root = Path.Combine(Home, "root");
        Directory.CreateDirectory(Root);
        Assert.True(LinuxFileTree.Open(Root, out var tree).IsDone);
        Tree = tree!;
    }

    /// <summary>The directory around the tree: nothing in it may change while layers are applied.</summary>
    public string Home { get; }

    public string Root { get; }

    public IFileTree Tree { get; }

    public string this[string path] => Path.Combine(Root, path);

    public EntryStat? Stat(string path) => Tree.Stat(TreePath.Of(path), out var stat).IsDone ? stat : null;

    public bool Has(string path) => Stat(path) is not null;

    public string Read(string path) => File.ReadAllText(this[path]);

    public IReadOnlyList<Xattr> Xattrs(string path)
    {
        Assert.True(Tree.ReadXattrs(TreePath.Of(path), out var xattrs).IsDone);
        return xattrs;
    }

    public IReadOnlyList<string> Lines() => [.. FileTreeDigest.Lines(Tree)];

    /// <summary>
    /// The lines without the root's own, whose time a first layer without an entry for it leaves open.
    /// </summary>
    public IReadOnlyList<string> LinesBelowRoot() => [.. Lines().Skip(1)];

    public AppliedLayer Apply(byte[] tar, bool onEmptyBase = false) => Apply(tar, Tree, onEmptyBase);

    public AppliedLayer Apply(TarBytes tar) => Apply(tar.End());

    public static AppliedLayer Apply(byte[] tar, IFileTree tree, bool onEmptyBase = false)
    {
        var descriptor = new LayerDescriptor("test", null, tar.Length, null, null);
        using var layer = new LayerStream(new MemoryStream(tar), descriptor, "Layer of the test", null);
        return LayerApplier.Apply(layer, tree, onEmptyBase);
    }

    public ImageException Refuses(TarBytes tar, ImageReason reason)
    {
        var refusal = Assert.Throws<ImageException>(() => Apply(tar));
        Assert.Equal(reason, refusal.Reason);
        return refusal;
    }

    public void Dispose()
    {
        Tree.Dispose();
        // Not Directory.Delete: it cannot remove names that are not UTF-8.
        Tool.Run("/", "rm", "-rf", Home);
    }
}

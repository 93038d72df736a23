using DmAgents.Images.Tests.Support;
using DmAgents.Kernel.FileTrees;

namespace DmAgents.Images.Tests.Layers;

/// <summary>On a tmpfs of one megabyte; needs root, as all tests of owners do.</summary>
public sealed class FullFileSystemTests : IDisposable
{
    private readonly TestTree tree = new();

    public FullFileSystemTests() => Tool.Run("/", "mount", "-t", "tmpfs", "-o", "size=1m,nr_inodes=50", "none",
        tree.Root);

    public void Dispose()
    {
        Tool.Run("/", "umount", tree.Root);
        tree.Dispose();
    }

    [Fact]
    public void A_file_system_without_room_is_told_with_the_entry_that_met_it()
    {
        var content = new byte[3 << 20];
        content.AsSpan().Fill(1);

        var refusal = Refusal(new TarBytes().File("small", "s").Entry("large", '0', content: content));

        Assert.Equal(ImageReason.NoSpace, refusal.Reason);
        Assert.Contains("'large'", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void So_is_one_without_inodes()
    {
        var tar = new TarBytes();
        for (var number = 0; number < 100; number++)
            tar.Directory($"d{number}");

        Assert.Equal(ImageReason.NoSpace, Refusal(tar).Reason);
    }

    [Fact]
    public void A_read_only_file_system_is_told()
    {
        Tool.Run("/", "mount", "-o", "remount,ro", tree.Root);

        var refusal = Refusal(new TarBytes().File("a", "a"));

        Assert.Equal(ImageReason.Failed, refusal.Reason);
        Assert.Contains("read-only", refusal.Message, StringComparison.Ordinal);
    }

    private ImageException Refusal(TarBytes tar)
    {
        Assert.True(LinuxFileTree.Open(tree.Root, out var mounted).IsDone);
        using (mounted)
            return Assert.Throws<ImageException>(() => TestTree.Apply(tar.End(), mounted!));
    }
}

using DmAgents.Domain.Layers;
using DmAgents.Images.Layers;
using DmAgents.Images.Tests.Support;

namespace DmAgents.Images.Tests.Layers;

/// <summary>
/// Layers that end early although their digest fits, as <c>umoci insert</c> writes them: without the end marker,
/// without the padding of the last entry, or with nothing at all.
/// </summary>
public sealed class UnendedLayerTests : IDisposable
{
    private static readonly byte[] Whole = new TarBytes().Directory("d").File("d/last", new string('l', 700))
        .WithoutEnd();

    private readonly TestTree tree = new();

    public void Dispose() => tree.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(323)]
    [InlineData(324)]
    public void The_padding_of_the_last_entry_may_be_missing(int missing)
    {
        var applied = Apply(Whole[..^missing]);

        Assert.Equal((2L, 700), (applied.Entries, tree.Read("d/last").Length));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(512)]
    [InlineData(1000)]
    [InlineData(1024)]
    [InlineData(10240)]
    public void A_part_of_the_end_marker_may_be_missing(int zeros)
    {
        Apply([.. Whole, .. new byte[zeros]]);

        Assert.Equal(700, tree.Read("d/last").Length);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("gzip")]
    [InlineData("zstd")]
    public void A_layer_of_no_bytes_changes_nothing(string compression)
    {
        tree.Apply(new TarBytes().Directory("./", time: 6).File("a", "a"));

        Assert.Equal(0, Apply([], compression).Entries);
        Assert.Equal((6L, "a"), (tree.Stat("")!.ModificationTime.Seconds, tree.Read("a")));
    }

    [Fact]
    public void The_content_of_the_last_entry_may_not_be_missing() =>
        Assert.Equal(
            ImageReason.Truncated,
            Assert.Throws<ImageException>(() => Apply(Whole[..^325])).Reason);

    [Fact]
    public void Other_bytes_than_zeros_after_the_last_entry_are_no_end() =>
        Assert.Equal(
            ImageReason.Truncated, Assert.Throws<ImageException>(() => Apply([.. Whole, 0, 1])).Reason);

    /// <summary>Without a digest nothing else shows that it is whole.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(324)]
    public void A_root_file_system_without_an_end_marker_is_truncated(int missing) =>
        Assert.Equal(
            ImageReason.Truncated, Assert.Throws<ImageException>(() => tree.Apply(Whole[..^missing])).Reason);

    private AppliedLayer Apply(byte[] tar, string compression = "none")
    {
        var stored = compression switch { "gzip" => ImageFiles.Gzip(tar), "zstd" => ImageFiles.Zstd(tar), _ => tar };
        var diffId = Digest.Of(tar);
        var descriptor = new LayerDescriptor("test", Digest.Of(stored), stored.Length, diffId, new ChainId(diffId));
        using var layer = new LayerStream(new MemoryStream(stored), descriptor, "Layer of the test", null);
        return LayerApplier.Apply(layer, tree.Tree, onEmptyBase: false);
    }
}

using DmAgents.Domain.Layers;
using DmAgents.Images.Layers;
using DmAgents.Images.Tests.Support;

namespace DmAgents.Images.Tests.Layers;

/// <summary>Whatever is done to an archive, it ends in a refusal or in a tree, and never outside of the tree.</summary>
public sealed class DamagedLayerTests : IDisposable
{
    private static readonly byte[] Archive = new TarBytes()
        .Directory("./").Pax(("SCHILY.xattr.user.a", [0, 1, 2]), ("mtime", "12.5"u8.ToArray())).File("file",
        new string('c', 700))
        .Directory("d").HardLink("d/hard", "file").Symlink("d/link", "../file")
        .Entry("././@LongLink", 'L', content: new byte[] { (byte)'l', (byte)'o', 0 }).File("lo", "long")
        .Pax(("GNU.sparse.size", "3000"u8.ToArray()), ("GNU.sparse.map", "100,3,2990,2"u8.ToArray())).File("sparse",
        "abcde")
        .File(".wh.lower", "").File("d/.wh..wh..opq", "").End();

    private readonly TestTree tree = new();

    public void Dispose() => tree.Dispose();

    [Fact]
    public void The_archive_is_sound_to_begin_with() => Assert.Equal(9, tree.Apply(Archive).Entries);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Cut_off_at_any_block_a_root_file_system_is_truncated(bool inTheBlock)
    {
        for (var size = 0; size < Archive.Length; size += 512)
        {
            var cut = Archive[..(size + (inTheBlock ? 100 : 0))];
            var refusal = Assert.Throws<ImageException>(() => tree.Apply(cut));

            var expected = cut.Length < 512 ? ImageReason.NotAnImage : ImageReason.Truncated;
            Assert.True(refusal.Reason == expected, $"{refusal.Reason} after {cut.Length} bytes: {refusal.Message}");
        }
        OutsideIsUntouched();
    }

    [Theory]
    [InlineData("none")]
    [InlineData("gzip")]
    [InlineData("zstd")]
    public void Cut_off_anywhere_a_layer_of_known_digest_is_refused(string compression)
    {
        var stored = Pack(compression);
        for (var size = 0; size < stored.Length; size += 61)
        {
            var refusal = Assert.Throws<ImageException>(() => ApplyStored(stored[..size], stored.Length,
                Digest.Of(stored)));

            Assert.True(
                refusal.Reason is ImageReason.Truncated or ImageReason.DigestMismatch or ImageReason.NotAnImage,
                $"{refusal.Reason} after {size} bytes: {refusal.Message}");
        }
        OutsideIsUntouched();
    }

    [Theory]
    [InlineData("none")]
    [InlineData("gzip")]
    [InlineData("zstd")]
    public void A_flipped_bit_in_a_layer_of_known_digest_is_always_refused(string compression)
    {
        var stored = Pack(compression);
        for (var place = 0; place < stored.Length; place += compression == "none" ? 13 : 1)
        {
            var flipped = stored.ToArray();
            flipped[place] ^= (byte)(1 << (place % 8));

            Assert.Throws<ImageException>(() => ApplyStored(flipped, stored.Length, Digest.Of(stored)));
        }
        OutsideIsUntouched();
    }

    [Fact]
    public void A_flipped_bit_in_a_header_of_a_root_file_system_is_refused_or_harmless()
    {
        var refused = 0;
        for (var place = 0; place < Archive.Length; place += 11)
        {
            var flipped = Archive.ToArray();
            flipped[place] ^= (byte)(1 << (place % 8));
            try
            {
                tree.Apply(flipped);
            }
            catch (ImageException)
            {
                refused++;
            }
        }
        Assert.True(refused > 100, $"Only {refused} were refused");
        OutsideIsUntouched();
    }

    [Fact]
    public void Random_bytes_after_a_sound_header_never_do_more_than_be_refused()
    {
        var random = new Random(20240607);
        for (var round = 0; round < 300; round++)
        {
            var noise = new byte[512];
            random.NextBytes(noise);
            var change = random.Next(100, 500);
            var tar = new TarBytes()
                .Entry("a", "05x1Sg2LK3"[round % 10], "b", new byte[600], change: header => noise.AsSpan(0, 12)
                .CopyTo(header.AsSpan(change)))
                .File("b", "b").End();
            try
            {
                tree.Apply(tar);
            }
            catch (ImageException refusal)
            {
                Assert.NotEqual(ImageReason.Failed, refusal.Reason);
            }
        }
        OutsideIsUntouched();
    }

    [Fact]
    public void A_wrong_diff_id_shows_at_the_end_and_names_both_digests()
    {
        var wrong = Digest.Of("other"u8);
        var descriptor = new LayerDescriptor("test", null, Archive.Length, wrong, new ChainId(wrong));
        using var layer = new LayerStream(new MemoryStream(Archive), descriptor, "Layer of the test", null);

        var refusal = Assert.Throws<ImageException>(() => LayerApplier.Apply(layer, tree.Tree, onEmptyBase: false));

        Assert.Equal(ImageReason.DigestMismatch, refusal.Reason);
        Assert.Contains(wrong.Value, refusal.Message, StringComparison.Ordinal);
        Assert.Contains(Digest.Of(Archive).Value, refusal.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => layer.DiffId);
    }

    [Fact]
    public void Bytes_after_the_end_marker_belong_to_the_layers_identity()
    {
        byte[] longer = [.. Archive, .. new byte[8192]];

        Assert.Equal(Digest.Of(longer), tree.Apply(longer).DiffId);
    }

    [Fact]
    public void A_cancelled_import_stops()
    {
        var descriptor = new LayerDescriptor("test", null, Archive.Length, null, null);
        using var layer = new LayerStream(new MemoryStream(Archive), descriptor, "Layer of the test", null);

        Assert.Throws<OperationCanceledException>(
            () => LayerApplier.Apply(layer, tree.Tree, onEmptyBase: false, new CancellationToken(canceled: true)));
    }

    private static byte[] Pack(string compression) => compression switch
    {
        "gzip" => ImageFiles.Gzip(Archive),
        "zstd" => ImageFiles.Zstd(Archive),
        _ => Archive,
    };

    private void ApplyStored(byte[] stored, long size, Digest digest)
    {
        var descriptor = new LayerDescriptor("test", digest, size, Digest.Of(Archive), new ChainId(Digest.Of(Archive)));
        using var layer = new LayerStream(new MemoryStream(stored), descriptor, "Layer of the test", null);
        LayerApplier.Apply(layer, tree.Tree, onEmptyBase: false);
    }

    private void OutsideIsUntouched() => Assert.Equal(["root"], Directory.GetFileSystemEntries(tree.Home)
        .Select(Path.GetFileName));
}

using DmAgents.Domain.Layers;
using DmAgents.Domain.Units;
using DmAgents.Transfer.Content;

namespace DmAgents.Transfer.Tests.Content;

public sealed class ContentMapTests
{
    private static readonly PieceSize Pieces = new(4096);
    private static readonly ByteSize Device = ByteSize.KiB(40);

    private static ContentMap Map => ContentMap.OfZeros(Device, Pieces).With(
        [new ContentPiece(9, Hash(3)), new ContentPiece(2, Hash(1)), new ContentPiece(3, Hash(2))], Device);

    [Fact]
    public void A_digest_never_changes() =>
        Assert.Equal(
            "blake3:c71494d60fc23ffe13d932f9b3f5ab34f11c89ee25bc40ef99b137b93ce1e529", Map.Digest.ToString());

    [Fact]
    public void A_file_of_version_1_never_changes()
    {
        const string golden =
            "444d434f4e544e5401000c000000000000a00000000000000202ed6fa96673c067b0b7dc9914a8b8a3a12f0b0fc34cbe"
            + "a2b491f2486bc2d39bf0adf157fba08e316f1baad1c5306ecea00b848955cf0b87f187a98a33abdd62c005013cf2a07e"
            + "10dc2a6e0911e13c3202d28dc3cc81b1d54387277c85010ab5cc289a0000c71494d60fc23ffe13d932f9b3f5ab34f11c"
            + "89ee25bc40ef99b137b93ce1e529";
        Assert.Equal(golden, Convert.ToHexStringLower(ContentMapFile.Write(Map)));
        Assert.True(ContentMapFile.TryRead(Convert.FromHexString(golden), out var read, out var reason), reason);
        Assert.Equal(Map, read);
    }

    [Fact]
    public void A_file_of_a_later_version_is_refused_by_its_version()
    {
        var file = ContentMapFile.Write(Map);
        file[8] = 2;
        Assert.False(ContentMapFile.TryRead(file, out _, out var reason));
        Assert.Equal("it is a content map of version 2; this agent reads version 1", reason);
    }

    [Fact]
    public void A_run_that_claims_more_pieces_than_the_file_has_bytes_is_refused_before_it_is_read()
    {
        var file = ContentMapFile.Write(ContentMap.OfZeros(ByteSize.TiB(1024), Pieces));
        // The run that ends the file becomes one of 2^34 pieces.
        byte[] huge = [.. file[..24], 0, 0x80, 0x80, 0x80, 0x80, 0x40, .. file[26..]];
        Assert.False(ContentMapFile.TryRead(huge, out _, out var reason));
        Assert.Equal("it is cut off", reason);
    }

    [Fact]
    public void The_same_bytes_on_a_longer_device_are_other_content() =>
        Assert.NotEqual(Map.Digest, Map.With([], Device + new ByteSize(512)).Digest);

    [Fact]
    public void The_same_bytes_by_other_pieces_are_other_content() =>
        Assert.NotEqual(
            ContentMap.OfZeros(Device, Pieces).Digest, ContentMap.OfZeros(Device, new PieceSize(8192)).Digest);

    [Fact]
    public void A_map_takes_no_piece_twice_none_beyond_its_device_and_no_shorter_device()
    {
        Assert.Throws<ArgumentException>(() =>
            Map.With([new ContentPiece(1, Hash(1)), new ContentPiece(1, Hash(2))], Device));
        Assert.Throws<ArgumentException>(() => Map.With([new ContentPiece(10, Hash(1))], Device));
        Assert.Throws<ArgumentException>(() => Map.With([], ByteSize.KiB(36)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("blake3:")]
    [InlineData("sha256:0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("blake3:000000000000000000000000000000000000000000000000000000000000000G")]
    [InlineData("blake3:00000000000000000000000000000000000000000000000000000000000000AA")]
    public void Only_blake3_and_64_lower_case_digits_are_a_content_digest(string text) =>
        Assert.False(ContentDigest.TryParse(text, out _));

    [Fact]
    public void A_content_digest_is_read_as_it_is_written() =>
        Assert.Equal(Map.Digest, ContentDigest.Parse(Map.Digest.ToString()));

    private static PieceHash Hash(byte fill)
    {
        var bytes = new byte[Pieces.Bytes];
        bytes.AsSpan().Fill(fill);
        return PieceHash.Of(bytes, Pieces);
    }
}

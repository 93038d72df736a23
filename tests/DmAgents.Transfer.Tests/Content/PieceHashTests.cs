using DmAgents.Domain.Units;
using DmAgents.Transfer.Content;

namespace DmAgents.Transfer.Tests.Content;

public sealed class PieceHashTests
{
    private static readonly PieceSize Size = new(4096);

    [Fact]
    public void A_piece_has_the_hash_that_the_authors_of_BLAKE3_publish_for_its_bytes() =>
        // test_vectors.json of the BLAKE3 repository: input_len 4096, bytes counted up modulo 251.
        Assert.Equal(
            "015094013f57a5277b59d8475c0501042c0b642e531b0a1c8f58d2163229e969",
            PieceHash.Of([.. Enumerable.Range(0, 4096).Select(i => (byte)(i % 251))], Size).ToString());

    [Fact]
    public void A_piece_that_ends_with_its_device_has_the_hash_that_it_has_when_the_device_grows()
    {
        byte[] end = [.. Enumerable.Repeat((byte)7, 512)];
        Assert.Equal(PieceHash.Of(end, Size), PieceHash.Of([.. end, .. new byte[4096 - 512]], Size));
    }

    [Fact]
    public void Zeros_have_no_hash_whatever_their_number() =>
        Assert.All([0, 512, 4096], length => Assert.True(PieceHash.Of(new byte[length], Size).IsZero));

    [Theory]
    [InlineData(0)]
    [InlineData(2048)]
    [InlineData(4097)]
    [InlineData(12288)]
    [InlineData(32 * 1024 * 1024)]
    public void Pieces_are_powers_of_two_from_4_KiB_to_16_MiB(int bytes) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new PieceSize(bytes));

    [Fact]
    public void The_last_piece_ends_with_its_device()
    {
        var device = new ByteSize(4096 + 512);
        Assert.Equal(2UL, Size.CountIn(device));
        Assert.Equal(new ByteRange(new ByteSize(4096), new ByteSize(512)), Size.RangeOf(1, device));
        Assert.Equal(0UL, Size.CountIn(ByteSize.Zero));
    }
}

using CsCheck;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Tests.Pools;

public sealed class PoolValueTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("0")]
    [InlineData("fast-ssd-2")]
    [InlineData("a-")]
    [InlineData("abcdefghijklmnopqrstuvwxyz012345")]
    public void A_pool_name_is_small_letters_digits_and_hyphens(string text)
    {
        Assert.True(PoolName.TryParse(text, out var name));
        Assert.Equal(text, name.Value);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("-a")]
    [InlineData("A")]
    [InlineData("a_b")]
    [InlineData("a b")]
    [InlineData("a/b")]
    [InlineData("..")]
    [InlineData("a\n")]
    [InlineData("ä")]
    [InlineData("\u0661")]
    [InlineData("abcdefghijklmnopqrstuvwxyz0123456")]
    public void What_is_no_pool_name_is_refused(string? text)
    {
        Assert.False(PoolName.TryParse(text, out _));
        if (text is not null)
            Assert.Throws<ArgumentException>(() => new PoolName(text));
    }

    [Fact]
    public void A_pool_name_that_was_never_set_throws() =>
        Assert.Throws<InvalidOperationException>(() => default(PoolName).Value);

    [Fact]
    public void A_block_size_is_64_KiB_to_1_GiB_in_steps_of_64_KiB() => Gen.ULong[0, 1UL << 31].Sample(bytes =>
        PoolBlockSize.IsValid(new ByteSize(bytes)) == (bytes is >= 65536 and <= 1 << 30 && bytes % 65536 == 0));

    [Theory]
    [InlineData(0UL, false)]
    [InlineData(65535UL, false)]
    [InlineData(65536UL, true)]
    [InlineData(98304UL, false)]
    [InlineData(196608UL, true)]
    [InlineData(1UL << 30, true)]
    [InlineData((1UL << 30) + 65536, false)]
    public void The_borders_of_block_sizes_hold(ulong bytes, bool valid)
    {
        Assert.Equal(valid, PoolBlockSize.IsValid(new ByteSize(bytes)));
        if (valid)
            Assert.Equal(bytes, new PoolBlockSize(new ByteSize(bytes)).Bytes.Bytes);
        else
            Assert.Throws<ArgumentOutOfRangeException>(() => new PoolBlockSize(new ByteSize(bytes)));
    }

    [Fact]
    public void A_block_size_that_was_never_set_is_the_smallest() =>
        Assert.Equal((ByteSize.KiB(64), 128ul), (default(PoolBlockSize).Bytes, default(PoolBlockSize).Sectors.Value));

    [Fact]
    public void Transaction_ids_count_up_and_do_not_wrap()
    {
        Assert.Equal(new TransactionId(1), TransactionId.Initial.Next);
        Assert.Throws<OverflowException>(() => new TransactionId(ulong.MaxValue).Next);
    }

    [Fact]
    public void A_pool_uuid_is_36_small_characters()
    {
        var uuid = new PoolUuid(Guid.Parse("0F8FAD5B-D9CB-469F-A165-70867728950E"));

        Assert.Equal("0f8fad5b-d9cb-469f-a165-70867728950e", uuid.ToString());
    }
}

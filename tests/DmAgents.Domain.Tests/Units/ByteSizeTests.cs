using CsCheck;
using DmAgents.Domain.Units;

namespace DmAgents.Domain.Tests.Units;

public sealed class ByteSizeTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("65536", 65536)]
    [InlineData("1B", 1)]
    [InlineData("10K", 10240)]
    [InlineData("10KiB", 10240)]
    [InlineData("512 MiB", 512L << 20)]
    [InlineData(" 10G ", 10L << 30)]
    [InlineData("10gib", 10L << 30)]
    [InlineData("2T", 2L << 40)]
    [InlineData("007", 7)]
    public void Sizes_are_read_in_factors_of_1024(string text, long bytes)
    {
        Assert.True(ByteSize.TryParse(text, out var size));
        Assert.Equal((ulong)bytes, size.Bytes);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("G")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("1.5G")]
    [InlineData("1,000")]
    [InlineData("10GB")]
    [InlineData("10X")]
    [InlineData("10G10")]
    [InlineData("0x10")]
    [InlineData("1e3")]
    [InlineData("\u0661")]
    public void What_is_no_size_is_refused(string? text)
    {
        Assert.False(ByteSize.TryParse(text, out var size));
        Assert.Equal(ByteSize.Zero, size);
    }

    [Theory]
    [InlineData("18446744073709551615", true)]
    [InlineData("18446744073709551616", false)]
    [InlineData("16777215T", true)]
    [InlineData("16777216T", false)]
    public void A_size_beyond_64_bits_is_refused(string text, bool fits) =>
        Assert.Equal(fits, ByteSize.TryParse(text, out _));

    [Fact]
    public void Plain_bytes_are_read_back_as_written() => Gen.ULong.Sample(bytes =>
        ByteSize.TryParse(bytes.ToString(System.Globalization.CultureInfo.InvariantCulture), out var size)
        && size.Bytes == bytes);

    [Fact]
    public void Rounding_gives_the_nearest_multiples_on_both_sides() =>
        Gen.Select(Gen.ULong[0, 1UL << 60], Gen.ULong[1, 1UL << 32]).Sample((bytes, unit) =>
        {
            var size = new ByteSize(bytes);
            var up = size.RoundUp(new ByteSize(unit));
            var down = size.RoundDown(new ByteSize(unit));
            return up.Bytes % unit == 0 && down.Bytes % unit == 0
                && down <= size && size <= up
                && up.Bytes - down.Bytes == (bytes % unit == 0 ? 0 : unit);
        });

    [Fact]
    public void Arithmetic_that_leaves_64_bits_throws()
    {
        var largest = new ByteSize(ulong.MaxValue);

        Assert.Throws<OverflowException>(() => largest + new ByteSize(1));
        Assert.Throws<OverflowException>(() => ByteSize.Zero - new ByteSize(1));
        Assert.Throws<OverflowException>(() => largest.RoundUp(ByteSize.KiB(4)));
        Assert.Throws<OverflowException>(() => ByteSize.GiB(1UL << 34));
        Assert.Throws<OverflowException>(() => new SectorCount(1UL << 55).Bytes);
        Assert.Throws<OverflowException>(() => new SectorCount(ulong.MaxValue) + new SectorCount(1));
        Assert.Throws<OverflowException>(() => default(SectorCount) - new SectorCount(1));
    }

    [Fact]
    public void Sectors_are_512_bytes_and_a_partial_one_is_cut()
    {
        Assert.Equal(new SectorCount(2), new ByteSize(1535).Sectors);
        Assert.Equal(new ByteSize(1024), new SectorCount(2).Bytes);
    }

    [Theory]
    [InlineData(0UL, "0 B")]
    [InlineData(1023UL, "1023 B")]
    [InlineData(1024UL, "1 KiB")]
    [InlineData((1UL << 30) + (1UL << 28), "1.25 GiB")]
    [InlineData(1UL << 50, "1024 TiB")]
    public void People_read_binary_units(ulong bytes, string text) =>
        Assert.Equal(text, new ByteSize(bytes).ToString());

    [Fact]
    public void Sizes_compare_by_their_bytes() => Gen.Select(Gen.ULong, Gen.ULong).Sample((left, right) =>
        new ByteSize(left) < new ByteSize(right) == left < right
        && new ByteSize(left) >= new ByteSize(right) == left >= right
        && Math.Sign(new ByteSize(left).CompareTo(new ByteSize(right))) == Math.Sign(left.CompareTo(right)));
}

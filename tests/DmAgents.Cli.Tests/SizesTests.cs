using CsCheck;
using DmAgents.Cli.Parsing;

namespace DmAgents.Cli.Tests;

public class SizesTests
{
    [Theory]
    [InlineData("1", 1)]
    [InlineData("512", 512)]
    [InlineData("512B", 512)]
    [InlineData("4k", 4096)]
    [InlineData("64KiB", 65536)]
    [InlineData("512MiB", 512L << 20)]
    [InlineData("10G", 10L << 30)]
    [InlineData("10 GiB", 10L << 30)]
    [InlineData("10GB", 10_000_000_000)]
    [InlineData("1.5GiB", 3L << 29)]
    [InlineData("0.5T", 1L << 39)]
    [InlineData("7E", 7L << 60)]
    public void A_size_is_read_as_people_mean_it(string text, long bytes)
    {
        Assert.True(Sizes.TryParse(text, out var read, out _));
        Assert.Equal((ulong)bytes, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("0.0001")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("G")]
    [InlineData("1,5G")]
    [InlineData("1.2.3")]
    [InlineData("10Q")]
    [InlineData("10GiBs")]
    [InlineData("10 Gi B")]
    [InlineData("16E")]
    [InlineData("99999999999999999999999999999999999999")]
    [InlineData("9999999999999999999999E")]
    public void What_is_no_size_is_refused_and_named(string text)
    {
        Assert.False(Sizes.TryParse(text, out _, out var why));
        Assert.Contains($"'{text}'", why, StringComparison.Ordinal);
    }

    [Fact]
    public void Whole_units_come_back_exactly() =>
        Gen.Select(Gen.ULong[1, 1023], Gen.Int[0, 5]).Sample((number, step) =>
        {
            var bytes = number << (10 * step);
            Assert.True(Sizes.TryParse(Sizes.Format(bytes), out var read, out _));
            Assert.Equal(bytes, read);
        });

    [Fact]
    public void What_is_printed_is_within_a_twentieth_of_a_unit() =>
        Gen.ULong[1, ulong.MaxValue - (1UL << 58)].Sample(bytes =>
        {
            var text = Sizes.Format(bytes);
            Assert.True(Sizes.TryParse(text, out var read, out _), text);
            var error = (read > bytes ? read - bytes : bytes - read) / (decimal)bytes;
            Assert.True(error <= 0.05m, $"{bytes} was printed as {text}");
        });

    [Fact]
    public void No_text_makes_the_parser_throw() => Gen.String.Sample(text =>
    {
        if (Sizes.TryParse(text, out var bytes, out var why))
            Assert.NotEqual(0UL, bytes);
        else
            Assert.NotEmpty(why);
    });

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1 KiB")]
    [InlineData(1048575, "1 MiB")]
    [InlineData(3L << 29, "1.5 GiB")]
    [InlineData((1L << 40) - 1, "1 TiB")]
    public void Sizes_print_in_binary_units(long bytes, string text) => Assert.Equal(text, Sizes.Format((ulong)bytes));

    [Fact]
    public void The_largest_size_prints() => Assert.Equal("16 EiB", Sizes.Format(ulong.MaxValue));
}

using CsCheck;
using DmAgents.Cli.Parsing;

namespace DmAgents.Cli.Tests;

public class TimeSpansTests
{
    private static readonly DateTimeOffset _now = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("90", 90)]
    [InlineData("90s", 90)]
    [InlineData("5m", 300)]
    [InlineData("1.5h", 5400)]
    [InlineData("2d", 172800)]
    public void A_span_is_a_number_and_a_unit(string text, int seconds)
    {
        Assert.True(TimeSpans.TryParse(text, out var span));
        Assert.Equal(TimeSpan.FromSeconds(seconds), span);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("-5m")]
    [InlineData("5y")]
    [InlineData("m")]
    [InlineData("999999999999d")]
    public void What_is_no_span_is_refused(string text) => Assert.False(TimeSpans.TryParse(text, out _));

    [Fact]
    public void No_text_makes_the_parser_throw() =>
        Gen.String.Sample(text => TimeSpans.TryParsePoint(text, _now, out _) || true);

    [Fact]
    public void A_point_is_so_long_ago_or_absolute()
    {
        Assert.True(TimeSpans.TryParsePoint("2h", _now, out var ago));
        Assert.Equal(_now.AddHours(-2), ago);
        Assert.True(TimeSpans.TryParsePoint("2026-05-01T09:30:00Z", _now, out var point));
        Assert.Equal(_now.AddHours(-2.5), point);
    }

    [Theory]
    [InlineData(0, "just now")]
    [InlineData(1, "1 second ago")]
    [InlineData(119, "119 seconds ago")]
    [InlineData(185, "3 minutes ago")]
    [InlineData(7200, "2 hours ago")]
    [InlineData(172800, "2 days ago")]
    public void People_read_how_long_ago_it_was(int seconds, string text) =>
        Assert.Equal(text, TimeSpans.Ago(_now.AddSeconds(-seconds), _now));
}

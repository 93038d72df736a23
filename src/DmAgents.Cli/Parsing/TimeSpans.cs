using System.CommandLine.Parsing;
using System.Globalization;

namespace DmAgents.Cli.Parsing;

/// <summary>Spans and points in time as people write and read them: 90s, 5m, 2h, 1d; "3 minutes ago".</summary>
internal static class TimeSpans
{
    public static bool TryParse(string text, out TimeSpan span)
    {
        span = default;
        var unit = text.Length == 0 ? ' ' : text[^1];
        var seconds = unit switch { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86400, _ => 0 };
        var number = seconds == 0 ? text : text[..^1];
        if (!decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value))
            return false;
        // No timer can wait for more than a century.
        var total = value > 3_200_000_000 ? 0 : value * (seconds == 0 ? 1 : seconds);
        if (total is <= 0 or > 3_200_000_000)
            return false;
        span = TimeSpan.FromSeconds((double)total);
        return true;
    }

    public static TimeSpan? Parse(ArgumentResult result)
    {
        if (TryParse(result.Tokens[0].Value, out var span))
            return span;
        result.AddError($"'{result.Tokens[0].Value}' is not a time above zero: use 90s, 5m, 2h or 1d.");
        return null;
    }

    /// <summary>A point in time, absolute or relative to now.</summary>
    public static bool TryParsePoint(string text, DateTimeOffset now, out DateTimeOffset point)
    {
        if (TryParse(text, out var ago))
        {
            point = now - ago;
            return true;
        }

        return DateTimeOffset.TryParse(
            text,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeLocal | DateTimeStyles.AdjustToUniversal,
            out point);
    }

    public static string Ago(DateTimeOffset point, DateTimeOffset now)
    {
        var span = now - point;
        // Caller and agent use the same host's clock; a time slightly in the future is rounding.
        return span < TimeSpan.FromSeconds(1) ? "just now" : $"{Words(span)} ago";
    }

    /// <summary>A point in time that is in the future, or due.</summary>
    public static string In(DateTimeOffset point, DateTimeOffset now)
    {
        var span = point - now;
        return span < TimeSpan.FromSeconds(1) ? "now" : $"in {Words(span)}";
    }

    public static string Words(TimeSpan span) => span switch
    {
        { TotalDays: >= 2 } => $"{(int)span.TotalDays} days",
        { TotalHours: >= 2 } => $"{(int)span.TotalHours} hours",
        { TotalMinutes: >= 2 } => $"{(int)span.TotalMinutes} minutes",
        { TotalSeconds: >= 2 } => $"{(int)span.TotalSeconds} seconds",
        _ => "1 second",
    };
}

using System.Globalization;

namespace DmAgents.Agent.Configuration;

/// <summary>Durations in the configuration's form: a number and ms, s, m or h.</summary>
public static class DurationText
{
    private static readonly (string Unit, TimeSpan Of)[] Units =
    [
        ("ms", TimeSpan.FromMilliseconds(1)), ("s", TimeSpan.FromSeconds(1)), ("m", TimeSpan.FromMinutes(1)),
        ("h", TimeSpan.FromHours(1)),
    ];

    /// <summary>Refuses a number without a unit: seconds and milliseconds are confused too often.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        var trimmed = text.Trim();
        foreach (var (unit, of) in Units)
        {
            if (!trimmed.EndsWith(unit, StringComparison.Ordinal))
                continue;
            var number = trimmed[..^unit.Length].TrimEnd();
            if (!double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count)
                || count * of.TotalDays > 365)
                continue;
            duration = count * of;
            return true;
        }
        return false;
    }

    /// <summary>The text of a setting, in the largest unit that divides it.</summary>
    public static string Of(TimeSpan duration)
    {
        var (unit, of) = Units.Last(each => each.Of == Units[0].Of || duration.Ticks % each.Of.Ticks == 0);
        return string.Create(CultureInfo.InvariantCulture, $"{duration / of:0.###}{unit}");
    }
}

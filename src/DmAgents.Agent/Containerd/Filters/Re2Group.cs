using System.Globalization;
using System.Text.RegularExpressions;

namespace DmAgents.Agent.Containerd.Filters;

/// <summary>Group openings and counted repetitions of an RE2 expression.</summary>
internal static partial class Re2Group
{
    /// <summary>The length of <c>(</c>, <c>(?P&lt;name></c>, <c>(?flags:</c> or <c>(?flags)</c>; 0 for none.</summary>
    public static int OpeningLength(ReadOnlySpan<char> rest) => LengthOf(Opening(), rest);

    /// <summary>The length of {2}, {2,} or {2,5}; 0 for none: then the brace is an ordinary character.</summary>
    public static int RepeatLength(ReadOnlySpan<char> rest) => LengthOf(Counted(), rest);

    /// <returns>The upper limit, or the lower one if there is no upper; null if the numbers are absurd.</returns>
    public static int? MostTimes(string repeat)
    {
        var bounds = repeat[1..^1].Split(',', StringSplitOptions.RemoveEmptyEntries);
        return int.TryParse(bounds[0], CultureInfo.InvariantCulture, out var from)
            && int.TryParse(bounds[^1], CultureInfo.InvariantCulture, out var to) && from <= to ? to : null;
    }

    /// <param name="opening">A group's opening with flags.</param>
    public static bool Multiline(string opening, bool outer)
    {
        var minus = opening.IndexOf('-', StringComparison.Ordinal);
        var m = opening.LastIndexOf('m');
        return m < 0 ? outer : minus < 0 || m < minus;
    }

    private static int LengthOf(Regex regex, ReadOnlySpan<char> rest)
    {
        foreach (var match in regex.EnumerateMatches(rest))
            return match.Length;
        return 0;
    }

    [GeneratedRegex(@"^(?:\((?!\?)|\(\?P?<[A-Za-z_][A-Za-z0-9_]*>|\(\?(?:[ims]+(?:-[ims]+)?|-[ims]+)?[:)])")]
    private static partial Regex Opening();

    [GeneratedRegex(@"^\{(?:0|[1-9][0-9]*)(?:,(?:0|[1-9][0-9]*)?)?\}")]
    private static partial Regex Counted();
}

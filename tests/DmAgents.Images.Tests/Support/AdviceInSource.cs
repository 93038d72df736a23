using System.Text.RegularExpressions;

namespace DmAgents.Images.Tests.Support;

/// <summary>
/// Reads out of source files what refusals advise: the argument of that place of each call that makes one. What is
/// interpolated into an advice is a <c>*</c>. So a test can require that it has met every advice there is.
/// </summary>
internal sealed partial class AdviceInSource
{
    private readonly Dictionary<string, string> constants = new(StringComparer.Ordinal);
    private readonly SortedSet<string> found = new(StringComparer.Ordinal);

    private AdviceInSource()
    {
    }

    /// <param name="files">The source.</param>
    /// <param name="calls">
    /// An expression for what stands before the first argument that counts, and the advice's place from there.
    /// </param>
    public static IReadOnlyCollection<string> Of(
        IEnumerable<string> files, params (string Call, int Place)[] calls)
    {
        var texts = files.Select(file => Comment().Replace(File.ReadAllText(file), "")).ToList();
        var source = new AdviceInSource();
        foreach (var text in texts)
            source.ReadConstants(text);
        foreach (var text in texts)
        {
            foreach (var (call, place) in calls)
            {
                foreach (Match match in Regex.Matches(text, call))
                    source.Add(Split(text, match.Index + match.Length, ",").ElementAtOrDefault(place));
            }
        }
        return source.found;
    }

    /// <summary>Whether an advice is of this form.</summary>
    public static bool Fits(string form, string advice) =>
        Regex.IsMatch(advice, "^" + Regex.Escape(form).Replace("\\*", ".*", StringComparison.Ordinal) + "$");

    private void ReadConstants(string text)
    {
        foreach (Match match in Constant().Matches(text))
        {
            if (Value(Split(text, match.Index + match.Length, "")[0]) is { } value)
                constants[match.Groups[1].Value] = value;
        }
    }

    private void Add(string? expression)
    {
        foreach (var branch in expression is null ? [] : Split(expression, 0, "?:"))
        {
            if (Value(branch) is { } advice)
                found.Add(advice);
        }
    }

    /// <summary>The text that a literal, a constant or a sum of them is; null for other expressions.</summary>
    private string? Value(string expression)
    {
        var parts = Split(expression, 0, "+").Select(part => part.Trim()).Select(part =>
            Literal().Match(part) is { Success: true } literal
                ? Hole().Replace(literal.Groups[1].Value, "*")
                : constants.GetValueOrDefault(part)).ToList();
        return parts.Count > 0 && parts.All(part => part is not null) ? string.Concat(parts) : null;
    }

    /// <summary>Splits up to the end of the text, or to the parenthesis that closes what began before it.</summary>
    private static List<string> Split(string text, int start, string separators)
    {
        List<string> parts = [];
        var depth = 0;
        for (var at = start; at < text.Length; at++)
        {
            var letter = text[at];
            if (letter == '"')
            {
                at = EndOfLiteral(text, at);
                continue;
            }
            depth += letter is '(' or '[' or '{' ? 1 : letter is ')' or ']' or '}' ? -1 : 0;
            if (depth < 0 || (letter == ';' && depth == 0))
            {
                parts.Add(text[start..at]);
                return parts;
            }
            if (depth != 0 || !separators.Contains(letter, StringComparison.Ordinal))
                continue;
            parts.Add(text[start..at]);
            start = at + 1;
        }
        parts.Add(text[start..]);
        return parts;
    }

    private static int EndOfLiteral(string text, int start)
    {
        var end = start + 1;
        var interpolated = start > 0 && text[start - 1] == '$';
        for (var holes = 0; text[end] != '"' || holes > 0; end++)
        {
            holes += interpolated && text[end] == '{' ? 1 : text[end] == '}' && holes > 0 ? -1 : 0;
            if (text[end] == '\\')
                end++;
        }
        return end;
    }

    [GeneratedRegex("^\\s*//.*$", RegexOptions.Multiline)]
    private static partial Regex Comment();

    [GeneratedRegex("const string (\\w+) =")]
    private static partial Regex Constant();

    [GeneratedRegex("^\\$?\"(.*)\"$", RegexOptions.Singleline)]
    private static partial Regex Literal();

    [GeneratedRegex("\\{[^}]*\\}")]
    private static partial Regex Hole();
}

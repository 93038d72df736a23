namespace DmAgents.Agent.Configuration;

/// <summary>Checks whether every brace, bracket and quotation mark of a HOCON text is closed. If one is not, Akka's
/// parser never returns (1.5.73); the check must come first.</summary>
internal static class HoconBrackets
{
    private const string Triple = "\"\"\"";

    /// <returns>The unclosed mark and its line; null if all are closed.</returns>
    public static string? Problem(string text)
    {
        var open = new Stack<(char Bracket, int Line)>();
        var line = 1;
        for (var i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '\n':
                    line++;
                    break;
                case '#':
                case '/' when i + 1 < text.Length && text[i + 1] == '/':
                    i = EndOfLine(text, i) - 1;
                    break;
                case '"':
                    var end = EndOfString(text, i);
                    if (end < 0)
                        return $"the quotation mark in line {line} is not closed";
                    line += text.AsSpan(i, end - i).Count('\n');
                    i = end - 1;
                    break;
                case '{' or '[':
                    open.Push((text[i], line));
                    break;
                case '}' or ']' when !open.TryPop(out var last) || last.Bracket != (text[i] == '}' ? '{' : '['):
                    return $"the '{text[i]}' in line {line} closes nothing";
            }
        }
        return open.TryPop(out var first) ? $"the '{first.Bracket}' in line {first.Line} is not closed" : null;
    }

    private static int EndOfLine(string text, int from) =>
        text.IndexOf('\n', from) is var end and >= 0 ? end : text.Length;

    /// <returns>The index after the closing mark, or -1. Only a triple mark spans lines.</returns>
    private static int EndOfString(string text, int from)
    {
        if (string.CompareOrdinal(text, from, Triple, 0, Triple.Length) == 0)
            return text.IndexOf(Triple, from + Triple.Length, StringComparison.Ordinal) is var end and >= 0
                ? end + Triple.Length : -1;
        for (var i = from + 1; i < text.Length && text[i] != '\n'; i++)
        {
            if (text[i] == '\\')
                i++;
            else if (text[i] == '"')
                return i + 1;
        }
        return -1;
    }
}

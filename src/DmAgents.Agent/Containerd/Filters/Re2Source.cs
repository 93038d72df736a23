using System.Text;

namespace DmAgents.Agent.Containerd.Filters;

/// <summary>An RE2 expression being read.</summary>
/// <param name="position">The expression's position in the filter, for the error.</param>
internal sealed class Re2Source(string text, int position)
{
    public int At { get; private set; }

    public bool AtEnd => At >= text.Length;

    public ReadOnlySpan<char> Rest => text.AsSpan(At);

    /// <summary>The next unit, or a null character at the end; a filter's text has none.</summary>
    public char Next => AtEnd ? '\0' : text[At];

    public string Take(int units)
    {
        At += units;
        return text[(At - units)..At];
    }

    public bool TryTake(string expected)
    {
        var found = Rest.StartsWith(expected);
        At += found ? expected.Length : 0;
        return found;
    }

    public Rune TakeRune()
    {
        if (AtEnd)
            throw Wrong("it ends too early");
        if (!Rune.TryGetRuneAt(text, At, out var rune))
            throw Wrong("it is not valid UTF-8");
        At += rune.Utf16SequenceLength;
        return rune;
    }

    public FilterSyntaxException Wrong(string why) => new(position, $"the regular expression {text} is wrong: {why}");
}

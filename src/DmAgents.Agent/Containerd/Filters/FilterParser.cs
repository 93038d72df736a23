using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace DmAgents.Agent.Containerd.Filters;

/// <summary>Parses one filter; <see cref="FilterSet"/> has the grammar.</summary>
internal sealed class FilterParser
{
    private readonly string _text;
    private int _at;

    private FilterParser(string text) => _text = text;

    private bool AtEnd => _at == _text.Length;

    /// <param name="error">The filter, the offending character counted from 1, and what is wrong there.</param>
    public static bool TryParse(
        string filter, [NotNullWhen(true)] out IReadOnlyList<Selector>? selectors,
        [NotNullWhen(false)] out string? error)
    {
        try
        {
            selectors = filter.Length == 0 ? [] : new FilterParser(filter).Selectors();
            error = null;
            return true;
        }
        catch (FilterSyntaxException fault)
        {
            selectors = null;
            var where = fault.Position < filter.Length ? $"character {fault.Position + 1}" : "its end";
            error = $"filter '{filter}', at {where}: {fault.Message}";
            return false;
        }
    }

    private List<Selector> Selectors()
    {
        RefuseWhatIsNoText();
        var selectors = new List<Selector> { Selector() };
        while (!AtEnd)
        {
            if (_text[_at] != ',')
                throw new FilterSyntaxException(_at, "expected a comma or the end");
            _at++;
            selectors.Add(Selector());
        }
        return selectors;
    }

    /// <summary>Refuses two characters that are invalid anywhere, quoted or not. Broken UTF-8 becomes U+FFFD on its way
    /// here.</summary>
    private void RefuseWhatIsNoText()
    {
        for (var i = 0; i < _text.Length; i++)
        {
            if (_text[i] == '\0')
                throw new FilterSyntaxException(i, "a null character is not allowed");
            if (_text[i] == '\uFFFD' || !Rune.TryGetRuneAt(_text, i, out var rune))
                throw new FilterSyntaxException(i, "this is not valid UTF-8");
            i += rune.Utf16SequenceLength - 1;
        }
    }

    private Selector Selector()
    {
        var path = Path();
        if (AtEnd || _text[_at] == ',')
            return new Selector.Present(path);
        var sign = Operator();
        SkipBlanks();
        var from = _at;
        var value = Value(allQuotes: sign == "~=");
        return sign switch
        {
            "==" => new Selector.Equal(path, value),
            "!=" => new Selector.NotEqual(path, value),
            _ => new Selector.Like(path, Re2Expression.Compile(value, from)),
        };
    }

    private List<string> Path()
    {
        var path = new List<string> { Field() };
        while (!AtEnd && _text[_at] == '.')
        {
            _at++;
            path.Add(Field());
        }
        return path;
    }

    private string Field()
    {
        SkipBlanks();
        if (!AtEnd && IsQuote(_text[_at]))
            return Quoted(allQuotes: false);
        var from = _at;
        while (!AtEnd && (char.IsAsciiLetterOrDigit(_text[_at]) || _text[_at] == '_'))
            _at++;
        return _at > from ? _text[from.._at] : throw new FilterSyntaxException(from, "expected a field's name");
    }

    private string Operator()
    {
        SkipBlanks();
        var from = _at;
        while (!AtEnd && IsOperator(_text[_at]))
            _at++;
        return _text[from.._at] switch
        {
            "==" or "!=" or "~=" => _text[from.._at],
            "" => throw new FilterSyntaxException(from, "expected an operator: ==, != or ~="),
            var other => throw new FilterSyntaxException(from, $"there is no operator {other}, only ==, != and ~="),
        };
    }

    private string Value(bool allQuotes)
    {
        if (AtEnd || _text[_at] is ',' or '.' || IsOperator(_text[_at]))
            throw new FilterSyntaxException(_at, "expected a value; one that begins like this is to be quoted");
        if (IsQuote(_text[_at]))
            return Quoted(allQuotes);
        // containerd accepts any first character, and checks only those that follow.
        var from = _at;
        do
        {
            _at += Rune.GetRuneAt(_text, _at).Utf16SequenceLength;
        }
        while (!AtEnd && GoesOn(Rune.GetRuneAt(_text, _at)));
        return _text[from.._at];
    }

    private string Quoted(bool allQuotes)
    {
        var from = _at;
        var value = QuotedText.Read(_text, ref _at);
        return allQuotes || _text[from] == '"' ? value
            : throw new FilterSyntaxException(from, $"{_text[from]} quotes only the value of ~=; use \"");
    }

    private void SkipBlanks()
    {
        while (!AtEnd && char.IsWhiteSpace(_text[_at]))
            _at++;
    }

    private static bool IsQuote(char c) => c is '"' or '/' or '|';

    private static bool IsOperator(char c) => c is '=' or '!' or '~';

    private static bool GoesOn(Rune rune) =>
        rune.Value != ',' && Rune.GetUnicodeCategory(rune) is not (
            UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or
            UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or
            UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);
}

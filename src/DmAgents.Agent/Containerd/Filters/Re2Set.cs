using System.Globalization;
using System.Text;

namespace DmAgents.Agent.Containerd.Filters;

/// <summary>Writes RE2's characters, escapes and sets so that .NET gives them the same meaning.</summary>
internal static class Re2Set
{
    /// <summary>Pairs of first and last character, ascending. In RE2 all of these are ASCII.</summary>
    private static readonly Dictionary<string, string> _posix = new()
    {
        ["alnum"] = "09AZaz",
        ["alpha"] = "AZaz",
        ["ascii"] = "\0\x7F",
        ["blank"] = "\t\t  ",
        ["cntrl"] = "\0\x1F\x7F\x7F",
        ["digit"] = "09",
        ["graph"] = "!~",
        ["lower"] = "az",
        ["print"] = " ~",
        ["punct"] = "!/:@[`{~",
        ["space"] = "\t\r  ",
        ["upper"] = "AZ",
        ["word"] = "09AZ__az",
        ["xdigit"] = "09AFaf",
    };

    /// <summary>Categories with the same name and meaning in both. C is not among them: .NET counts unassigned
    /// characters as C.</summary>
    private static readonly HashSet<string> _categories =
    [
        "L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "Mc", "Me", "N", "Nd", "Nl", "No", "P", "Pc", "Pd", "Ps", "Pe",
        "Pi", "Pf", "Po", "S", "Sm", "Sc", "Sk", "So", "Z", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co",
    ];

    /// <summary>Translates an escape outside a set.</summary>
    public static string TakeEscape(Re2Source source)
    {
        if (source.Rest is ['\\', 'A' or 'b' or 'B' or 'z', ..])
            return source.Take(2);
        return TakeNamed(source) is { } named ? $"[{named}]" : Literal(TakeCharacter(source));
    }

    /// <summary>Translates a set in brackets. A closing bracket is an ordinary member if it comes first.</summary>
    public static string TakeSet(Re2Source source)
    {
        source.Take(1);
        var set = new StringBuilder("[").Append(source.TryTake("^") ? "^" : "");
        do
        {
            if (source.AtEnd)
                throw source.Wrong("a bracket is not closed");
            set.Append(TakeNamed(source) ?? TakeRange(source));
        }
        while (!source.TryTake("]"));
        return set.Append(']').ToString();
    }

    public static string Literal(Rune rune) => rune.Value switch
    {
        <= 'z' when char.IsAsciiLetterOrDigit((char)rune.Value) => rune.ToString(),
        <= char.MaxValue => Unit((char)rune.Value),
        // Grouped, so that a repetition repeats both halves.
        _ => $"(?:{string.Concat(rune.ToString().Select(Unit))})",
    };

    private static string TakeRange(Re2Source source)
    {
        var first = TakeMember(source);
        var last = first;
        if (source.Rest is ['-', not ']', ..])
        {
            source.Take(1);
            last = TakeMember(source);
        }
        return first <= last ? Range(first, last) : throw source.Wrong("a range in a set runs backwards");
    }

    private static char TakeMember(Re2Source source)
    {
        var rune = source.Next == '\\' ? TakeCharacter(source) : source.TakeRune();
        return rune.IsBmp ? (char)rune.Value
            : throw source.Wrong("characters beyond U+FFFF in a set are not supported");
    }

    /// <returns>The members of a named set, as they stand in brackets; null if none follows.</returns>
    private static string? TakeNamed(Re2Source source)
    {
        switch (source.Rest)
        {
            case ['[', ':', ..] when source.Rest.IndexOf(":]") is > 1 and var end:
                var name = source.Take(end + 2)[2..^2];
                var negated = name.StartsWith('^');
                return _posix.TryGetValue(negated ? name[1..] : name, out var posix) ? Members(posix, negated)
                    : throw source.Wrong($"there is no set [:{name}:]");
            case ['\\', 'd' or 'D', ..]:
                return Members(_posix["digit"], negated: source.Take(2) == @"\D");
            case ['\\', 'w' or 'W', ..]:
                return Members(_posix["word"], negated: source.Take(2) == @"\W");
            case ['\\', 's' or 'S', ..]:
                // Without the vertical tab, which [:space:] has.
                return Members("\t\n\f\r  ", negated: source.Take(2) == @"\S");
            case ['\\', 'p' or 'P', ..]:
                return TakeCategory(source);
            default:
                return null;
        }
    }

    private static string TakeCategory(Re2Source source)
    {
        var escape = source.Take(2);
        var name = source.Next != '{' ? source.TakeRune().ToString()
            : TakeBraced(source) ?? throw source.Wrong("a brace is not closed");
        return _categories.Contains(name) ? $"{escape}{{{name}}}"
            : throw source.Wrong($"the category {name} is not supported");
    }

    private static Rune TakeCharacter(Re2Source source)
    {
        source.Take(1);
        if (source.AtEnd)
            throw source.Wrong("it ends with a backslash");
        // A single digit other than 0 would be a back-reference, which RE2 does not have.
        if (source.Rest is ['0', ..] or [>= '1' and <= '7', >= '0' and <= '7', ..])
            return TakeOctal(source);
        var letter = source.TakeRune();
        return letter.Value switch
        {
            'x' => TakeHexadecimal(source),
            'a' => new Rune('\a'),
            'f' => new Rune('\f'),
            't' => new Rune('\t'),
            'n' => new Rune('\n'),
            'r' => new Rune('\r'),
            'v' => new Rune('\v'),
            < 0x80 and var ascii when !char.IsAsciiLetterOrDigit((char)ascii) => letter,
            _ => throw source.Wrong($@"the escape \{letter} does not exist"),
        };
    }

    private static Rune TakeOctal(Re2Source source)
    {
        var value = 0;
        for (var digits = 0; digits < 3 && source.Next is >= '0' and <= '7'; digits++)
            value = value * 8 + (source.Take(1)[0] - '0');
        return new Rune(value);
    }

    private static Rune TakeHexadecimal(Re2Source source)
    {
        var digits = source.Next == '{' ? TakeBraced(source)
            : source.Rest.Length >= 2 ? source.Take(2)
            : null;
        return uint.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            && Rune.TryCreate(value, out var rune) ? rune
            : throw source.Wrong(@"\x wants two hexadecimal digits, or some in braces");
    }

    private static string? TakeBraced(Re2Source source) =>
        source.Rest.IndexOf('}') is > 0 and var end ? source.Take(end + 1)[1..^1] : null;

    private static string Members(string pairs, bool negated)
    {
        var members = new StringBuilder();
        var next = '\0';
        for (var i = 0; i < pairs.Length; i += 2)
        {
            if (!negated)
                members.Append(Range(pairs[i], pairs[i + 1]));
            else if (pairs[i] > next)
                members.Append(Range(next, (char)(pairs[i] - 1)));
            next = (char)(pairs[i + 1] + 1);
        }
        return negated ? members.Append(Range(next, char.MaxValue)).ToString() : members.ToString();
    }

    private static string Range(char first, char last) => $"{Unit(first)}-{Unit(last)}";

    private static string Unit(char unit) => $"\\u{(int)unit:X4}";
}

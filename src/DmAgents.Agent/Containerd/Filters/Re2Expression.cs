using System.Text;
using System.Text.RegularExpressions;

namespace DmAgents.Agent.Containerd.Filters;

/// <summary>Go's regular expressions (RE2) for .NET's engine. Both interpret most of them alike. The rest is translated
/// if .NET would silently give it another meaning (<c>\d</c> any script's digits, <c>$</c> before a last newline, too,
/// <c>[[:alpha:]]</c> a set of brackets and letters), or refused if Go refuses it.</summary>
/// <remarks>Remaining differences: <c>\b</c> and case folding consider letters beyond ASCII, and a character beyond
/// U+FFFF counts as two for <c>.</c> and for a negated set. Refused although Go has them: <c>(?U)</c>, scripts
/// (<c>\p{Greek}</c>), characters beyond U+FFFF in a set, and a repetition right behind flags (<c>a(?i)*</c>). A
/// comparison with Go's own engine on tens of thousands of random expressions found no other difference.</remarks>
internal sealed class Re2Expression
{
    /// <summary>Go's own limit for one repetition.</summary>
    private const int MostRepeats = 1000;

    /// <summary>Characters and sets after all repetitions are written out: the engine's time and memory grow with them.
    /// Go limits nested repetitions to the same number.</summary>
    private const int MostAtoms = 1000;

    /// <summary>For one value. The engine's time is linear in it, but an expression can make each step
    /// expensive.</summary>
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(1);

    private readonly Re2Source _source;
    private readonly StringBuilder _target = new();
    private readonly Stack<Group> _outer = new();
    private Group _group;

    private Re2Expression(Re2Source source) => _source = source;

    /// <param name="position">The expression's position in the filter, for the error.</param>
    /// <exception cref="FilterSyntaxException">The expression is not valid RE2, or too large.</exception>
    public static Regex Compile(string expression, int position)
    {
        var source = new Re2Source(expression, position);
        var translation = new Re2Expression(source).Translate();
        try
        {
            return new Regex(translation, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, _timeout);
        }
        catch (Exception cause) when (cause is ArgumentException or NotSupportedException)
        {
            // The cause's own text refers to the translation, which the client did not write.
            throw source.Wrong("it cannot be compiled");
        }
    }

    private string Translate()
    {
        while (!_source.AtEnd)
            Element();
        return _outer.Count == 0 ? _target.ToString() : throw _source.Wrong("a parenthesis is not closed");
    }

    private void Element()
    {
        switch (_source.Next)
        {
            case '(':
                Open();
                break;
            case ')':
                Close();
                break;
            case '|':
                _target.Append(_source.Take(1));
                _group.Repeatable = false;
                break;
            case '*' or '+' or '?':
                Repeat(_source.Take(1), times: 1);
                break;
            case '{' when Re2Group.RepeatLength(_source.Rest) is > 0 and var length:
                Counted(_source.Take(length));
                break;
            case '[':
                Atom(Re2Set.TakeSet(_source));
                break;
            case '\\' when _source.TryTake(@"\Q"):
                while (!_source.AtEnd && !_source.TryTake(@"\E"))
                    Atom(Re2Set.Literal(_source.TakeRune()));
                break;
            case '\\':
                Atom(Re2Set.TakeEscape(_source));
                break;
            case '$':
                _source.Take(1);
                Atom(_group.Multiline ? "$" : @"\z");
                break;
            case '^' or '.':
                Atom(_source.Take(1));
                break;
            default:
                Atom(Re2Set.Literal(_source.TakeRune()));
                break;
        }
        if (_group.Atoms > MostAtoms)
            throw _source.Wrong("it is too large");
    }

    private void Atom(string translation)
    {
        _target.Append(translation);
        _group.Last = 1;
        _group.Atoms++;
        _group.Repeatable = true;
    }

    private void Counted(string repeat)
    {
        if (Re2Group.MostTimes(repeat) is not { } times || times > MostRepeats)
            throw _source.Wrong($"{repeat} runs backwards or beyond {MostRepeats}");
        Repeat(repeat, times);
    }

    private void Repeat(string repeat, int times)
    {
        if (!_group.Repeatable)
            throw _source.Wrong($"there is nothing that {repeat} could repeat");
        _target.Append(repeat);
        if (_source.TryTake("?"))
            _target.Append('?');
        _group.Atoms += _group.Last * Math.Max(times - 1, 0);
        _group.Repeatable = false;
    }

    private void Open()
    {
        var inner = new Group { Multiline = _group.Multiline };
        var opening = Re2Group.OpeningLength(_source.Rest) is > 0 and var length ? _source.Take(length)
            : throw _source.Wrong("after (? only a name, as in (?P<name>...), or flags of i, m and s are possible");
        if (opening[^1] is ')' or ':')
            inner.Multiline = Re2Group.Multiline(opening, _group.Multiline);
        _target.Append(opening.Replace("(?P<", "(?<", StringComparison.Ordinal));
        if (opening[^1] == ')')
        {
            // Flags without a colon apply to the end of their group.
            _group.Multiline = inner.Multiline;
            _group.Repeatable = false;
            return;
        }
        _outer.Push(_group);
        _group = inner;
    }

    private void Close()
    {
        var inner = _group;
        if (!_outer.TryPop(out _group))
            throw _source.Wrong("a parenthesis closes nothing");
        _target.Append(_source.Take(1));
        _group.Last = inner.Atoms;
        _group.Atoms += inner.Atoms;
        _group.Repeatable = true;
    }

    /// <summary>The state of the innermost open group.</summary>
    private struct Group
    {
        public bool Multiline;

        /// <summary>Whether a repetition may follow here.</summary>
        public bool Repeatable;

        public long Atoms;

        /// <summary>The atoms that a repetition would repeat.</summary>
        public long Last;
    }
}

using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace DmAgents.Agent.Containerd.Filters;

/// <summary>
/// The filters of a List request. An object matches if any filter holds; a filter holds if all of its selectors do.
/// No filter at all, or an empty one, matches everything.
/// </summary>
/// <remarks>
/// The grammar is that of containerd's parser (its package pkg/filters), which differs from the comments there:
/// <code>
/// filter    := "" | selector ("," selector)*
/// selector  := path [operator value]
/// path      := field ("." field)*
/// field     := double-quoted | [A-Za-z0-9_]+
/// operator  := "==" | "!=" | "~="
/// value     := double-quoted | any characters up to a comma, a blank or one that does not print
/// </code>
/// After <c>~=</c> the value is a regular expression, and <c>/</c> and <c>|</c> are quotation marks, too. Blanks are
/// allowed before a field, an operator and a value, nowhere else. One intended difference: an invalid expression is an
/// error here, while containerd matches nothing and logs it.
/// </remarks>
internal sealed class FilterSet
{
    private readonly IReadOnlyList<IReadOnlyList<Selector>> _filters;

    private FilterSet(IReadOnlyList<IReadOnlyList<Selector>> filters) => _filters = filters;

    /// <param name="error">Which filter is invalid, at which character, and why.</param>
    public static bool TryParse(
        IReadOnlyList<string> filters, [NotNullWhen(true)] out FilterSet? set, [NotNullWhen(false)] out string? error)
    {
        set = null;
        error = null;
        var parsed = new List<IReadOnlyList<Selector>>();
        foreach (var filter in filters)
        {
            if (!FilterParser.TryParse(filter, out var selectors, out error))
                return false;
            parsed.Add(selectors);
        }
        set = new FilterSet(parsed);
        return true;
    }

    /// <exception cref="RegexMatchTimeoutException">An expression with very many states took more than a second for one
    /// value.</exception>
    public bool Matches(IFilterable thing) =>
        _filters.Count == 0 || _filters.Any(selectors => selectors.All(selector => selector.Holds(thing)));
}

using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;

namespace DmAgents.Domain.Logs;

/// <summary>One event for the log, from code that knows no logging library. The agent's log bridge passes it on with
/// its id and fields. Each event is a method of the class of its area (<c>PoolLog</c>, <c>HostLog</c>, ...).</summary>
/// <param name="id">Identifies the event, and never changes. <c>deploy/ALERTS.md</c> has the range of each
/// area.</param>
/// <param name="name">Identifies it, too, in words: kebab-case.</param>
/// <param name="template">A sentence with a field's name in braces for each value, in the values' order.</param>
/// <param name="values">One for each field. They are formatted only if the line is written.</param>
public sealed partial class LogLine(
    int id, string name, LogSeverity severity, string template, params ReadOnlySpan<object?> values)
{
    public int Id => id;

    public string Name => name;

    public LogSeverity Severity => severity;

    public string Template => template;

    public ImmutableArray<object?> Values { get; } = [.. values];

    /// <summary>The names of the fields, in the values' order.</summary>
    public IEnumerable<string> Fields => Holes().Matches(template).Select(hole => hole.Groups["name"].Value);

    public override string ToString()
    {
        var next = 0;
        return Holes().Replace(template, hole => next < Values.Length
            ? Convert.ToString(Values[next++], CultureInfo.InvariantCulture) ?? ""
            : hole.Value);
    }

    [GeneratedRegex(@"\{(?<name>\w+)\}")]
    private static partial Regex Holes();
}

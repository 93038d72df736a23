using Spectre.Console;

namespace DmAgents.Cli.Output;

/// <summary>The details of one object: groups of labels and values.</summary>
internal sealed class Sheet
{
    private const int ValueColumn = 26;
    private const int Indent = 2;
    private readonly List<Line> _lines = [];

    public Sheet Group(string title)
    {
        if (_lines.Count > 0)
            _lines.Add(new Line("", "", IsMarkup: false));
        _lines.Add(new Line(null, $"[bold]{Markup.Escape(title)}[/]", IsMarkup: true));
        return this;
    }

    public Sheet Row(string label, string value)
    {
        _lines.Add(new Line(label, value, IsMarkup: false));
        return this;
    }

    /// <summary>Several values under one label.</summary>
    public Sheet Rows(string label, IEnumerable<string> values)
    {
        var before = _lines.Count;
        foreach (var value in values)
            Row(_lines.Count == before ? label : "", value);
        return _lines.Count == before ? Row(label, "none") : this;
    }

    /// <summary>A coloured value that is short enough for any terminal.</summary>
    public Sheet Marked(string label, string markup)
    {
        _lines.Add(new Line(label, markup, IsMarkup: true));
        return this;
    }

    public void Write(IAnsiConsole console)
    {
        foreach (var line in _lines)
        {
            var label = line.Label is null ? "" : $"{new string(' ', Indent)}{line.Label}".PadRight(ValueColumn);
            if (line.IsMarkup)
            {
                console.MarkupLine(label + line.Value);
                continue;
            }

            foreach (var part in Wrapped(line.Value, console.Profile.Width - ValueColumn))
            {
                console.MarkupLine((label + Markup.Escape(part)).TrimEnd());
                label = new string(' ', ValueColumn);
            }
        }
    }

    /// <summary>Breaks only between words: users must be able to copy a path or a digest whole.</summary>
    private static IEnumerable<string> Wrapped(string value, int width)
    {
        var line = "";
        foreach (var word in value.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line;
                line = word;
            }
            else
            {
                line = line.Length == 0 ? word : $"{line} {word}";
            }
        }

        yield return line;
    }

    private sealed record Line(string? Label, string Value, bool IsMarkup);
}

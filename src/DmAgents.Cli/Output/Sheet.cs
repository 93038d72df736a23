using Spectre.Console;

namespace DmAgents.Cli.Output;

/// <summary>What is known of one object: groups of labels and values.</summary>
internal sealed class Sheet
{
    private const int LabelWidth = 24;
    private readonly List<(string? Label, string Markup)> _lines = [];

    public Sheet Group(string title)
    {
        if (_lines.Count > 0)
            _lines.Add((null, ""));
        _lines.Add((null, $"[bold]{Markup.Escape(title)}[/]"));
        return this;
    }

    public Sheet Row(string label, string value) => Marked(label, Markup.Escape(value));

    /// <summary>Several values under one label.</summary>
    public Sheet Rows(string label, IEnumerable<string> values)
    {
        var before = _lines.Count;
        foreach (var value in values)
            Row(_lines.Count == before ? label : "", value);
        return _lines.Count == before ? Row(label, "none") : this;
    }

    public Sheet Marked(string label, string markup)
    {
        _lines.Add((label, markup));
        return this;
    }

    public void Write(IAnsiConsole console)
    {
        foreach (var (label, markup) in _lines)
            console.MarkupLine(label is null ? markup : $"  {Markup.Escape(label).PadRight(LabelWidth)}{markup}");
    }
}

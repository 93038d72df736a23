using Spectre.Console;

namespace DmAgents.Cli.Output;

/// <summary>A table without a frame, with a header and right-aligned numbers.</summary>
internal sealed class Listing
{
    private readonly Table _table = new Table().Border(TableBorder.None);
    private readonly string _whenEmpty;

    /// <summary>A column whose title begins with '>' is aligned to the right.</summary>
    public Listing(string whenEmpty, params string[] columns)
    {
        _whenEmpty = whenEmpty;
        foreach (var title in columns)
        {
            var right = title.StartsWith('>');
            var column = new TableColumn(new Text(right ? title[1..] : title, new Style(decoration: Decoration.Bold)))
            {
                Alignment = right ? Justify.Right : Justify.Left,
                Padding = new Padding(0, 0, 2, 0),
            };
            _table.AddColumn(column);
        }
    }

    public void Row(params string[] cells) => _table.AddRow(cells.Select(cell => new Text(cell)));

    public void Write(IAnsiConsole console)
    {
        if (_table.Rows.Count == 0)
            console.WriteLine(_whenEmpty);
        else
            console.Write(_table);
    }
}

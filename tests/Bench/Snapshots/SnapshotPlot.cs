using System.Globalization;
using System.Text;

namespace DmAgents.Bench.Snapshots;

/// <summary>A picture of the medians: bars on a logarithmic scale, one group for each kind of figure.</summary>
internal static class SnapshotPlot
{
    private const int Left = 250;
    private const int Width = 900;
    private const int Bar = 13;
    private const int Gap = 16;
    private const int Top = 62;

    private static readonly SnapshotRow[] Rows =
    [
        SnapshotRow.Prepare, SnapshotRow.Stocked, SnapshotRow.Remove, SnapshotRow.Commit, SnapshotRow.Slope,
        SnapshotRow.Return, SnapshotRow.Chain, SnapshotRow.Unpack,
    ];

    private static readonly (string Side, string Title, string Colour)[] Sides =
    [
        (SnapshotSides.Floor, "bare kernel calls", "#9aa0a6"),
        (SnapshotSides.Agent, "DmAgents", "#0b7a75"),
        (SnapshotSides.Proxied, "DmAgents, through containerd", "#59b5ad"),
        (SnapshotSides.Containerd, "containerd devmapper", "#d1495b"),
        (SnapshotSides.Docker, "Docker devicemapper", "#edae49"),
    ];

    public static string Svg(SnapshotFigures figures)
    {
        var groups = Rows
            .Select(row => (row.Title, Bars: Sides
                .Where(side => figures[row, side.Side].Times.Count > 0)
                .Select(side => (side.Title, side.Colour, Median: figures.Median(row, side.Side)))
                .ToList()))
            .Where(group => group.Bars.Count > 0)
            .ToList();
        var most = groups.Max(group => group.Bars.Max(bar => bar.Median));
        var least = groups.Min(group => group.Bars.Min(bar => bar.Median));
        var (from, to) = (Math.Floor(Math.Log10(least)), Math.Ceiling(Math.Log10(most)));
        double Place(double value) => Left + ((Math.Log10(value) - from) / (to - from) * (Width - Left - 80));
        var height = Top + groups.Sum(group => (group.Bars.Count * Bar) + Gap) + 34;

        var svg = new StringBuilder();
        Line(svg, $"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {Width} {height}' width='{Width}' ")
            .Append("font-family='system-ui, sans-serif' font-size='12'>\n");
        Line(svg, $"<rect width='{Width}' height='{height}' fill='#ffffff'/>\n");
        Line(svg, $"<text x='12' y='22' font-size='15' font-weight='600' fill='#202124'>")
            .Append("Milliseconds, median; less is better (logarithmic)</text>\n");
        var x = 12.0;
        foreach (var (_, title, colour) in Sides)
        {
            Line(svg, $"<rect x='{x:0}' y='34' width='11' height='11' fill='{colour}'/>");
            Line(svg, $"<text x='{x + 16:0}' y='44' fill='#3c4043'>{title}</text>\n");
            x += 40 + (title.Length * 6.4);
        }
        for (var power = from; power <= to; power++)
        {
            var at = Place(Math.Pow(10, power));
            Line(svg, $"<line x1='{at:0.0}' x2='{at:0.0}' y1='{Top}' y2='{height - 28}' stroke='#e8eaed'/>");
            Line(
                svg,
                $"<text x='{at:0.0}' y='{height - 12}' text-anchor='middle' fill='#5f6368'>{Math.Pow(10, power):0.##}")
                .Append("</text>\n");
        }
        double y = Top;
        foreach (var (title, bars) in groups)
        {
            Line(svg, $"<text x='{Left - 10}' y='{y + (bars.Count * Bar / 2.0) + 4:0.0}'")
                .Append(" text-anchor='end' fill='#202124'>").Append(title).Append("</text>\n");
            foreach (var (_, colour, median) in bars)
            {
                var end = Math.Max(Place(median), Left + 1);
                Line(svg, $"<rect x='{Left}' y='{y:0}' width='{end - Left:0.0}' height='{Bar - 2}' fill='{colour}'/>");
                Line(svg, $"<text x='{end + 5:0.0}' y='{y + 10:0}' font-size='11' fill='#3c4043'>{Number(median)}")
                    .Append("</text>\n");
                y += Bar;
            }
            y += Gap;
        }
        return svg.Append("</svg>\n").ToString();
    }

    private static StringBuilder Line(StringBuilder svg, FormattableString text) =>
        svg.Append(text.ToString(CultureInfo.InvariantCulture));

    private static string Number(double value) =>
        value.ToString(value >= 100 ? "0" : value >= 10 ? "0.0" : "0.00", CultureInfo.InvariantCulture);
}

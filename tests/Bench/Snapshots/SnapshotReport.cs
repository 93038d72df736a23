using System.Globalization;
using System.Text.Json;

namespace DmAgents.Bench.Snapshots;

/// <summary>Prints what was measured.</summary>
internal static class SnapshotReport
{
    private static readonly string[] Sides = [.. SnapshotSides.AllNames];

    public static string Table(SnapshotFigures figures)
    {
        var lines = new List<string>
        {
            $"kernel {Report.KernelRelease()}, {Environment.ProcessorCount} processor(s); "
                + "medians and p99 in milliseconds",
            "",
            $"{"",-42}{"n",5}" + string.Concat(Sides.Select(side => $"{side,15}{"p99",8}")),
        };
        foreach (var row in SnapshotRow.All.Where(row => Sides.Any(side => figures[row, side].Times.Count > 0)))
        {
            var title = row.Unit is "ms" or "" ? row.Title : $"{row.Title}, {row.Unit}";
            lines.Add($"{title,-42}{Sides.Max(side => figures[row, side].Times.Count),5}"
                + string.Concat(Sides.Select(side => Cell(figures[row, side].Times))));
        }
        lines.Add("");
        lines.Add(Report.Line("one durable journal write, through the agent's plugin", figures.JournalWrite));
        lines.AddRange(figures.Paths.Select(path => Report.Line(path.Key, path.Value)));
        foreach (var side in Sides.Where(side => figures[SnapshotRow.Prepare, side].Times.Count > 0))
            lines.Add(Report.Line($"a prepare by {side}", figures[SnapshotRow.Prepare, side]));
        if (figures.Many.Count > 0)
            lines.Add("many: " + string.Join(", ", figures.Many.Select(many => $"{many.Key} {many.Value}")));
        lines.Add("");
        lines.AddRange(SnapshotAim.Of(figures).Select(aim => aim.Text));
        return string.Join('\n', lines);
    }

    public static string Json(SnapshotFigures figures) => JsonSerializer.Serialize(
        new
        {
            Kernel = Report.KernelRelease(),
            Processors = Environment.ProcessorCount,
            JournalWriteMs = Report.Times(figures.JournalWrite.Times),
            PathsMs = figures.Paths.ToDictionary(path => path.Key, path => Report.Times(path.Value.Times)),
            Rows = SnapshotRow.All.Select(row => new
            {
                row.Name,
                row.Unit,
                Sides = Sides.Where(side => figures[row, side].Times.Count > 0).ToDictionary(
                    side => side, side => Report.Times(figures[row, side].Times)),
            }).Where(row => row.Sides.Count > 0),
            figures.Many,
            Aims = SnapshotAim.Of(figures).Select(aim => new { aim.What, aim.Actual, aim.Limit, aim.Met }),
        },
        Report.Format);

    private static string Cell(Series times) =>
        times.Count == 0
            ? $"{"-",15}{"",8}"
            : $"{Number(times.Median),15}{(times.Count < 20 ? "" : Number(times.P99)),8}";

    private static string Number(double value) =>
        value.ToString(value >= 1000 ? "0" : value >= 100 ? "0.0" : "0.00", CultureInfo.InvariantCulture);
}

/// <summary>What the agent is to reach, and what it reaches.</summary>
/// <param name="AtMost">Whether the limit is one from above.</param>
internal sealed record SnapshotAim(string What, double Actual, double Limit, bool AtMost)
{
    public bool Met => AtMost ? Actual <= Limit : Actual >= Limit;

    public string Text => string.Create(
        CultureInfo.InvariantCulture,
        $"{What,-86}{Actual,9:0.00}  {(AtMost ? "at most" : "at least"),8} {Limit,7:0.##}  {(Met ? "met" : "MISSED")}");

    /// <summary>Those for which there are figures.</summary>
    public static IEnumerable<SnapshotAim> Of(SnapshotFigures figures)
    {
        double At(SnapshotRow row, string side) => figures.Median(row, side);
        const string Agent = SnapshotSides.Agent, Rival = SnapshotSides.Containerd, Proxied = SnapshotSides.Proxied;
        var floor = At(SnapshotRow.Prepare, SnapshotSides.Floor);
        var journal = figures.JournalWrite.Times.Median;
        double Times(SnapshotRow row) => At(row, Rival) / At(row, Agent);
        SnapshotAim[] all =
        [
            new("prepare / (bare calls + journal write + empty call)",
                At(SnapshotRow.Prepare, Agent) / (floor + journal + At(SnapshotRow.Nothing, Agent)), 1.5, AtMost: true),
            new("prepare from stock / bare calls", At(SnapshotRow.Stocked, Agent) / floor, 1, AtMost: true),
            new("prepare: containerd's / the agent's", Times(SnapshotRow.Prepare), 20, AtMost: false),
            new("100 prepares at once, each further one: containerd's / the agent's",
                Times(SnapshotRow.Slope), 40, AtMost: false),
            new("remove, until it answers: containerd's / the agent's", Times(SnapshotRow.Remove), 20, AtMost: false),
            new("remove by containerd's collector: devmapper's / the agent's",
                At(SnapshotRow.Collect, Rival) / At(SnapshotRow.Collect, Proxied), 20, AtMost: false),
            new("removal until the blocks are back: containerd's / the agent's",
                Times(SnapshotRow.Return), 1, AtMost: false),
            new("commit: containerd's / the agent's", Times(SnapshotRow.Commit), 20, AtMost: false),
            new("chain of 128 layers: the agent's / containerd's",
                1 / Times(SnapshotRow.Chain), 0.2, AtMost: true),
            new("unpack of an image, through containerd: the agent's / devmapper's",
                At(SnapshotRow.Unpack, Proxied) / At(SnapshotRow.Unpack, Rival), 1, AtMost: true),
            new("unpack of an image: the agent's through containerd / Docker's load",
                At(SnapshotRow.Unpack, Proxied) / At(SnapshotRow.Unpack, SnapshotSides.Docker), 1, AtMost: true),
            new("start with 10,000 snapshots, seconds",
                At(SnapshotRow.StartOf(10_000, killed: false), Agent) / 1000, 5, AtMost: true),
            new("start with 10,000 snapshots after a kill, seconds",
                At(SnapshotRow.StartOf(10_000, killed: true), Agent) / 1000, 10, AtMost: true),
            new("start with 1,000 snapshots: the agent's / containerd's",
                1 / Times(SnapshotRow.StartOf(1000, killed: false)), 1, AtMost: true),
            new("memory with many snapshots, MiB", At(SnapshotRow.Memory, Agent), 200, AtMost: true),
            new("processes forked for a prepare", At(SnapshotRow.Forks, Agent), 0, AtMost: true),
        ];
        return all.Where(aim => !double.IsNaN(aim.Actual));
    }
}

using System.Globalization;
using System.Text.Json;

namespace DmAgents.Bench;

/// <summary>Prints what was measured.</summary>
internal static class Report
{
    public static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
    };

    public static string Table(Figures figures)
    {
        var commit = figures.Commit.Times.Median;
        var lines = new List<string>
        {
            $"kernel {KernelRelease()}, {Environment.ProcessorCount} processor(s); medians and p99 in milliseconds",
            "",
            $"{"operation",-34}{"n",5}{"bare",8}{"p99",8}{"commit",8}{"actors",8}{"p99",8}{"ratio",7}"
                + $"{"commits",9}{"switches",16}{"tasks",14}{"KiB written",24}",
        };
        foreach (var operation in figures.Operations)
        {
            var (bare, actors) = (operation.Bare, operation.Actors);
            lines.Add(
                Text($"{operation.Title,-34}{actors.Times.Count,5}{bare.Times.Median,8:0.00}{bare.Times.P99,8:0.00}")
                + Text($"{commit,8:0.00}{actors.Times.Median,8:0.00}{actors.Times.P99,8:0.00}")
                + Text($"{Ratio(operation, commit),7:0.00}{(double)operation.Commits / operation.CommitsOf,9:0.00}")
                + Text($"{PerOperation(bare, c => c.Switches),8:0.0}{PerOperation(actors, c => c.Switches),8:0.0}")
                + Text($"{PerOperation(bare, c => c.Tasks),7:0.00}{PerOperation(actors, c => c.Tasks),7:0.00}")
                + Text($"{KiB(operation.BareWritten, bare),8:0.0}{KiB(operation.PoolWritten, actors),8:0.0}")
                + Text($"{KiB(operation.JournalWritten, actors),8:0.0}"));
        }
        lines.Add("");
        lines.Add(
            "ratio: actors / (bare + one journal commit). commits, switches, tasks: per operation; switches and tasks");
        lines.Add("of the whole machine, bare and actors; tasks are processes and threads made, "
            + "the kernel's among them. KiB written:");
        lines.Add("to the pool's disks by the bare calls and by the actors, "
            + "and to the disk with the journal, files included.");
        lines.Add("");
        lines.Add(Line("one journal commit through the plugin", figures.Commit));
        lines.Add(Line("one commit of SQLite alone", figures.BareCommit));
        lines.Add(Line("a request that is refused at once", figures.WayAndBack));
        var (bareBurst, actorBurst) = (Middle(figures.BareBursts), Middle(figures.ActorBursts));
        lines.Add(Text($"100 creates: bare one by one {bareBurst.Slope:0.00} each, {bareBurst.Total:0.0} in all; ")
            + Text($"actors at once {actorBurst.Slope:0.00} each, {actorBurst.Total:0.0} in all, ")
            + $"{actorBurst.Commits?.ToString(CultureInfo.InvariantCulture) ?? "unknown"} journal commits");
        lines.Add("50 removals with 1 MiB each until the pool has the blocks back: "
            + Text($"bare {figures.BareReturns.Median:0.00} each, actors {figures.ActorReturns.Median:0.00} each"));
        return string.Join('\n', lines);
    }

    public static string Json(Figures figures)
    {
        var commit = figures.Commit.Times.Median;
        return JsonSerializer.Serialize(
            new
            {
                Kernel = KernelRelease(),
                Processors = Environment.ProcessorCount,
                CommitMs = Times(figures.Commit.Times),
                SqliteCommitMs = Times(figures.BareCommit.Times),
                RefusedMs = Times(figures.WayAndBack.Times),
                Operations = figures.Operations.Select(o => new
                {
                    o.Name,
                    BareMs = Times(o.Bare.Times),
                    ActorsMs = Times(o.Actors.Times),
                    Ratio = Ratio(o, commit),
                    Commits = (double)o.Commits / o.CommitsOf,
                    BareSwitches = PerOperation(o.Bare, c => c.Switches),
                    ActorsSwitches = PerOperation(o.Actors, c => c.Switches),
                    BareTasks = PerOperation(o.Bare, c => c.Tasks),
                    ActorsTasks = PerOperation(o.Actors, c => c.Tasks),
                    BareKiB = KiB(o.BareWritten, o.Bare),
                    ActorsKiB = KiB(o.PoolWritten, o.Actors),
                    JournalKiB = KiB(o.JournalWritten, o.Actors),
                }),
                Creates100 = new { Bare = Middle(figures.BareBursts), Actors = Middle(figures.ActorBursts) },
                BlocksBackMs = new { Bare = figures.BareReturns.Median, Actors = figures.ActorReturns.Median },
            },
            Format);
    }

    public static string Line(string title, SideFigures side) =>
        Text($"{title}: {side.Times.Median:0.00} (p99 {side.Times.P99:0.00}, n {side.Times.Count}, ")
        + Text($"{PerOperation(side, c => c.Switches):0.0} switches)");

    public static object Times(Series series) => new { series.Count, series.Median, series.P99 };

    private static double Ratio(OperationFigures operation, double commit) =>
        operation.Actors.Times.Median / (operation.Bare.Times.Median + commit);

    private static double PerOperation(SideFigures side, Func<Counters, long> of) =>
        (double)of(side.Counters) / side.Times.Count;

    private static double KiB(long bytes, SideFigures side) => bytes / 1024.0 / side.Times.Count;

    private static BurstFigures Middle(List<BurstFigures> bursts) =>
        bursts.OrderBy(burst => burst.Slope).ElementAt(bursts.Count / 2);

    public static string KernelRelease() => File.ReadAllText("/proc/sys/kernel/osrelease").Trim();

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

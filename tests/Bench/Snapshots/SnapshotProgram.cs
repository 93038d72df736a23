using DmAgents.Agent.Configuration;
using DmAgents.Domain.Pools;
using DmAgents.Kernel;

namespace DmAgents.Bench.Snapshots;

/// <summary>The benchmark of the snapshot service against its rivals.</summary>
internal static class SnapshotProgram
{
    public static async Task<int> Run(IReadOnlyList<string> arguments)
    {
        if (SnapshotOptions.Parse(arguments) is not { } options)
        {
            await Console.Error.WriteLineAsync(SnapshotOptions.Help).ConfigureAwait(false);
            return 2;
        }
        var opened = LinuxKernel.Open();
        if (!opened.Succeeded)
        {
            await Console.Error.WriteLineAsync($"device-mapper cannot be used: {opened.Error}").ConfigureAwait(false);
            return 1;
        }
        using var kernel = opened.Value;
        var floor = BarePool.Open(
            kernel, PoolPlan.IdentityOf(kernel, "floor", options.Floor, options.State), options.State);
        var settings = SettingsReader.Read($"{options.Run}/dmagents.conf");
        await using var commits = new CommitMeter(settings with { StateDirectory = options.State + "/commits" });
        using var bareCommits = new BareCommit(options.State + "/sqlite.db");
        await using var paths = new PathMeter(options.State + "/page");
        await using var sides = await SnapshotSides.Open(options, kernel, floor).ConfigureAwait(false);
        var workload = new SnapshotWorkload(sides, commits, bareCommits, paths);
        var figures = new SnapshotFigures();
        try
        {
            foreach (var part in options.Parts)
            {
                await Console.Error.WriteLineAsync($"bench: {part} ({DateTimeText()})").ConfigureAwait(false);
                await Measure(part, options, sides, workload, figures).ConfigureAwait(false);
            }
        }
        finally
        {
            // What was measured before a part failed has taken most of an hour.
            Console.WriteLine(options.Json ? SnapshotReport.Json(figures) : SnapshotReport.Table(figures));
            if (options.Plot is { } plot)
                await File.WriteAllTextAsync(plot, SnapshotPlot.Svg(figures)).ConfigureAwait(false);
        }
        return 0;
    }

    private static async Task Measure(
        string part, SnapshotOptions options, SnapshotSides sides, SnapshotWorkload workload, SnapshotFigures figures)
    {
        switch (part)
        {
            case "rounds":
                await workload.Rounds(options.WarmRounds, new SnapshotFigures()).ConfigureAwait(false);
                await workload.Rounds(options.Rounds, figures).ConfigureAwait(false);
                break;
            case "bursts":
                await workload.Bursts(options.Bursts, figures).ConfigureAwait(false);
                break;
            case "returns":
                await workload.Returns(options.Bursts, figures).ConfigureAwait(false);
                break;
            case "chain":
                await workload.Chains(options.Chains, figures).ConfigureAwait(false);
                break;
            case "unpack":
                await ImageUnpacks.Measure(sides, options, options.Unpacks, figures).ConfigureAwait(false);
                break;
            case "forks":
                await Forks(options, sides, figures).ConfigureAwait(false);
                break;
            case "stock" when options.Stock > 0 && sides.Find(SnapshotSides.Agent) is { } agent:
                await Stock(options, sides, agent, workload, figures).ConfigureAwait(false);
                break;
            case "stock":
                break;
            case "many":
                await ManySnapshots.Measure(
                    sides, SnapshotSides.Containerd, options.ManyOfContainerd, options.Starts, figures)
                    .ConfigureAwait(false);
                await ManySnapshots.Measure(sides, SnapshotSides.Agent, options.Many, options.Starts, figures)
                    .ConfigureAwait(false);
                break;
            default:
                throw new InvalidOperationException($"there is no part {part}");
        }
    }

    private static async Task Forks(SnapshotOptions options, SnapshotSides sides, SnapshotFigures figures)
    {
        foreach (var name in (string[])[SnapshotSides.Agent, SnapshotSides.Containerd, SnapshotSides.Docker])
        {
            if (sides.Find(name) is { } side)
            {
                figures[SnapshotRow.Forks, name].Times.Add(
                    await ForkTrace.Measure(side, sides.DaemonOf(name), options.Run).ConfigureAwait(false));
            }
        }
    }

    private static async Task Stock(
        SnapshotOptions options, SnapshotSides sides, SnapshotSide agent, SnapshotWorkload workload,
        SnapshotFigures figures)
    {
        await File.AppendAllTextAsync(
            $"{options.Run}/dmagents.conf",
            $"\ndmagents.containerd.stock {{ per-layer = {options.Stock}, asked-for = 1 }}\n").ConfigureAwait(false);
        await sides.DaemonOf(SnapshotSides.Agent).Stop().ConfigureAwait(false);
        await sides.DaemonOf(SnapshotSides.Agent).Start().ConfigureAwait(false);
        await workload.Stocked(agent, options.WarmRounds, new SnapshotFigures()).ConfigureAwait(false);
        await workload.Stocked(agent, options.Rounds, figures).ConfigureAwait(false);
    }

    private static string DateTimeText() =>
        TimeProvider.System.GetLocalNow().ToString("HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture);
}

using System.Diagnostics;
using System.Globalization;
using DmAgents.Kernel;

namespace DmAgents.Bench.Creates;

/// <summary>What <c>container create --mount</c> takes through the admin API: two builds of the daemon beside each
/// other, alone and while a backup of the pool's metadata runs.</summary>
internal static class CreateProgram
{
    private const string Help = """
        usage: DmAgents.Bench creates --run DIR --archive FILE --before DIR,DATA,METADATA --new DIR,DATA,METADATA
                                      [--count N] [--devices N] [--backup-seconds N]

        Overwrites the disks. tests/Bench/creates.sh calls it in the lab.
        """;

    private const int Warm = 60;

    /// <summary>Creates that wait until nothing else is under way; each waits most of a second.</summary>
    private const int Alone = 60;

    private enum Way
    {
        Alone,
        InTurn,
        DuringBackups,
    }

    public static async Task<int> Run(IReadOnlyList<string> arguments)
    {
        var given = arguments.Chunk(2).Where(pair => pair.Length == 2).ToDictionary(pair => pair[0], pair => pair[1]);
        if (arguments.Count % 2 != 0 || !given.TryGetValue("--run", out var run)
            || !given.TryGetValue("--archive", out var archive) || !given.TryGetValue("--before", out var before)
            || !given.TryGetValue("--new", out var now))
        {
            await Console.Error.WriteLineAsync(Help).ConfigureAwait(false);
            return 2;
        }
        var count = Number(given, "--count", 200);
        var devices = Number(given, "--devices", 10_000);
        var limit = TimeSpan.FromSeconds(Number(given, "--backup-seconds", 300));
        var opened = LinuxKernel.Open();
        if (!opened.Succeeded)
        {
            await Console.Error.WriteLineAsync($"device-mapper cannot be used: {opened.Error}").ConfigureAwait(false);
            return 1;
        }
        using var kernel = opened.Value;
        await using var old = Side("before", before, run);
        await using var @new = Side("new", now, run);
        (string Name, CreateSide Side, string Given)[] sides = [("before", old, before), ("new", @new, now)];
        foreach (var side in sides)
            await side.Side.Open(DisksOf(side.Given), archive).ConfigureAwait(false);
        await Report("nothing else under way", sides, Math.Min(count, Alone), Way.Alone).ConfigureAwait(false);
        await Report("beside the removal before it", sides, count, Way.InTurn).ConfigureAwait(false);
        foreach (var side in sides)
            side.Side.Fill(kernel, devices);
        var what = string.Create(CultureInfo.InvariantCulture, $"{devices} devices more");
        await Report(what, sides, count, Way.InTurn).ConfigureAwait(false);
        await Report($"{what}, backup", sides, count, Way.DuringBackups, limit).ConfigureAwait(false);
        return 0;
    }

    /// <summary>The sides take turns of ten, so that a slow moment of the machine hits both.</summary>
    private static async Task Report(
        string what, (string Name, CreateSide Side, string Given)[] sides, int count, Way way, TimeSpan limit = default)
    {
        var series = sides.ToDictionary(side => side.Name, _ => new Series());
        foreach (var (_, side, _) in sides)
            await Several(side, new Series(), Warm, settle: false).ConfigureAwait(false);
        var took = new Dictionary<string, double>();
        if (way == Way.DuringBackups)
        {
            foreach (var (name, side, _) in sides)
                took[name] = await During(side, series[name], count, limit).ConfigureAwait(false);
        }
        for (var done = 0; way != Way.DuringBackups && done < count; done += 10)
        {
            foreach (var (name, side, _) in sides)
                await Several(side, series[name], 10, settle: way == Way.Alone).ConfigureAwait(false);
        }
        foreach (var (name, _, _) in sides)
        {
            var backup = took.TryGetValue(name, out var seconds) ? $"; backups took {seconds:0.0} s" : "";
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{what,-32} {name,-7} n {series[name].Count,4}  median {series[name].Median,8:0.00} ms  "
                + $"p99 {series[name].P99,8:0.00} ms{backup}"));
        }
    }

    /// <summary>Creates that begin while a backup is under way; backups follow each other until there are enough, or
    /// the time is up: a create of the earlier build waits for a whole backup.</summary>
    private static async Task<double> During(CreateSide side, Series series, int count, TimeSpan limit)
    {
        var seconds = 0.0;
        var begun = Stopwatch.GetTimestamp();
        while (series.Count < count && Stopwatch.GetElapsedTime(begun) < limit)
        {
            var backup = side.BackUp();
            // It has taken its snapshot by then.
            await Task.Delay(50).ConfigureAwait(false);
            while (!backup.IsCompleted && series.Count < count)
                await side.Create(series).ConfigureAwait(false);
            seconds += await backup.ConfigureAwait(false);
        }
        return seconds;
    }

    private static async Task Several(CreateSide side, Series series, int count, bool settle)
    {
        for (var i = 0; i < count; i++)
        {
            if (settle)
                await side.Settle().ConfigureAwait(false);
            await side.Create(series).ConfigureAwait(false);
        }
    }

    private static CreateSide Side(string name, string given, string run) => new(name, given.Split(',')[0], run);

    private static DiskPair DisksOf(string given) => DiskPair.Parse(string.Join(',', given.Split(',')[1..]))
        ?? throw new ArgumentException($"'{given}' is not DIR,DATA,METADATA", nameof(given));

    private static int Number(Dictionary<string, string> given, string name, int otherwise) =>
        given.TryGetValue(name, out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}

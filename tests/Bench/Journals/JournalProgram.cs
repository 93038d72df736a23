using System.Diagnostics;
using System.Globalization;
using DmAgents.Agent.Configuration;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Units;
using DmAgents.Testing.Simulation;
using Microsoft.Extensions.Logging;

namespace DmAgents.Bench.Journals;

/// <summary>How large the journal's file becomes over many lives of containers. On the simulated kernel, with the
/// daemon's own actors and the real file: it needs no lab.</summary>
internal static class JournalProgram
{
    private const string Help = """
        usage: DmAgents.Bench journal --state DIR [--lives N] [--together N] [--keep-events N|all]

        A life: create, mount, unmount, remove. Prints the file's size over time. tests/Bench/journal.sh calls it.
        """;

    /// <summary>Lines of the table.</summary>
    private const int Readings = 20;

    public static async Task<int> Run(IReadOnlyList<string> arguments)
    {
        var (state, lives, together, keep) = ("", 100_000, 50, (long?)10_000);
        for (var i = 0; i + 1 < arguments.Count; i += 2)
        {
            var value = arguments[i + 1];
            switch (arguments[i])
            {
                case "--state":
                    state = value;
                    break;
                case "--lives" when int.TryParse(value, out lives):
                case "--together" when int.TryParse(value, out together):
                    break;
                case "--keep-events":
                    keep = value == "all" ? null : long.Parse(value, CultureInfo.InvariantCulture);
                    break;
                default:
                    state = "";
                    break;
            }
        }
        if (state.Length == 0)
        {
            await Console.Error.WriteLineAsync(Help).ConfigureAwait(false);
            return 2;
        }
        using var loggers = LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Warning)
            .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace));
        var settings = SettingsReader.Read(null) with
        {
            StateDirectory = state + "/agent", LogLevel = LogLevel.Warning,
            Journal = new Actors.Journals.JournalSettings(keep),
        };
        var kernel = new SimulatedKernel();
        kernel.AddDisk("/dev/sda", ByteSize.GiB(64));
        kernel.AddDisk("/dev/sdb", ByteSize.GiB(1));
        var disks = new DiskPair(new DevicePath("/dev/sda"), new DevicePath("/dev/sdb"));
        await using var agent = new ActorSide(
            kernel, PoolPlan.IdentityOf(kernel, "lives", disks, state), settings, loggers);
        await agent.Open().ConfigureAwait(false);
        await Live(agent, settings, lives, together).ConfigureAwait(false);
        return 0;
    }

    private static async Task Live(ActorSide agent, AgentSettings settings, int lives, int together)
    {
        Console.WriteLine(
            $"{"lives",10}{"seconds",10}{"file MiB",10}{"log MiB",10}{"create p50",14}{"p99",10}{"longest ms",12}");
        var begun = Stopwatch.GetTimestamp();
        var largest = 0.0;
        var step = Math.Max(lives / Readings, 1);
        for (var done = 0; done < lives; done += step)
        {
            var prepares = new Series();
            await Parallel.ForEachAsync(
                Enumerable.Range(done, Math.Min(step, lives - done)),
                new ParallelOptions { MaxDegreeOfParallelism = together },
                async (number, _) => await One(agent, number, prepares).ConfigureAwait(false)).ConfigureAwait(false);
            var (file, log) = (MiB(settings.JournalFile), MiB(settings.JournalFile + "-wal"));
            largest = Math.Max(largest, file + log);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{Math.Min(done + step, lives),10}{Stopwatch.GetElapsedTime(begun).TotalSeconds,10:0}{file,10:0.0}"
                + $"{log,10:0.0}{prepares.Median,14:0.0}{prepares.P99,10:0.0}{prepares.Longest,12:0}"));
        }
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"largest at a reading: {largest:0.0} MiB of file and log (aim: below 64)"));
    }

    private static async Task One(ActorSide agent, int number, Series prepares)
    {
        var begun = Stopwatch.GetTimestamp();
        await agent.Create(number).ConfigureAwait(false);
        var taken = Stopwatch.GetTimestamp() - begun;
        lock (prepares)
            prepares.Add(Series.Milliseconds(taken));
        await agent.Mount(number).ConfigureAwait(false);
        await agent.Stop(number).ConfigureAwait(false);
        await agent.Remove(number).ConfigureAwait(false);
    }

    private static double MiB(string file) => File.Exists(file) ? new FileInfo(file).Length / 1048576.0 : 0;
}

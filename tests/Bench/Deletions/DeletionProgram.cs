using DmAgents.Agent.Configuration;
using DmAgents.Domain.Units;
using DmAgents.Kernel;
using Microsoft.Extensions.Logging;

namespace DmAgents.Bench.Deletions;

/// <summary>What a large deletion costs those who work meanwhile: the agent's way beside the others'.</summary>
internal static class DeletionProgram
{
    private const string Help = """
        usage: DmAgents.Bench deletions --state DIR --pool DATA,METADATA [--rounds N] [--gib N] [--json]

        Overwrites the two disks. tests/Bench/deletions.sh calls it in the lab.
        """;

    public static async Task<int> Run(IReadOnlyList<string> arguments)
    {
        var (state, disks, rounds, gibibytes, json) = ("", (DiskPair?)null, 3, 20UL, false);
        for (var i = 0; i < arguments.Count; i++)
        {
            var value = i + 1 < arguments.Count ? arguments[i + 1] : "";
            switch (arguments[i])
            {
                case "--json":
                    json = true;
                    continue;
                case "--state":
                    state = value;
                    break;
                case "--pool":
                    disks = DiskPair.Parse(value);
                    break;
                case "--rounds" when int.TryParse(value, out rounds):
                case "--gib" when ulong.TryParse(value, out gibibytes):
                    break;
                default:
                    state = "";
                    break;
            }
            i++;
        }
        if (state.Length == 0 || disks is null)
        {
            await Console.Error.WriteLineAsync(Help).ConfigureAwait(false);
            return 2;
        }
        var opened = LinuxKernel.Open();
        if (!opened.Succeeded)
        {
            await Console.Error.WriteLineAsync($"device-mapper cannot be used: {opened.Error}").ConfigureAwait(false);
            return 1;
        }
        using var kernel = opened.Value;
        using var loggers = LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Warning)
            .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace));
        var settings =
            SettingsReader.Read(null) with { StateDirectory = state + "/agent", LogLevel = LogLevel.Warning };
        await using var agent = new ActorSide(
            kernel, PoolPlan.IdentityOf(kernel, "deletions", disks, state), settings, loggers);
        await agent.Open().ConfigureAwait(false);
        var workload = new DeletionWorkload(kernel, agent, ByteSize.GiB(gibibytes));
        var figures = await workload.Run(rounds).ConfigureAwait(false);
        Console.WriteLine(json ? DeletionReport.Json(figures) : DeletionReport.Table(figures));
        return 0;
    }
}

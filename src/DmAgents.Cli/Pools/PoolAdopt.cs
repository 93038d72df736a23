using System.CommandLine;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Output;
using DmAgents.Cli.Parsing;
using DmAgents.Cli.Shell;
using Spectre.Console;

namespace DmAgents.Cli.Pools;

/// <summary>pool adopt: a pool whose journal is lost is taken over with what it has.</summary>
internal static class PoolAdopt
{
    public static CliCommand Build(CliShell shell)
    {
        var pool = new Argument<string>("pool")
        {
            Description = "Name of the pool; its files are in pools/NAME below the agent's state directory",
        };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only show what would be taken over" };
        return new CliCommand(
            "adopt",
            "Take over a pool whose journal is lost, or is of another time, with what its own metadata and its files "
            + "say. What nobody knows goes to quarantine; nothing is deleted.",
            "dmagent pool adopt fast --dry-run",
            "dmagent pool adopt fast",
            "dmagent pool adopt fast --dry-run --json | jq '.findings[].why'")
            { pool, dryRun, CommonSymbols.RequestId }
            .Runs(shell, async call =>
            {
                var name = call.Parsed.GetRequiredValue(pool);
                var reply = await call.About(name).Pools.AdoptAsync(
                    new AdoptPoolRequest
                    {
                        RequestId = call.RequestId(), Pool = name, DryRun = call.Parsed.GetValue(dryRun),
                    },
                    call.Unary);
                call.Output.Document(reply, console => Write(console, reply), reply.Pool);
            });
    }

    private static void Write(IAnsiConsole console, AdoptPoolReply reply)
    {
        var list = new Listing("Nothing of the pool's content is claimed.", ">ID", "KIND", "KEY", ">SIZE", ">MAPPED", "");
        foreach (var device in reply.Devices)
        {
            list.Row(
                $"{device.ThinId}", device.Kind.ToString().ToLowerInvariant(), device.Key,
                Sizes.Format(device.SizeBytes), Sizes.Format(device.MappedBytes), device.Removing ? "is removed" : "");
        }

        list.Write(console);
        FindingView.Write(console, reply.Findings);
        console.WriteLine();
        console.WriteLine(
            $"pool {reply.Pool} {(reply.DryRun ? "would be taken over" : "is taken over")} with "
            + $"{Words.Count(reply.Devices.Count, "device")}, {Words.Count(reply.Images.Count, "image")} and "
            + $"{Words.Count(reply.Views.Count, "view")}; {reply.QuarantinedThinIds.Count} in quarantine");
        if (reply.DryRun)
            console.WriteLine($"Nothing was changed. To take it over: dmagent pool adopt {reply.Pool}");
    }
}

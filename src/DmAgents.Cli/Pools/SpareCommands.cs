using System.CommandLine;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Shell;

namespace DmAgents.Cli.Pools;

/// <summary>Disks that extend a pool when it runs low.</summary>
internal static class SpareCommands
{
    public static CliCommand Build(CliShell shell) => new(
        "spare", "Disks that a pool is extended by, by itself, when it runs low.",
        "dmagent pool spare add fast /dev/vdd", "dmagent pool spare list fast")
    {
        List(shell),
        Change(shell, "add", "Give a pool blank disks to be extended by, in this order.", (request, disk) =>
            request.Add.Add(disk)),
        Change(shell, "remove", "Take back disks that a pool has not been extended by yet.", (request, disk) =>
            request.Remove.Add(disk)),
    };

    private static CliCommand List(CliShell shell)
    {
        var pool = CommonSymbols.PoolOrTheOnlyOne(shell);
        return new CliCommand("list", "List the spare disks of a pool.", "dmagent pool spare list fast") { pool }
            .AlsoKnownAs("ls")
            .Runs(shell, async call =>
            {
                var name = await call.PoolAsync(call.Parsed.GetValue(pool));
                var details = await call.About(name).Pools.ShowAsync(new ShowPoolRequest { Pool = name }, call.Unary);
                call.Output.Document(details, console => PoolViews.Spares(console, details), details.Spares);
            });
    }

    private static CliCommand Change(
        CliShell shell, string verb, string about, Action<ChangeSparesRequest, string> add)
    {
        var pool = new Argument<string>("pool") { Description = "Name of the pool" };
        pool.CompletionSources.Add(Completion.Names.Of(shell, Completion.Names.Pools));
        var disks = new Argument<string[]>("disk")
        {
            Description = "A block device; several may be given",
            Arity = ArgumentArity.OneOrMore,
        };
        var command = new CliCommand(
            verb, about,
            $"dmagent pool spare {verb} fast /dev/vdd", $"dmagent pool spare {verb} fast /dev/vdd /dev/vde")
            { pool, disks, CommonSymbols.RequestId };
        if (verb == "remove")
            command.AlsoKnownAs("rm");
        return command.Runs(shell, async call =>
        {
            var request = new ChangeSparesRequest
            {
                RequestId = call.RequestId(), Pool = call.Parsed.GetRequiredValue(pool),
            };
            foreach (var disk in call.Parsed.GetRequiredValue(disks))
                add(request, call.FullPath(disk));
            var details = await call.About(request.Pool).Pools.ChangeSparesAsync(request, call.Unary);
            call.Output.Document(details, console => PoolViews.Spares(console, details), details.Spares);
        });
    }
}

using System.CommandLine;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Shell;

namespace DmAgents.Cli.Pools;

internal static class PoolCommands
{
    public static CliCommand Build(CliShell shell) => new(
        "pool", "Thin pools: where layers and containers live.", "dmagent pool list", "dmagent pool create --help")
    {
        PoolCreate.Build(shell),
        List(shell),
        Show(shell),
        PoolGrow.Build(shell),
        SpareCommands.Build(shell),
        PoolCheck.Build(shell),
        MetadataCommands.Repair(shell),
        MetadataCommands.Restore(shell),
        MetadataCommands.Discard(shell),
        BackupCommands.Build(shell),
        PoolAdopt.Build(shell),
        Remove(shell),
        Trim(shell),
        QuarantineCommands.Build(shell),
        PoolAdoptDocker.Build(shell),
    };

    private static CliCommand List(CliShell shell) => new CliCommand(
        "list", "List the pools with their state and space.",
        "dmagent pool list", "dmagent pool list --quiet").AlsoKnownAs("ls").Runs(shell, async call =>
    {
        var reply = await call.Pools.ListAsync(new ListPoolsRequest(), call.Unary);
        call.Output.Document(
            reply, console => PoolViews.List(console, reply.Pools), reply.Pools.Select(pool => pool.Name));
    });

    private static CliCommand Show(CliShell shell)
    {
        var pool = CommonSymbols.PoolOrTheOnlyOne(shell);
        return new CliCommand(
            "show", "Show all that is known of a pool.",
            "dmagent pool show fast", "dmagent pool show fast --json | jq .data.free_bytes") { pool }
            .Runs(shell, async call =>
            {
                var name = await call.PoolAsync(call.Parsed.GetValue(pool));
                var details = await call.About(name).Pools.ShowAsync(new ShowPoolRequest { Pool = name }, call.Unary);
                call.Output.Document(details, console => PoolSheet.Write(console, details, call.Now), details.Name);
            });
    }

    private static CliCommand Remove(CliShell shell)
    {
        var pool = new Argument<string>("pool") { Description = "Name of the pool" };
        pool.CompletionSources.Add(Completion.Names.Of(shell, Completion.Names.Pools));
        var force = CommonSymbols.Force("Also with layers and containers in it: they are unmounted and LOST");
        return new CliCommand(
            "remove", "Remove a pool. Without --force only one that holds nothing.",
            "dmagent pool remove fast", "dmagent pool remove fast --force")
            { pool, force, CommonSymbols.RequestId }
            .AlsoKnownAs("rm")
            .Runs(shell, async call =>
            {
                var name = call.Parsed.GetRequiredValue(pool);
                var reply = await call.About(name).Pools.RemoveAsync(
                    new RemovePoolRequest
                    {
                        RequestId = call.RequestId(),
                        Pool = name,
                        Force = call.Parsed.GetValue(force),
                    },
                    call.Unary);
                call.Output.Document(reply, console => PoolViews.Removed(console, reply), reply.Pool);
            });
    }

    private static CliCommand Trim(CliShell shell)
    {
        var pool = CommonSymbols.PoolOrTheOnlyOne(shell);
        return new CliCommand(
            "trim", "Give the blocks of deleted files in mounted containers back to the pool.",
            "dmagent pool trim fast") { pool, CommonSymbols.RequestId }
            .Runs(shell, async call =>
            {
                var name = await call.PoolAsync(call.Parsed.GetValue(pool));
                var reply = await call.About(name).Pools.TrimAsync(
                    new TrimPoolRequest { RequestId = call.RequestId(), Pool = name }, call.Unary);
                call.Output.Document(reply, console => PoolViews.Trimmed(console, reply), reply.Pool);
            });
    }
}

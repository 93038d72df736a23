using System.CommandLine;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Agent;
using DmAgents.Cli.Shell;

namespace DmAgents.Cli.Pools;

/// <summary>Commands that replace a pool's metadata: they show a plan, and execute it only with --execute.</summary>
internal static class MetadataCommands
{
    public static CliCommand Repair(CliShell shell)
    {
        var pool = CommonSymbols.PoolOrTheOnlyOne(shell);
        return Repairing(
            shell,
            new CliCommand(
                "repair-metadata",
                "Repair a pool's own metadata, or clear the kernel's demand for a check. Without --execute only tells "
                + "what would be done and what would be lost, tried out on copies. The present metadata are kept.",
                "dmagent pool repair-metadata fast",
                "dmagent pool repair-metadata fast --into /dev/vde --execute") { pool },
            async call => await call.PoolAsync(call.Parsed.GetValue(pool)),
            call => null);
    }

    public static CliCommand Restore(CliShell shell)
    {
        var pool = PoolName(shell);
        var backup = new Argument<string>("backup") { Description = "The backup, as `pool backup list` shows it" };
        return Repairing(
            shell,
            new CliCommand(
                "restore-metadata",
                "Make a pool's own metadata of a backup: the pool becomes what it was then. Without --execute only "
                + "tells what would be lost. The present metadata are kept.",
                "dmagent pool restore-metadata fast 20260102T030405Z",
                "dmagent pool restore-metadata fast 20260102T030405Z --execute") { pool, backup },
            call => Task.FromResult(call.Parsed.GetRequiredValue(pool)),
            call => call.Parsed.GetRequiredValue(backup));
    }

    public static CliCommand Discard(CliShell shell)
    {
        var pool = PoolName(shell);
        return new CliCommand(
            "discard-metadata",
            "Give up the metadata that others have replaced. There is no way back to them then.",
            "dmagent pool discard-metadata fast") { pool, CommonSymbols.RequestId }
            .Runs(shell, async call =>
            {
                var name = call.Parsed.GetRequiredValue(pool);
                var reply = await call.About(name).Pools.DiscardMetadataAsync(
                    new DiscardMetadataRequest { RequestId = call.RequestId(), Pool = name }, call.Unary);
                call.Output.Document(
                    reply, console => MetadataRepairView.Discarded(console, reply),
                    reply.Discarded.Select(kept => kept.Place));
            });
    }

    private static Argument<string> PoolName(CliShell shell)
    {
        var pool = new Argument<string>("pool") { Description = "Name of the pool" };
        pool.CompletionSources.Add(Completion.Names.Of(shell, Completion.Names.Pools));
        return pool;
    }

    private static CliCommand Repairing(
        CliShell shell, CliCommand command, Func<AgentCall, Task<string>> pool, Func<AgentCall, string?> backup)
    {
        var into = new Option<string?>("--into")
        {
            Description = "Pool of disks: the disk for the new metadata "
                + "[default: the first spare disk that can take them]",
            HelpName = "device",
        };
        var force = CommonSymbols.Force("Use that disk although it carries a file system or another signature");
        var execute = new Option<bool>("--execute") { Description = "Do it" };
        command.Add(into);
        command.Add(force);
        command.Add(execute);
        command.Add(CommonSymbols.RequestId);
        command.OnlyWith(into, force);
        return command.Runs(shell, async call =>
        {
            var request = new MendMetadataRequest
            {
                RequestId = call.RequestId(), Pool = await pool(call), Force = call.Parsed.GetValue(force),
                Execute = call.Parsed.GetValue(execute),
            };
            if (backup(call) is { } name)
                request.Backup = name;
            if (call.Parsed.GetValue(into) is { } disk)
                request.Into = call.FullPath(disk);
            return await RunAsync(call.About(request.Pool), request);
        });
    }

    private static async Task<int> RunAsync(AgentCall call, MendMetadataRequest request)
    {
        MendPlan? plan = null;
        CheckPoolReply? done = null;
        await foreach (var reply in call.StreamAsync(options => call.Pools.MendMetadata(request, options)))
        {
            if (reply.Step is { } step)
                call.Output.Progress(step, PoolViews.StepText(step));
            plan = reply.Plan ?? plan;
            done = reply.Done ?? done;
            if (reply.Plan is not null && request.Execute)
                call.Output.Item(
                    reply.Plan, console => MetadataRepairView.Plan(console, reply.Plan, request), reply.Plan.Pool);
        }
        if (!request.Execute && plan is not null)
        {
            call.Output.Document(plan, console => MetadataRepairView.Plan(console, plan, request), plan.Pool);
            return plan.Obstacle.Length == 0 ? ExitCodes.Done
                : plan.ObstacleKind == Problem.Types.Kind.Unspecified ? ExitCodes.Refused
                : ExitCodes.Of(plan.ObstacleKind);
        }
        if (done is null)
            throw call.WithoutResult();
        call.Output.Document(
            done, console => PoolViews.Check(console, done),
            done.Findings.Select(finding => finding.Object).Distinct());
        return done.Agrees ? ExitCodes.Done : ExitCodes.Failed;
    }
}

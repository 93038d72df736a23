using System.CommandLine;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Agent;
using DmAgents.Cli.Shell;

namespace DmAgents.Cli.Pools;

internal static class PoolCheck
{
    public static CliCommand Build(CliShell shell)
    {
        var pool = CommonSymbols.PoolOrTheOnlyOne(shell);
        var repair = new Option<bool>("--repair")
        {
            Description = "Then make them agree, by the steps that were shown. Unknown thin ids are never deleted",
        };
        var accept = new Option<ulong?>("--accept-transaction-id")
        {
            Description = "The pool's transaction id, where it belongs to the journal although that expects another",
            HelpName = "id",
        };
        var command = new CliCommand(
            "check",
            "Compare journal, pool metadata and live devices, and tell each difference. Changes nothing without "
            + "--repair. Exit code 1 where they disagree.",
            "dmagent pool check fast",
            "dmagent pool check fast --repair",
            "dmagent pool check fast --json | jq '.findings[].what'") { pool, repair, accept, CommonSymbols.RequestId };
        command.OnlyWith(repair, accept);
        return command.Runs(shell, async call =>
        {
            var name = await call.PoolAsync(call.Parsed.GetValue(pool));
            var found = await call.About(name).Pools.CheckAsync(new CheckPoolRequest { Pool = name }, call.Unary);
            if (!call.Parsed.GetValue(repair))
                return Tell(call, found);
            foreach (var step in found.Repairs)
                call.Output.Progress(step, PoolViews.StepText(step));
            var request = new RepairPoolRequest { RequestId = call.RequestId(), Pool = name };
            if (call.Parsed.GetValue(accept) is { } id)
                request.AcceptTransactionId = id;
            return Tell(call, await call.Pools.RepairAsync(request, call.Unary));
        });
    }

    private static int Tell(AgentCall call, CheckPoolReply reply)
    {
        call.Output.Document(
            reply,
            console => PoolViews.Check(console, reply),
            reply.Findings.Select(finding => finding.Object).Distinct());
        return reply.Agrees ? ExitCodes.Done : ExitCodes.Failed;
    }
}

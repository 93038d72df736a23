using System.CommandLine;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Output;
using DmAgents.Cli.Parsing;
using DmAgents.Cli.Shell;

namespace DmAgents.Cli.Pools;

internal static class QuarantineCommands
{
    public static CliCommand Build(CliShell shell) => new(
        "quarantine", "Thin ids that the journal cannot account for: kept apart until you decide.",
        "dmagent pool quarantine list")
    {
        List(shell),
        Purge(shell),
        Undelete(shell),
    };

    private static CliCommand List(CliShell shell)
    {
        var pool = CommonSymbols.PoolFilter(shell);
        return new CliCommand(
            "list",
            "List quarantined thin ids: what they may be, how large they are, since when and why they are there.",
            "dmagent pool quarantine list --pool fast") { pool }
            .AlsoKnownAs("ls")
            .Runs(shell, async call =>
            {
                var reply = await call.Pools.ListQuarantineAsync(
                    new ListQuarantineRequest { Pool = call.Parsed.GetValue(pool) ?? "" }, call.Unary);
                call.Output.Document(
                    reply,
                    console =>
                    {
                        var list = new Listing(
                            "Nothing is quarantined.",
                            "POOL", ">THIN ID", "KEY", "ABOVE", ">MAPPED", ">MADE IN", "SINCE", "WHY");
                        foreach (var device in reply.Devices)
                        {
                            list.Row(
                                device.Pool, $"{device.ThinId}", Words.OrDash(Words.Short(device.Key)),
                                Words.OrDash(Words.Short(device.Parent)), Sizes.Format(device.MappedBytes),
                                device.HasCreatedInTransactionId ? $"{device.CreatedInTransactionId}" : "-",
                                Times.Ago(device.Since, call.Now), device.Why);
                        }

                        list.Write(console);
                    },
                    reply.Devices.Select(device => $"{device.ThinId}"));
            });
    }

    private static CliCommand Purge(CliShell shell)
    {
        var ids = new Argument<uint[]>("thin-id")
        {
            Description = "Thin ids as `quarantine list` shows them",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var all = new Option<bool>("--all") { Description = "All that the pool has in quarantine" };
        var pool = CommonSymbols.Pool(shell);
        var command = new CliCommand(
            "purge", "Delete quarantined thin ids for good. What they hold is LOST.",
            "dmagent pool quarantine purge 17 23 --pool fast", "dmagent pool quarantine purge --all")
            { ids, all, pool, CommonSymbols.RequestId };
        command.Validators.Add(result =>
        {
            if (CommonSymbols.Given(result, all) == (result.GetResult(ids)?.Tokens.Count > 0))
                result.AddError("Either thin ids or --all is needed, and not both.");
        });
        return command.Runs(shell, async call =>
        {
            var name = await call.PoolAsync(call.Parsed.GetValue(pool));
            var request = new PurgeQuarantineRequest
            {
                RequestId = call.RequestId(),
                Pool = name,
                All = call.Parsed.GetValue(all),
            };
            request.ThinIds.Add(call.Parsed.GetValue(ids) ?? []);
            var reply = await call.About(name).Pools.PurgeQuarantineAsync(request, call.Unary);
            call.Output.Sentence(
                reply,
                $"{name}: {Words.Count(reply.PurgedThinIds.Count, "thin id")} purged, "
                    + $"{Sizes.Format(reply.FreedBytes)} freed",
                reply.PurgedThinIds.Select(id => $"{id}"));
        });
    }

    private static CliCommand Undelete(CliShell shell)
    {
        var id = new Argument<uint>("thin-id") { Description = "Thin id as `quarantine list` shows it" };
        var name = new Option<string?>("--name")
        {
            Description = "What it is called from now on: layer undeleted:NAME [default: its old name]",
            HelpName = "name",
        };
        var pool = CommonSymbols.Pool(shell);
        return new CliCommand(
            "undelete", "Bring a quarantined thin id back.",
            "dmagent pool quarantine undelete 17 --name rescued --pool fast")
            { id, name, pool, CommonSymbols.RequestId }
            .Runs(shell, async call =>
            {
                var poolName = await call.PoolAsync(call.Parsed.GetValue(pool));
                var reply = await call.About($"{poolName}/{call.Parsed.GetValue(id)}").Pools.UndeleteAsync(
                    new UndeleteRequest
                    {
                        RequestId = call.RequestId(),
                        Pool = poolName,
                        ThinId = call.Parsed.GetValue(id),
                        Name = call.Parsed.GetValue(name) ?? "",
                    },
                    call.Unary);
                call.Output.Sentence(
                    reply,
                    $"{reply.Pool}: thin id {reply.ThinId} is {Words.Of(reply.Kind)} {reply.Key} again",
                    reply.Key);
            });
    }
}

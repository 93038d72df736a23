using System.CommandLine;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Shell;
using Spectre.Console;

namespace DmAgents.Cli.Transfers;

internal static class TransferCommands
{
    public static CliCommand Build(CliShell shell) => new(
        "transfer", "Transfers: images on their way to this host, or to any host of its fleet.",
        "dmagent transfer list")
    {
        List(shell),
        Cancel(shell),
    };

    private static CliCommand List(CliShell shell)
    {
        var fleet = new Option<bool>("--fleet")
        {
            Description = "Those of all hosts of the fleet; hosts that do not answer are named",
        };
        return new CliCommand(
            "list", "List the transfers under way, with their progress.", "dmagent transfer list",
            "dmagent transfer list --fleet", "dmagent transfer list --json | jq '.transfers[].bytes_received'")
            { fleet }
            .AlsoKnownAs("ls")
            .Runs(shell, async call =>
            {
                var isOfFleet = call.Parsed.GetValue(fleet);
                var reply = await call.Transfers.ListAsync(new ListTransfersRequest { Fleet = isOfFleet }, call.Unary);
                call.Output.Document(
                    reply, console => TransferViews.List(console, reply.Transfers, isOfFleet, call.Now),
                    reply.Transfers.Select(transfer => transfer.Id));
                foreach (var host in reply.Silent)
                    call.Output.Warning($"the transfers of host {host.Host} are missing: {host.Why}");
            });
    }

    private static CliCommand Cancel(CliShell shell)
    {
        var id = new Argument<string>("transfer") { Description = "Id of the transfer, or its beginning" };
        return new CliCommand(
            "cancel", "End a transfer to any host of the fleet, and undo what it brought.",
            "dmagent transfer cancel 4f1c",
            "dmagent transfer list --quiet | xargs -n1 dmagent transfer cancel")
            { id }
            .Runs(shell, async call =>
            {
                var given = call.Parsed.GetRequiredValue(id);
                var reply = await call.About(given).Transfers.CancelAsync(
                    new CancelTransferRequest { Id = given }, call.Unary);
                call.Output.Document(
                    reply,
                    console => console.WriteLine(
                        $"the copy of {reply.Transfer.Image} from {reply.Transfer.FromHost} is cancelled and undone"
                        + (reply.Transfer.ToHost.Length == 0 ? "" : $" on {reply.Transfer.ToHost}")),
                    reply.Transfer.Id);
            });
    }
}

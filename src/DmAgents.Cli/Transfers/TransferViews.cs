using DmAgents.Cli.Output;
using DmAgents.Cli.Parsing;
using Spectre.Console;
using Wire = DmAgents.Api.Admin.V1.RunningTransfer;

namespace DmAgents.Cli.Transfers;

internal static class TransferViews
{
    public static string Text(Wire transfer) =>
        (transfer.ToHost.Length == 0 ? "" : $"{transfer.ToHost}: ") + StateOf(transfer);

    private static string StateOf(Wire transfer) => transfer.LayerCount == 0 || transfer.LayerIndex == 0
        ? Words.Of(transfer.Phase)
        : $"layer {transfer.LayerIndex}/{transfer.LayerCount} {Words.Of(transfer.Phase)}";

    /// <param name="isOfFleet">Transfers of all hosts: each is shown with its receiving host.</param>
    public static void List(IAnsiConsole console, IEnumerable<Wire> transfers, bool isOfFleet, DateTimeOffset now)
    {
        string[] to = isOfFleet ? ["TO"] : [];
        var list = new Listing(
            isOfFleet ? "No image is on its way to a host of the fleet." : "No image is on its way to this host.",
            ["ID", "IMAGE", "FROM", .. to, "POOL", "STARTED", "STATE", ">RECEIVED"]);
        foreach (var transfer in transfers)
        {
            string[] host = isOfFleet ? [transfer.ToHost] : [];
            list.Row([
                transfer.Id[..Math.Min(8, transfer.Id.Length)], transfer.Image, transfer.FromHost, .. host,
                transfer.Pool, Times.Ago(transfer.StartedAt, now), StateOf(transfer), Received(transfer)]);
        }

        list.Write(console);
    }

    public static string Received(Wire transfer) => transfer.BytesTotal == 0
        ? "-"
        : $"{Words.Percent(transfer.BytesReceived, transfer.BytesTotal)} of {Sizes.Format(transfer.BytesTotal)}";
}

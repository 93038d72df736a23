using DmAgents.Cli.Output;
using DmAgents.Cli.Parsing;
using Spectre.Console;
using Wire = DmAgents.Api.Admin.V1.RunningTransfer;

namespace DmAgents.Cli.Transfers;

internal static class TransferViews
{
    public static string Text(Wire transfer) =>
        (transfer.ToHost.Length == 0 ? "" : $"{transfer.ToHost}: ")
        + (transfer.LayerCount == 0 || transfer.LayerIndex == 0
            ? Words.Of(transfer.Phase)
            : $"layer {transfer.LayerIndex}/{transfer.LayerCount} {Words.Of(transfer.Phase)}");

    public static void List(IAnsiConsole console, IEnumerable<Wire> transfers, DateTimeOffset now)
    {
        var list = new Listing(
            "No image is on its way to this host.", "ID", "IMAGE", "FROM", "POOL", "STARTED", "STATE", ">RECEIVED");
        foreach (var transfer in transfers)
        {
            list.Row(
                transfer.Id[..8], transfer.Image, transfer.FromHost, transfer.Pool, Times.Ago(transfer.StartedAt, now),
                Text(transfer), Received(transfer));
        }

        list.Write(console);
    }

    public static string Received(Wire transfer) => transfer.BytesTotal == 0
        ? "-"
        : $"{Words.Percent(transfer.BytesReceived, transfer.BytesTotal)} of {Sizes.Format(transfer.BytesTotal)}";
}

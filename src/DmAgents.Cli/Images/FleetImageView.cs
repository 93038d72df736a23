using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Output;
using DmAgents.Cli.Parsing;
using Spectre.Console;

namespace DmAgents.Cli.Images;

/// <summary>The images of the fleet.</summary>
internal static class FleetImageView
{
    public static void List(IAnsiConsole console, IEnumerable<InventoryImage> images)
    {
        var list = new Listing(
            "No host of the fleet has an image.", "IMAGE", "ID", ">LAYERS", ">DATA", ">WANTED", "HOSTS", "");
        foreach (var image in images)
        {
            list.Row(
                image.Reference, image.Id.Length == 0 ? "-" : Words.Short(image.Id), $"{image.Layers}",
                Sizes.Format(image.DataBytes), $"{image.CopiesWanted}", Words.OrDash(string.Join(", ", image.Hosts)),
                Remarks(image));
        }
        list.Write(console);
    }

    /// <summary>The hosts with an image, and copies of it in progress.</summary>
    public static void Show(IAnsiConsole console, ImageInFleet fleet, DateTimeOffset now)
    {
        new Sheet().Group("in the fleet").Write(console);
        var hosts = new Listing(
            "  no host that answers has it", "HOST", "POOL", "REFERENCE", "ID", "CONTENT", ">LAYERS", "IMPORTED");
        foreach (var host in fleet.Hosts)
        {
            hosts.Row(
                host.Host, host.Pool, host.Reference, Words.Short(host.Id),
                host.ContentDigest.Length == 0 ? "not computed yet" : Words.Short(host.ContentDigest),
                $"{host.Layers}", Times.Ago(host.ImportedAt, now));
        }
        hosts.Write(console);
        foreach (var copy in fleet.InFlight)
        {
            console.WriteLine(
                $"  on its way to {copy.ToHost} from {copy.FromHost}, begun {Times.Ago(copy.StartedAt, now)}: "
                + Progress(copy));
        }
    }

    private static string Progress(ImageInFlight copy) => copy.BytesTotal == 0
        ? "its layers are asked for"
        : $"layer {copy.LayerIndex}/{copy.LayerCount}, {Words.Percent(copy.BytesReceived, copy.BytesTotal)} of "
            + Sizes.Format(copy.BytesTotal);

    private static string Remarks(InventoryImage image) => string.Join("; ", new[]
    {
        image.OtherHosts.Count == 0 ? "" : $"not whole on {string.Join(", ", image.OtherHosts)}",
        image.CopiedTo.Count == 0 ? "" : $"copied to {string.Join(", ", image.CopiedTo)}",
    }.Where(remark => remark.Length > 0));
}

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

    private static string Remarks(InventoryImage image) => string.Join("; ", new[]
    {
        image.OtherHosts.Count == 0 ? "" : $"not whole on {string.Join(", ", image.OtherHosts)}",
        image.CopiedTo.Count == 0 ? "" : $"copied to {string.Join(", ", image.CopiedTo)}",
    }.Where(remark => remark.Length > 0));
}

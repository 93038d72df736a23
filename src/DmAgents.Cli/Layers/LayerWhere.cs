using System.CommandLine;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Output;
using DmAgents.Cli.Shell;
using Spectre.Console;

namespace DmAgents.Cli.Layers;

/// <summary>The hosts of the fleet that have a layer.</summary>
internal static class LayerWhere
{
    public static CliCommand Build(CliShell shell)
    {
        var layer = new Argument<string>("layer")
        {
            Description = "Chain id of a layer, or an image: each of its layers",
        };
        return new CliCommand(
            "where", "Show which hosts of the fleet have a layer, or the layers of an image, and with which content.",
            "dmagent layer where debian:12", "dmagent layer where debian:12 --json | jq '.layers[].copies'") { layer }
            .Runs(shell, async call =>
            {
                var name = call.Parsed.GetRequiredValue(layer);
                var reply = await call.About(name).Inventory.LocateAsync(
                    new LocateLayersRequest { Layer = name }, call.Unary);
                call.Output.Document(
                    reply, console => Write(console, reply, call.Now),
                    reply.Layers.SelectMany(each => each.Copies).Select(copy => copy.Host).Distinct());
            });
    }

    private static void Write(IAnsiConsole console, LocateLayersReply reply, DateTimeOffset now)
    {
        var list = new Listing("No host has it.", "LAYER", "HOST", "CONTENT", "SINCE", "");
        foreach (var layer in reply.Layers)
        {
            var name = Words.Short(layer.ChainId);
            foreach (var copy in layer.Copies)
            {
                list.Row(
                    name, copy.Host, copy.ContentDigest.Length == 0 ? "-" : ShortOf(copy.ContentDigest),
                    Times.Ago(copy.Since, now),
                    copy.Verified ? "" : copy.ContentDigest.Length == 0 ? "its content is computed yet" : "not verified");
            }
            foreach (var copy in layer.UnderWay)
                list.Row(name, copy.Host, "-", "-", $"is copied from {copy.FromHost}");
            if (layer.Copies.Count + layer.UnderWay.Count == 0)
                list.Row(name, "-", "-", "-", "no host has it");
        }
        list.Write(console);
    }

    /// <summary>As many digits as distinguish one digest from another.</summary>
    private static string ShortOf(string digest) =>
        digest[(digest.IndexOf(':', StringComparison.Ordinal) + 1)..] is { Length: > 12 } hex ? hex[..12] : digest;
}

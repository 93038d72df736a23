using System.CommandLine;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Shell;

namespace DmAgents.Cli.Images;

/// <summary>The number of an image's copies in the fleet, and the reasons for their hosts.</summary>
internal static class ImageSpreads
{
    public static CliCommand Copies(CliShell shell)
    {
        var image = CommonSymbols.Image(shell);
        var copies = new Argument<uint>("copies") { Description = "On how many hosts the fleet keeps it, from 1" };
        return new CliCommand(
            "copies", "Set on how many hosts the fleet keeps an image; it makes and drops copies by itself.",
            "dmagent image copies debian:12 3") { image, copies, CommonSymbols.RequestId }
            .Runs(shell, async call =>
            {
                var name = call.Parsed.GetRequiredValue(image);
                var spread = await call.About(name).Spread.SetImageCopiesAsync(
                    new SetImageCopiesRequest
                    {
                        RequestId = call.RequestId(), Image = name, Copies = call.Parsed.GetRequiredValue(copies),
                    },
                    call.Unary);
                call.Output.Document(spread, console => SpreadView.Set(console, spread), spread.Reference);
            });
    }

    public static CliCommand Explain(CliShell shell)
    {
        var image = CommonSymbols.Image(shell);
        return new CliCommand(
            "explain", "Show which hosts of the fleet have an image, and why: the latest decisions with their candidates.",
            "dmagent image explain debian:12", "dmagent image explain debian:12 --json | jq '.decisions[0]'") { image }
            .Runs(shell, async call =>
            {
                var name = call.Parsed.GetRequiredValue(image);
                var spread = await call.About(name).Spread.ExplainImageAsync(
                    new ExplainImageRequest { Image = name }, call.Unary);
                call.Output.Document(spread, console => SpreadView.Write(console, spread, call.Now), spread.Reference);
            });
    }
}

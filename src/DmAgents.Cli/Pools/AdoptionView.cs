using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Output;
using DmAgents.Cli.Parsing;
using Spectre.Console;

namespace DmAgents.Cli.Pools;

/// <summary>What was adopted from a Docker, or would be.</summary>
internal static class AdoptionView
{
    public static void Write(IAnsiConsole console, AdoptDockerReply reply)
    {
        var sheet = new Sheet()
            .Group(reply.DryRun
                ? $"{reply.DataRoot} would become pool {reply.Pool}"
                : $"{reply.DataRoot} is pool {reply.Pool}")
            .Row("kind", Words.Of(reply.Kind))
            .Row("data", Sizes.Format(reply.DataSizeBytes))
            .Row("transaction id", $"{reply.TransactionId}")
            .Row("thin devices", $"{reply.AdoptedDevices} of {reply.ThinDevices} adopted")
            .Row("layers", $"{reply.Layers}" + (reply.InitLayers == 0
                ? ""
                : $", and {reply.InitLayers} between image and container, which go with the confirmation"))
            .Rows("images", reply.Images)
            .Rows("containers", reply.Containers);
        if (reply.LeftOver.Count > 0)
            sheet.Rows(reply.DryRun ? "would be taken down first" : "taken down first", reply.LeftOver);
        sheet.Write(console);
        FindingView.Write(console, reply.Findings);
        console.WriteLine();
        console.WriteLine(reply.DryRun
            ? "Nothing was changed."
            : "What Docker had stays as it is, and can be looked at. Then decide:");
        if (reply.DryRun)
            return;
        console.WriteLine($"  dmagent pool adopt-docker --confirm {reply.Pool}");
        console.WriteLine($"  dmagent pool adopt-docker --undo {reply.Pool}");
    }
}

using System.CommandLine;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Agent;
using DmAgents.Cli.Output;
using DmAgents.Cli.Shell;
using DmAgents.Cli.Transfers;

namespace DmAgents.Cli.Images;

internal static class ImageCopy
{
    public static CliCommand Build(CliShell shell)
    {
        var image = new Argument<string>("image") { Description = "Reference or id of the image, as that host has it" };
        var from = new Option<string>("--from")
        {
            Description = "The host of the fleet that has it", HelpName = "host", Required = true,
        };
        var pool = CommonSymbols.Pool(shell);
        return new CliCommand(
            "copy", "Copy an image from another host of the fleet: the blocks that this host lacks.",
            "dmagent image copy debian:12 --from host-1", "dmagent image copy app:7 --from host-1 --pool fast --json")
            { image, from, pool, CommonSymbols.RequestId }
            .Runs(shell, async call =>
            {
                var request = new CopyImageRequest
                {
                    Image = call.Parsed.GetRequiredValue(image),
                    FromHost = call.Parsed.GetRequiredValue(from),
                    RequestId = call.RequestId(),
                };
                call.About(request.Image);
                request.Pool = await call.PoolAsync(call.Parsed.GetValue(pool));
                var copied = await call.Output.TransferAsync(report => ReceiveAsync(call, request, report));
                call.Output.Document(
                    new CopyImageReply { Image = copied },
                    console => ImageViews.Copied(console, copied, request.FromHost),
                    copied.Reference);
            });
    }

    private static async Task<ImageDetails> ReceiveAsync(
        AgentCall call, CopyImageRequest request, Action<Transfer> report)
    {
        ImageDetails? image = null;
        await foreach (var reply in call.StreamAsync(options => call.Transfers.CopyImage(request, options)))
        {
            if (reply.Progress is { } progress)
            {
                report(new Transfer(
                    reply, TransferViews.Text(progress), progress.BytesReceived, progress.BytesTotal));
            }

            image = reply.Image ?? image;
        }

        return image ?? throw call.WithoutResult();
    }
}

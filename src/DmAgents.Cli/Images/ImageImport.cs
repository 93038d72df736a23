using System.CommandLine;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Agent;
using DmAgents.Cli.Output;
using DmAgents.Cli.Shell;

namespace DmAgents.Cli.Images;

internal static class ImageImport
{
    public static CliCommand Build(CliShell shell)
    {
        var path = new Argument<string>("path")
        {
            Description = "OCI layout (directory or tar), docker-archive or root file system tar",
        };
        var reference = new Option<string?>("--reference", "-t")
        {
            Description = "What to call it [default: the archive's own name for it]",
            HelpName = "reference",
        };
        var select = new Option<string?>("--select")
        {
            Description = "Which image of an archive with several: its name there, or its manifest digest",
            HelpName = "image",
        };
        var pool = CommonSymbols.Pool(shell);
        return new CliCommand(
            "import", "Import an image: each layer becomes a thin snapshot of the one below.",
            "dmagent image import ./debian-oci --reference debian:12",
            "dmagent image import all.tar --select debian:12 --pool fast",
            "dmagent image import rootfs.tar.zst --reference base:1 --json")
            { path, reference, select, pool, CommonSymbols.RequestId }
            .Runs(shell, async call =>
            {
                var request = new ImportImageRequest
                {
                    Path = call.FullPath(call.Parsed.GetRequiredValue(path)),
                    RequestId = call.RequestId(),
                };
                call.About(call.Parsed.GetRequiredValue(path));
                request.Pool = await call.PoolAsync(call.Parsed.GetValue(pool));
                if (call.Parsed.GetValue(reference) is { } name)
                    request.Reference = name;
                if (call.Parsed.GetValue(select) is { } selected)
                    request.Select = selected;
                var (image, lost) = await call.Output.TransferAsync(report => ReceiveAsync(call, request, report));
                if (lost is not null)
                    call.Output.Progress(lost, LostAttributesView.Text(lost.LeftOut));
                call.Output.Document(
                    new ImportImageReply { Image = image },
                    console => ImageViews.Imported(console, image),
                    image.Reference);
            });
    }

    private static async Task<(ImageDetails Image, ImportImageReply? Lost)> ReceiveAsync(
        AgentCall call, ImportImageRequest request, Action<Transfer> report)
    {
        ImageDetails? image = null;
        ImportImageReply? lost = null;
        await foreach (var reply in call.StreamAsync(options => call.Images.Import(request, options)))
        {
            if (reply.Progress is { } progress)
            {
                report(new Transfer(
                    reply, Text(progress), progress.CompressedBytesRead, progress.CompressedBytesTotal));
            }

            image = reply.Image ?? image;
            lost = reply.LeftOut is null ? lost : reply;
        }

        return (image ?? throw call.WithoutResult(), lost);
    }

    private static string Text(ImportProgress progress)
    {
        var phase = Words.Of(progress.Phase);
        return progress.LayerCount == 0 || progress.LayerIndex == 0
            ? phase
            : $"layer {progress.LayerIndex}/{progress.LayerCount} {Words.Short(progress.DiffId)} {phase}";
    }
}

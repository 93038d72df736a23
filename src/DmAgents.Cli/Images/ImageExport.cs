using System.CommandLine;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Agent;
using DmAgents.Cli.Output;
using DmAgents.Cli.Parsing;
using DmAgents.Cli.Shell;
using Format = DmAgents.Api.Admin.V1.ExportImageRequest.Types.Format;

namespace DmAgents.Cli.Images;

internal static class ImageExport
{
    public static CliCommand Build(CliShell shell)
    {
        var image = CommonSymbols.Image(shell);
        var path = new Argument<string>("path")
        {
            Description = "Where to write it, on the agent's host; there must be nothing yet",
        };
        var format = new Option<string>("--format")
        {
            Description = "An OCI layout as a directory or as one tar, or what docker load reads",
            HelpName = "oci|oci-archive|docker-archive",
            DefaultValueFactory = _ => "oci",
        };
        format.AcceptOnlyFromAmong("oci", "oci-archive", "docker-archive");
        var uncompressed = new Option<bool>("--uncompressed")
        {
            Description = "Leave the layers of an OCI layout as they are; else they are compressed with gzip",
        };
        var pool = CommonSymbols.Pool(shell);
        return new CliCommand(
            "export", "Write an image as an archive. Its layers are made anew: the copy has digests of its own.",
            "dmagent image export app:1 ./app-oci",
            "dmagent image export app:1 /backup/app.tar --format oci-archive",
            "dmagent image export app:1 app.tar --format docker-archive")
            { image, path, format, uncompressed, pool }
            .Runs(shell, async call =>
            {
                var request = new ExportImageRequest
                {
                    Image = call.Parsed.GetRequiredValue(image),
                    Path = call.FullPath(call.Parsed.GetRequiredValue(path)),
                    Format = FormatOf(call.Parsed.GetRequiredValue(format)),
                    Uncompressed = call.Parsed.GetValue(uncompressed),
                };
                call.About(request.Image);
                request.Pool = await call.PoolAsync(call.Parsed.GetValue(pool));
                var exported = await call.Output.TransferAsync(report => ReceiveAsync(call, request, report));
                if (exported.SocketsLeftOut > 0)
                    call.Output.Warning($"left out: {Words.Count(exported.SocketsLeftOut, "socket")}");
                if (exported.OverlayAttributesLeftOut > 0)
                {
                    call.Output.Warning(
                        $"left out: {Words.Count(exported.OverlayAttributesLeftOut, "attribute")} trusted.overlay.*");
                }
                call.Output.Sentence(
                    new ExportImageReply { Exported = exported },
                    $"{exported.Reference} is in {exported.Path} as {Words.Short(exported.Id)}: "
                        + $"{Words.Count(exported.DiffIds.Count, "layer")}, {Sizes.Format(exported.Bytes)}",
                    exported.Path);
            });
    }

    private static Format FormatOf(string word) => word switch
    {
        "oci-archive" => Format.OciArchive,
        "docker-archive" => Format.DockerArchive,
        _ => Format.Unspecified,
    };

    private static async Task<ExportedImage> ReceiveAsync(
        AgentCall call, ExportImageRequest request, Action<Transfer> report)
    {
        ExportedImage? exported = null;
        await foreach (var reply in call.StreamAsync(options => call.Images.Export(request, options)))
        {
            if (reply.Progress is { } progress)
            {
                report(new Transfer(
                    reply, $"layer {progress.LayerIndex}/{progress.LayerCount} writing", progress.BytesWritten, 0));
            }
            exported = reply.Exported ?? exported;
        }

        return exported ?? throw call.Problem(
            Problem.Types.Kind.Failed, "the agent ended its answer before the result",
            $"see whether {request.Path} is there");
    }
}

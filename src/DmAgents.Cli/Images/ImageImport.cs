using System.CommandLine;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Agent;
using DmAgents.Cli.Output;
using DmAgents.Cli.Shell;
using Google.Protobuf;

namespace DmAgents.Cli.Images;

internal static class ImageImport
{
    public static CliCommand Build(CliShell shell)
    {
        var path = new Argument<string>("path")
        {
            Description = "OCI layout (directory or tar), docker archive or root file system tar; - is standard input",
        };
        var reference = new Option<string?>("--reference", "-t")
        {
            Description = "What to call it [default: the archive's own name for it]",
            HelpName = "reference",
        };
        var select = new Option<string?>("--select")
        {
            Description = "Which image of an archive with several: its name there, or a digest",
            HelpName = "image",
        };
        var platform = new Option<string?>("--platform")
        {
            Description = "Which platform of an image for several, such as linux/arm64 [default: the host's]",
            HelpName = "os/arch[/variant]",
        };
        platform.CompletionSources.Add("linux/amd64", "linux/arm64", "linux/arm/v7");
        var format = Format();
        var copies = new Option<uint?>("--copies")
        {
            Description = "On how many hosts the fleet keeps it [default: fleet.copies of the configuration]",
            HelpName = "number",
        };
        var force = CommonSymbols.Force(
            "In a fleet: also if the last verified copy of another image loses its only name");
        var pool = CommonSymbols.Pool(shell);
        return new CliCommand(
            "import", "Import an image: each layer becomes a thin snapshot of the one below.",
            "dmagent image import ./debian-oci --reference debian:12",
            "docker save debian:12 | dmagent image import -",
            "dmagent image import all.tar --select debian:12 --pool fast",
            "dmagent image import multi.tar --platform linux/arm64",
            "dmagent image import ./debian-oci --reference debian:12 --copies 3",
            "dmagent image import rootfs.tar.zst --format rootfs --reference base:1 --json")
            { path, reference, select, platform, format, copies, force, pool, CommonSymbols.RequestId }
            .Runs(shell, async call =>
            {
                var given = call.Parsed.GetRequiredValue(path);
                var input = given == "-" ? shell.Environment.Input : null;
                call.About(input is null ? given : StandardInput.Name);
                if (input is { IsTerminal: true })
                    throw call.Problem(
                        Problem.Types.Kind.Usage, "it is a terminal",
                        "pipe an archive in: docker save IMAGE | dmagent image import -");
                var request = new ImportImageRequest
                {
                    Path = input is null ? call.FullPath(given) : StandardInput.Name,
                    RequestId = call.RequestId(),
                    Force = call.Parsed.GetValue(force),
                };
                request.Pool = await call.PoolAsync(call.Parsed.GetValue(pool));
                if (call.Parsed.GetValue(reference) is { } name)
                    request.Reference = name;
                if (call.Parsed.GetValue(select) is { } selected)
                    request.Select = selected;
                if (call.Parsed.GetValue(platform) is { } wanted)
                    request.Platform = wanted;
                if (call.Parsed.GetValue(copies) is { } number)
                    request.Copies = number;
                request.Format = FormatOf(call.Parsed.GetValue(format));
                var (image, remarks) = await call.Output.TransferAsync(
                    report => ReceiveAsync(call, Replies(call, request, input), report));
                foreach (var remark in remarks)
                    call.Output.Progress(remark, RemarkText(remark));
                call.Output.Document(
                    new ImportImageReply { Image = image },
                    console => ImageViews.Imported(console, image),
                    image.Reference);
            });
    }

    private static Option<string?> Format()
    {
        var option = new Option<string?>("--format")
        {
            Description = "What the archive is [default: its content says]",
            HelpName = "oci|docker|rootfs",
        };
        option.AcceptOnlyFromAmong("oci", "docker", "rootfs");
        return option;
    }

    private static ArchiveFormat FormatOf(string? word) => word switch
    {
        "oci" => ArchiveFormat.Oci,
        "docker" => ArchiveFormat.Docker,
        "rootfs" => ArchiveFormat.RootFileSystem,
        _ => ArchiveFormat.Unspecified,
    };

    private static IAsyncEnumerable<ImportImageReply> Replies(
        AgentCall call, ImportImageRequest request, StandardInput? input) => input is null
        ? call.StreamAsync(options => call.Images.Import(request, options))
        : call.ExchangeAsync(
            options => call.Images.ImportStream(options),
            new ImportStreamRequest { Start = new ImportStreamStart { Request = request, SizeBytes = input.Size } },
            part => new ImportStreamRequest { Data = UnsafeByteOperations.UnsafeWrap(part) });

    /// <summary>The image, and the agent's remarks before it.</summary>
    private static async Task<(ImageDetails Image, IReadOnlyList<ImportImageReply> Remarks)> ReceiveAsync(
        AgentCall call, IAsyncEnumerable<ImportImageReply> replies, Action<Transfer> report)
    {
        ImageDetails? image = null;
        List<ImportImageReply> remarks = [];
        await foreach (var reply in replies)
        {
            if (reply.Progress is { } progress)
            {
                report(new Transfer(
                    reply, Text(progress), progress.CompressedBytesRead, progress.CompressedBytesTotal));
            }

            if (reply.LeftOut is not null || reply.Notes is not null)
                remarks.Add(reply);
            image = reply.Image ?? image;
        }

        return (image ?? throw call.WithoutResult(), remarks);
    }

    private static string RemarkText(ImportImageReply remark) => remark.LeftOut is { } lost
        ? LostAttributesView.Text(lost)
        : NotesText(remark.Notes);

    public static string NotesText(ImportNotes notes) => string.Join('\n', notes.Findings.Select(note =>
        $"{Words.Of(note.Severity)}: {note.Object}: {note.What}\n  why:  {note.Why}\n  next: {note.Next}"));

    public static string Text(ImportProgress progress)
    {
        var phase = Words.Of(progress.Phase);
        return progress.LayerCount == 0 || progress.LayerIndex == 0
            ? phase
            : $"layer {progress.LayerIndex}/{progress.LayerCount} {Words.Short(progress.DiffId)} {phase}";
    }
}

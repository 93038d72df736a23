using System.CommandLine;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Agent;
using DmAgents.Cli.Output;
using DmAgents.Cli.Parsing;
using DmAgents.Cli.Shell;
using DmAgents.Cli.Transfers;

namespace DmAgents.Cli.Images;

internal static class ImagePull
{
    public static CliCommand Build(CliShell shell)
    {
        var image = new Argument<string>("image")
        {
            Description = "Reference of the image, such as debian:12 or registry.example:5000/team/app:1.2",
        };
        var reference = new Option<string?>("--reference", "-t")
        {
            Description = "What to call it [default: as it is asked for]", HelpName = "reference",
        };
        var platform = new Option<string?>("--platform")
        {
            Description = "Which platform of an image for several [default: the host's]",
            HelpName = "os/arch[/variant]",
        };
        platform.CompletionSources.Add("linux/amd64", "linux/arm64", "linux/arm/v7");
        var fromRegistry = new Option<bool>("--from-registry")
        {
            Description = "Not from another host of the fleet, which may have an older image of this name",
        };
        var access = new RegistryOptions(shell);
        var pool = CommonSymbols.Pool(shell);
        return new CliCommand(
            "pull", "Bring an image: from another host of the fleet that has it, else from its registry by skopeo.",
            "dmagent image pull debian:12", "dmagent image pull registry.example:5000/team/app:1.2 --reference app:1",
            "dmagent image pull app:7 --from-registry --authfile /root/auth.json")
            {
                image, reference, platform, fromRegistry, access.AuthFile, access.Insecure, pool,
                CommonSymbols.RequestId,
            }
            .Runs(shell, async call =>
            {
                var request = new PullImageRequest
                {
                    Image = call.Parsed.GetRequiredValue(image),
                    Reference = call.Parsed.GetValue(reference) ?? "",
                    Platform = call.Parsed.GetValue(platform) ?? "",
                    FromRegistry = call.Parsed.GetValue(fromRegistry),
                    Access = access.Of(call),
                    RequestId = call.RequestId(),
                };
                call.About(request.Image);
                request.Pool = await call.PoolAsync(call.Parsed.GetValue(pool));
                var (pulled, remarks) = await call.Output.TransferAsync(report => ReceiveAsync(call, request, report));
                foreach (var (remark, text) in remarks)
                    call.Output.Progress(remark, text);
                call.Output.Document(
                    new PullImageReply { Pulled = pulled }, console => ImageViews.Pulled(console, pulled),
                    pulled.Image.Reference);
            });
    }

    private static async Task<(PulledImage Pulled, IReadOnlyList<(PullImageReply, string)> Remarks)> ReceiveAsync(
        AgentCall call, PullImageRequest request, Action<Transfer> report)
    {
        PulledImage? pulled = null;
        List<(PullImageReply, string)> remarks = [];
        await foreach (var reply in call.StreamAsync(options => call.Registries.Pull(request, options)))
        {
            if (TransferOf(reply) is { } transfer)
                report(transfer);
            if (reply.LeftOut is { } lost)
                remarks.Add((reply, LostAttributesView.Text(lost)));
            if (reply.Notes is { } notes)
                remarks.Add((reply, ImageImport.NotesText(notes)));
            pulled = reply.Pulled ?? pulled;
        }

        return (pulled ?? throw call.WithoutResult(), remarks);
    }

    private static Transfer? TransferOf(PullImageReply reply) => reply switch
    {
        { Copying: { } copying } => new Transfer(
            reply, $"from {copying.FromHost}: {TransferViews.Text(copying)}", copying.BytesReceived,
            copying.BytesTotal),
        { Fetching: { } fetching } => new Transfer(
            reply, $"from the registry: {Sizes.Format(fetching.Bytes)}", fetching.Bytes, 0),
        { Importing: { } importing } => new Transfer(
            reply, ImageImport.Text(importing), importing.CompressedBytesRead, importing.CompressedBytesTotal),
        _ => null,
    };
}

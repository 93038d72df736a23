using System.CommandLine;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Agent;
using DmAgents.Cli.Output;
using DmAgents.Cli.Shell;

namespace DmAgents.Cli.Images;

internal static class ImagePush
{
    public static CliCommand Build(CliShell shell)
    {
        var image = CommonSymbols.Image(shell);
        var destination = new Argument<string?>("destination")
        {
            Description = "Where to, as a reference [default: the image's own]", Arity = ArgumentArity.ZeroOrOne,
        };
        var access = new RegistryOptions(shell);
        var pool = CommonSymbols.Pool(shell);
        return new CliCommand(
            "push", "Send an image to a registry by skopeo. Its layers are made anew, as those of an export.",
            "dmagent image push registry.example:5000/team/app:1.2",
            "dmagent image push app:1 registry.example:5000/team/app:1.2 --authfile /root/auth.json")
            { image, destination, access.AuthFile, access.Insecure, pool }
            .Runs(shell, async call =>
            {
                var request = new PushImageRequest
                {
                    Image = call.Parsed.GetRequiredValue(image),
                    Destination = call.Parsed.GetValue(destination) ?? "",
                    Access = access.Of(call),
                };
                call.About(request.Image);
                request.Pool = await call.PoolAsync(call.Parsed.GetValue(pool));
                var pushed = await call.Output.TransferAsync(report => ReceiveAsync(call, request, report));
                call.Output.Sentence(
                    new PushImageReply { Pushed = pushed },
                    $"{pushed.Reference} is {pushed.Destination} as {Words.Short(pushed.Id)}", pushed.Destination);
            });
    }

    private static async Task<PushedImage> ReceiveAsync(
        AgentCall call, PushImageRequest request, Action<Transfer> report)
    {
        PushedImage? pushed = null;
        await foreach (var reply in call.StreamAsync(options => call.Registries.Push(request, options)))
        {
            if (reply.Exporting is { } exporting)
            {
                report(new Transfer(
                    reply, $"layer {exporting.LayerIndex}/{exporting.LayerCount} writing", exporting.BytesWritten, 0));
            }
            else if (reply.Sending is not null)
            {
                report(new Transfer(reply, "sending", 0, 0));
            }

            pushed = reply.Pushed ?? pushed;
        }

        return pushed ?? throw call.Problem(
            Problem.Types.Kind.Failed, "the agent ended its answer before the result", "push it again");
    }
}

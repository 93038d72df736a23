using System.CommandLine;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Agent;
using DmAgents.Cli.Output;
using DmAgents.Cli.Shell;

namespace DmAgents.Cli.Containers;

internal static class ContainerCreate
{
    public static CliCommand Build(CliShell shell)
    {
        var name = new Argument<string>("name") { Description = "Name of the container" };
        var image = new Option<string?>("--image") { Description = "The image it starts from", HelpName = "image" };
        image.CompletionSources.Add(Completion.Names.Of(shell, Completion.Names.Images));
        var layer = new Option<string?>("--layer")
        {
            Description = "The layer it starts from, instead of an image",
            HelpName = "chain-id",
        };
        layer.CompletionSources.Add(Completion.Names.Of(shell, Completion.Names.Layers));
        var size = CommonSymbols.Size("--size", "Larger than the image [default: as large]");
        var labels = LabelOption();
        var mount = new Option<bool>("--mount") { Description = "Mount it, too, and print where" };
        var pool = CommonSymbols.Pool(shell);
        var host = new Option<string?>("--host")
        {
            Description = "Where in the fleet [default: the fleet chooses; with the other options: this host]",
            HelpName = "host",
        };
        host.CompletionSources.Add(Completion.Names.Of(shell, Completion.Names.FleetHosts));
        var command = new CliCommand(
            "create", "Make a container: a writable snapshot of an image's topmost layer.",
            "dmagent container create web --image debian:12 --mount",
            "dmagent container create web --image debian:12 --host host-2",
            "dmagent container create big --image debian:12 --size 50G --label team=db --label tier=1",
            "dir=$(dmagent container create web --image debian:12 --mount --quiet)")
            { name, image, layer, host, size, labels, mount, pool, CommonSymbols.RequestId };
        command.ExactlyOneOf(image, layer);
        Option[] ofThisHost = [layer, size, labels, mount, pool];
        command.Validators.Add(result =>
        {
            if (CommonSymbols.Given(result, host) && ofThisHost.Any(option => CommonSymbols.Given(result, option)))
                result.AddError("--host goes with --image alone: the other options are about this host.");
        });
        return command.Runs(shell, async call =>
        {
            var request = new CreateContainerRequest
            {
                Name = call.Parsed.GetRequiredValue(name),
                Mount = call.Parsed.GetValue(mount),
                RequestId = call.RequestId(),
            };
            call.About(request.Name);
            // An option about this host creates the container here. Otherwise the fleet places it, if there is one with
            // a database.
            var fleet = ofThisHost.Any(option => CommonSymbols.Given(call.Parsed.CommandResult, option))
                ? new PlaceContainerReply { Local = true }
                : await PlaceAsync(call, request, call.Parsed.GetValue(image)!, call.Parsed.GetValue(host));
            if (fleet.Placed is { } placed)
            {
                call.Output.Sentence(placed, FleetContainerViews.Sentence(placed), placed.Name);
                return;
            }
            if (call.Parsed.GetValue(image) is { } reference)
                request.Image = reference;
            else
                request.LayerChainId = call.Parsed.GetRequiredValue(layer)!;
            if (call.Parsed.GetValue(size) is { } bytes)
                request.SizeBytes = bytes;
            foreach (var (key, value) in (call.Parsed.GetValue(labels) ?? []).Select(Split))
                request.Labels[key] = value;
            request.Pool = await call.PoolAsync(call.Parsed.GetValue(pool) ?? fleet.Pool);
            var made = await call.Containers.CreateAsync(request, call.Unary);
            if (fleet.NotAskedBecause.Length > 0)
            {
                call.Output.Warning($"{made.Name} is on this host, and the fleet does not know it yet: "
                    + $"{fleet.NotAskedBecause}");
            }
            var mounted = made.MountPath.Length > 0;
            call.Output.Sentence(
                made,
                mounted ? $"{made.Name} is mounted at {made.MountPath}" : made.Name,
                mounted ? made.MountPath : made.Name);
        });
    }

    private static async Task<PlaceContainerReply> PlaceAsync(
        AgentCall call, CreateContainerRequest request, string image, string? host) =>
        await call.Spread.PlaceContainerAsync(
            new PlaceContainerRequest
            {
                RequestId = request.RequestId, Name = request.Name, Image = image, Host = host ?? "",
            },
            call.Unary);

    private static Option<string[]> LabelOption()
    {
        var labels = new Option<string[]>("--label")
        {
            Description = "A label; may be given several times",
            HelpName = "key=value",
        };
        labels.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => token.Value.IndexOf('=', StringComparison.Ordinal) < 1))
                result.AddError($"'{token.Value}' is not key=value.");
        });
        return labels;
    }

    private static (string Key, string Value) Split(string label)
    {
        var at = label.IndexOf('=', StringComparison.Ordinal);
        return (label[..at], label[(at + 1)..]);
    }
}

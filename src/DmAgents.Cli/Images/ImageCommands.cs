using System.CommandLine;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Output;
using DmAgents.Cli.Shell;

namespace DmAgents.Cli.Images;

internal static class ImageCommands
{
    public static CliCommand Build(CliShell shell) => new(
        "image", "Images: references to stacks of layers.", "dmagent image list")
    {
        ImageImport.Build(shell),
        ImageExport.Build(shell),
        ImagePull.Build(shell),
        ImagePush.Build(shell),
        ImageCopy.Build(shell),
        ImageSpreads.Copies(shell),
        ImageSpreads.Explain(shell),
        List(shell),
        Show(shell),
        Tag(shell),
        Remove(shell),
    };

    private static CliCommand List(CliShell shell)
    {
        var pool = CommonSymbols.PoolFilter(shell);
        var fleet = new Option<bool>("--fleet") { Description = "Those of all hosts of the fleet, with their hosts" };
        return new CliCommand(
            "list", "List the images.", "dmagent image list", "dmagent image list --pool fast --quiet",
            "dmagent image list --fleet") { pool, fleet }
            .AlsoKnownAs("ls")
            .Runs(shell, async call =>
            {
                if (call.Parsed.GetValue(fleet))
                {
                    var all = await call.Inventory.ListImagesAsync(new ListFleetImagesRequest(), call.Unary);
                    call.Output.Document(
                        all, console => FleetImageView.List(console, all.Images),
                        all.Images.Select(image => image.Reference));
                    return;
                }
                var reply = await call.Images.ListAsync(
                    new ListImagesRequest { Pool = call.Parsed.GetValue(pool) ?? "" }, call.Unary);
                call.Output.Document(
                    reply,
                    console => ImageViews.List(console, reply.Images, call.Now),
                    reply.Images.Select(image => image.Reference));
            });
    }

    private static CliCommand Show(CliShell shell)
    {
        var image = CommonSymbols.Image(shell);
        var pool = CommonSymbols.Pool(shell);
        return new CliCommand(
            "show", "Show an image's configuration and its layers; in a fleet also which hosts have it, and copies "
            + "on their way.",
            "dmagent image show debian:12", "dmagent image show debian:12 --json | jq '.layers[].chain_id'",
            "dmagent image show debian:12 --json | jq '.fleet.hosts[].host'")
            { image, pool }
            .Runs(shell, async call =>
            {
                var name = call.Parsed.GetRequiredValue(image);
                var details = await call.About(name).Images.ShowAsync(
                    new ShowImageRequest
                    {
                        Pool = await call.PoolIfAnyAsync(call.Parsed.GetValue(pool)), Image = name, Fleet = true,
                    },
                    call.Unary);
                call.Output.Document(
                    details, console => ImageViews.Show(console, details, call.Now), details.Reference);
                foreach (var host in details.Fleet?.Silent ?? [])
                    call.Output.Warning($"what host {host.Host} has is not known: {host.Why}");
            });
    }

    private static CliCommand Tag(CliShell shell)
    {
        var image = CommonSymbols.Image(shell);
        var reference = new Argument<string>("reference") { Description = "The new reference" };
        var pool = CommonSymbols.Pool(shell);
        var force = CommonSymbols.Force(
            "In a fleet: also if the last verified copy of another image loses its only name");
        return new CliCommand(
            "tag", "Give an image another reference.", "dmagent image tag debian:12 debian:stable")
            { image, reference, force, pool, CommonSymbols.RequestId }
            .Runs(shell, async call =>
            {
                var name = call.Parsed.GetRequiredValue(image);
                var details = await call.About(name).Images.TagAsync(
                    new TagImageRequest
                    {
                        Pool = await call.PoolAsync(call.Parsed.GetValue(pool)),
                        RequestId = call.RequestId(),
                        Image = name,
                        Reference = call.Parsed.GetRequiredValue(reference),
                        Force = call.Parsed.GetValue(force),
                    },
                    call.Unary);
                call.Output.Sentence(
                    details,
                    $"{details.Reference} is {Words.Short(details.Id)}",
                    details.Reference);
            });
    }

    private static CliCommand Remove(CliShell shell)
    {
        var image = CommonSymbols.Image(shell);
        var pool = CommonSymbols.Pool(shell);
        var force = CommonSymbols.Force("In a fleet: also the last verified copy, and without an answer of the fleet");
        return new CliCommand(
            "remove",
            "Take a reference away; layers that nothing else needs go with it. In a fleet with a database the last "
                + "verified copy of an image stays.",
            "dmagent image remove debian:12") { image, force, pool, CommonSymbols.RequestId }
            .AlsoKnownAs("rm")
            .Runs(shell, async call =>
            {
                var name = call.Parsed.GetRequiredValue(image);
                var reply = await call.About(name).Images.RemoveAsync(
                    new RemoveImageRequest
                    {
                        Pool = await call.PoolAsync(call.Parsed.GetValue(pool)),
                        RequestId = call.RequestId(),
                        Image = name,
                        Force = call.Parsed.GetValue(force),
                    },
                    call.Unary);
                call.Output.Document(
                    reply, console => ImageViews.Removed(console, reply), reply.UntaggedReferences);
            });
    }
}

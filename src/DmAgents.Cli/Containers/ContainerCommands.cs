using System.CommandLine;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Output;
using DmAgents.Cli.Parsing;
using DmAgents.Cli.Shell;

namespace DmAgents.Cli.Containers;

internal static class ContainerCommands
{
    public static CliCommand Build(CliShell shell) => new(
        "container", "Containers: writable snapshots of layers.", "dmagent container list")
    {
        ContainerCreate.Build(shell),
        MountCommands.Mount(shell),
        MountCommands.Unmount(shell),
        Commit(shell),
        ContainerDiff.Build(shell),
        Remove(shell),
        List(shell),
        Show(shell),
        Resize(shell),
    };

    private static CliCommand Commit(CliShell shell)
    {
        var container = CommonSymbols.Container(shell);
        var reference = new Argument<string>("reference") { Description = "What to call the new image" };
        var author = new Option<string?>("--author") { Description = "Author of the new image" };
        var comment = new Option<string?>("--comment") { Description = "What the new layer does" };
        var pool = CommonSymbols.Pool(shell);
        return new CliCommand(
            "commit", "Make an image of what a container holds now; it may be mounted and in use.",
            "dmagent container commit web debian:patched --comment 'security updates'")
            { container, reference, author, comment, pool, CommonSymbols.RequestId }
            .Runs(shell, async call =>
            {
                var request = new CommitContainerRequest
                {
                    Container = call.Parsed.GetRequiredValue(container),
                    Reference = call.Parsed.GetRequiredValue(reference),
                    RequestId = call.RequestId(),
                };
                call.About(request.Container);
                request.Pool = await call.PoolAsync(call.Parsed.GetValue(pool));
                if (call.Parsed.GetValue(author) is { } by)
                    request.Author = by;
                if (call.Parsed.GetValue(comment) is { } text)
                    request.Comment = text;
                var image = await call.Containers.CommitAsync(request, call.Unary);
                call.Output.Sentence(
                    image,
                    $"{image.Reference} is {Words.Short(image.Id)}: what {request.Container} holds, as "
                        + $"{Words.Count(image.Layers.Count, "layer")}",
                    image.Reference);
            });
    }

    private static CliCommand Remove(CliShell shell)
    {
        var container = CommonSymbols.Container(shell);
        var pool = CommonSymbols.Pool(shell);
        var force = CommonSymbols.Force("Also when it is mounted, and when it is containerd's");
        var fleet = new Option<bool>("--fleet")
        {
            Description = "The fleet's container of this name, on the host that has it [default: only this host's]",
        };
        var command = new CliCommand(
            "remove", "Remove a container and what it wrote.",
            "dmagent container remove web", "dmagent container remove web --force",
            "dmagent container remove web --fleet")
            { container, force, fleet, pool, CommonSymbols.RequestId };
        command.Validators.Add(result =>
        {
            if (result.GetValue(fleet) && (CommonSymbols.Given(result, pool) || CommonSymbols.Given(result, force)))
                result.AddError("--fleet goes without --pool and --force: these are about this host.");
        });
        return command
            .AlsoKnownAs("rm")
            .Runs(shell, async call =>
            {
                var name = call.Parsed.GetRequiredValue(container);
                var anywhere = call.Parsed.GetValue(fleet);
                call.About(name);
                var reply = await call.Containers.RemoveAsync(
                    new RemoveContainerRequest
                    {
                        Pool = anywhere ? "" : await call.PoolAsync(call.Parsed.GetValue(pool)),
                        RequestId = call.RequestId(),
                        Container = name,
                        Force = call.Parsed.GetValue(force),
                        Fleet = anywhere,
                    },
                    call.Unary);
                call.Output.Sentence(
                    reply,
                    reply.Host.Length == 0
                        ? $"removed container {reply.Container}"
                        : $"{reply.Host} removes container {reply.Container}",
                    reply.Container);
            });
    }

    private static CliCommand List(CliShell shell)
    {
        var pool = CommonSymbols.PoolFilter(shell);
        var fleet = new Option<bool>("--fleet") { Description = "Those of all hosts of the fleet, and where they are" };
        return new CliCommand(
            "list", "List the containers.",
            "dmagent container list", "dmagent container list --fleet",
            "for c in $(dmagent container list --quiet); do dmagent container unmount $c; done") { pool, fleet }
            .AlsoKnownAs("ls")
            .Runs(shell, async call =>
            {
                if (call.Parsed.GetValue(fleet))
                {
                    var all = await call.Spread.ListContainersAsync(new ListFleetContainersRequest(), call.Unary);
                    call.Output.Document(
                        all, console => FleetContainerViews.List(console, all.Containers),
                        all.Containers.Select(container => container.Name));
                    return;
                }
                var reply = await call.Containers.ListAsync(
                    new ListContainersRequest { Pool = call.Parsed.GetValue(pool) ?? "" }, call.Unary);
                call.Output.Document(
                    reply,
                    console => ContainerViews.List(console, reply.Containers, call.Now),
                    reply.Containers.Select(container => container.Name));
            });
    }

    private static CliCommand Show(CliShell shell)
    {
        var container = CommonSymbols.Container(shell);
        var pool = CommonSymbols.Pool(shell);
        return new CliCommand(
            "show", "Show a container: its blocks, device and mount.",
            "dmagent container show web", "dmagent container show web --json | jq .exclusive_bytes")
            { container, pool }
            .Runs(shell, async call =>
            {
                var name = call.Parsed.GetRequiredValue(container);
                var details = await call.About(name).Containers.ShowAsync(
                    new ShowContainerRequest
                    {
                        Pool = await call.PoolAsync(call.Parsed.GetValue(pool)),
                        Container = name,
                    },
                    call.Unary);
                call.Output.Document(
                    details, console => ContainerViews.Show(console, details, call.Now), details.Name);
            });
    }

    private static CliCommand Resize(CliShell shell)
    {
        var container = CommonSymbols.Container(shell);
        var size = new Argument<ulong?>("size")
        {
            Description = "The new size; larger than now",
            CustomParser = Sizes.Parse,
            Arity = ArgumentArity.ExactlyOne,
        };
        var pool = CommonSymbols.Pool(shell);
        return new CliCommand(
            "resize", "Grow a container's device and file system.", "dmagent container resize web 20GiB")
            { container, size, pool, CommonSymbols.RequestId }
            .Runs(shell, async call =>
            {
                var name = call.Parsed.GetRequiredValue(container);
                var details = await call.About(name).Containers.ResizeAsync(
                    new ResizeContainerRequest
                    {
                        Pool = await call.PoolAsync(call.Parsed.GetValue(pool)),
                        RequestId = call.RequestId(),
                        Container = name,
                        SizeBytes = call.Parsed.GetValue(size)!.Value,
                    },
                    call.Unary);
                call.Output.Sentence(
                    details,
                    $"{details.Name} has {Sizes.Format(details.SizeBytes)}",
                    details.Name);
            });
    }
}

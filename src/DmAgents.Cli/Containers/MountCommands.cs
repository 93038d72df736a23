using System.CommandLine;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Output;
using DmAgents.Cli.Shell;

namespace DmAgents.Cli.Containers;

internal static class MountCommands
{
    public static CliCommand Mount(CliShell shell)
    {
        var container = CommonSymbols.Container(shell);
        var pool = CommonSymbols.Pool(shell);
        var readOnly = new Option<bool>("--read-only", "-r") { Description = "Mount it read-only" };
        return new CliCommand(
            "mount", "Mount a container's file system and print where.",
            "dmagent container mount web", "ls $(dmagent container mount web --read-only --quiet)")
            { container, readOnly, pool, CommonSymbols.RequestId }
            .Runs(shell, async call =>
            {
                var name = call.Parsed.GetRequiredValue(container);
                var reply = await call.About(name).Containers.MountAsync(
                    new MountContainerRequest
                    {
                        Pool = await call.PoolAsync(call.Parsed.GetValue(pool)),
                        RequestId = call.RequestId(),
                        Container = name,
                        ReadOnly = call.Parsed.GetValue(readOnly),
                    },
                    call.Unary);
                call.Output.Sentence(
                    reply,
                    $"{reply.Container} is mounted at {reply.Path}{(reply.ReadOnly ? ", read-only" : "")}"
                        + (reply.WasMounted ? ", as it was before" : ""),
                    reply.Path);
            });
    }

    public static CliCommand Unmount(CliShell shell)
    {
        var container = CommonSymbols.Container(shell);
        var pool = CommonSymbols.Pool(shell);
        var force = CommonSymbols.Force("Detach it although processes use it");
        return new CliCommand(
            "unmount", "Unmount a container's file system.",
            "dmagent container unmount web", "dmagent container unmount web --force")
            { container, force, pool, CommonSymbols.RequestId }
            .AlsoKnownAs("umount")
            .Runs(shell, async call =>
            {
                var name = call.Parsed.GetRequiredValue(container);
                var reply = await call.About(name).Containers.UnmountAsync(
                    new UnmountContainerRequest
                    {
                        Pool = await call.PoolAsync(call.Parsed.GetValue(pool)),
                        RequestId = call.RequestId(),
                        Container = name,
                        Force = call.Parsed.GetValue(force),
                    },
                    call.Unary);
                call.Output.Sentence(
                    reply,
                    reply.WasMounted ? $"{reply.Container} is unmounted" : $"{reply.Container} was not mounted",
                    reply.Container);
            });
    }
}

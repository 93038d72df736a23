using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Output;
using DmAgents.Cli.Parsing;
using DmAgents.Cli.Shell;
using Spectre.Console;

namespace DmAgents.Cli.Hosts;

internal static class HostCommands
{
    public static CliCommand Build(CliShell shell) => new(
        "host", "The host that the agent serves, and the hosts of its fleet.", "dmagent host status", "dmagent host list")
    {
        Status(shell),
        FleetHostCommands.List(shell),
        FleetHostCommands.Show(shell),
    };

    private static CliCommand Status(CliShell shell) => new CliCommand(
        "status", "Show the agent, the kernel under it and what is amiss.",
        "dmagent host status", "dmagent host status --json | jq .problems").Runs(shell, async call =>
    {
        var status = await call.Hosts.GetStatusAsync(new GetHostStatusRequest(), call.Unary);
        call.Output.Document(status, console => Render(console, status), status.HostName);
    });

    private static void Render(IAnsiConsole console, HostStatus status)
    {
        new Sheet()
            .Group($"host {status.HostName}")
            .Row("agent", $"{status.AgentVersion}, up {TimeSpans.Words(TimeSpan.FromSeconds(status.UptimeSeconds))}")
            .Row("kernel", status.KernelRelease)
            .Row("device-mapper driver", Words.OrNone(status.DmDriverVersion))
            .Row("thin-pool, thin targets",
                $"{Words.OrNone(status.ThinPoolTargetVersion)}, {Words.OrNone(status.ThinTargetVersion)}")
            .Row("device nodes by", status.Udev ? "udev" : "the agent")
            .Row("state directory", status.StateDirectory)
            .Row("pools", $"{status.Pools}")
            .Row("layers", $"{status.Layers}")
            .Row("containers", $"{status.Containers}")
            .Row("problems", status.Problems.Count == 0 ? "none" : $"{status.Problems.Count}")
            .Write(console);
        FindingView.Write(console, status.Problems);
    }
}

using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Agent;
using DmAgents.Cli.Shell;

namespace DmAgents.Cli.Containers;

internal static class ContainerDiff
{
    public static CliCommand Build(CliShell shell)
    {
        var container = CommonSymbols.Container(shell);
        var pool = CommonSymbols.Pool(shell);
        return new CliCommand(
            "diff", "List the paths that a container added (A), changed (C) or deleted (D), against its image.",
            "dmagent container diff web", "dmagent container diff web --json | jq -r 'select(.kind == \"added\").path'")
            { container, pool }
            .Runs(shell, async call =>
            {
                var name = call.Parsed.GetRequiredValue(container);
                call.About(name);
                var request = new DiffContainerRequest
                {
                    Container = name, Pool = await call.PoolAsync(call.Parsed.GetValue(pool)),
                };
                await WriteAsync(call, request);
            });
    }

    private static async Task WriteAsync(AgentCall call, DiffContainerRequest request)
    {
        DiffSummary? summary = null;
        await foreach (var reply in call.StreamAsync(options => call.Containers.Diff(request, options)))
        {
            summary = reply.Summary ?? summary;
            foreach (var change in reply.Changes?.Changes ?? [])
                call.Output.Item(
                    change, console => console.Profile.Out.Writer.WriteLine($"{Letter(change.Kind)} {change.Path}"),
                    change.Path);
        }

        // The output is incomplete unless the agent has sent the summary.
        if (summary is null)
            throw call.Problem(
                Problem.Types.Kind.Failed, "the agent ended its answer before the last difference", "ask again");
    }

    private static char Letter(ContainerChange.Types.Kind kind) => kind switch
    {
        ContainerChange.Types.Kind.Added => 'A',
        ContainerChange.Types.Kind.Changed => 'C',
        ContainerChange.Types.Kind.Deleted => 'D',
        _ => '?',
    };
}

using System.CommandLine;
using DmAgents.Cli.Agent;

namespace DmAgents.Cli.Shell;

/// <summary>A command with examples in its help.</summary>
internal sealed class CliCommand(string name, string description, params string[] examples)
    : Command(name, description)
{
    public IReadOnlyList<string> Examples { get; } = examples;

    public CliCommand Runs(CliShell shell, Func<AgentCall, Task<int>> body)
    {
        SetAction((parsed, cancellation) => shell.RunAsync(parsed, body, cancellation));
        return this;
    }

    public CliCommand Runs(CliShell shell, Func<AgentCall, Task> body) => Runs(shell, async call =>
    {
        await body(call).ConfigureAwait(false);
        return ExitCodes.Done;
    });

    public CliCommand AlsoKnownAs(string alias)
    {
        Aliases.Add(alias);
        return this;
    }
}

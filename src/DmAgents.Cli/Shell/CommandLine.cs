using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Completion;
using DmAgents.Cli.Containerd;
using DmAgents.Cli.Containers;
using DmAgents.Cli.Events;
using DmAgents.Cli.Fleet;
using DmAgents.Cli.Hosts;
using DmAgents.Cli.Images;
using DmAgents.Cli.Layers;
using DmAgents.Cli.Pools;
using DmAgents.Cli.Transfers;

namespace DmAgents.Cli.Shell;

/// <summary>The whole command line: nouns, then verbs.</summary>
internal static class CommandLine
{
    public static async Task<int> RunAsync(IReadOnlyList<string> args, CliEnvironment environment)
    {
        var shell = new CliShell(environment);
        var root = Build(shell);
        var parsed = root.Parse(args);
        var configuration = new InvocationConfiguration
        {
            Output = environment.Out,
            Error = environment.Error,
            ProcessTerminationTimeout = TimeSpan.FromSeconds(2),
        };

        // Users ask for help and completion with incomplete lines.
        if (parsed.Errors.Count > 0 && parsed.Action is null or ParseErrorAction)
            return Misused(shell, parsed);
        return await parsed.InvokeAsync(configuration, CancellationToken.None).ConfigureAwait(false);
    }

    public static RootCommand Build(CliShell shell)
    {
        var root = new RootCommand(
            "Storage agent for container images and containers in device-mapper thin pools.\n\n"
            + "Exit codes: 0 done, 1 failed, 2 usage, 3 not found, 4 refused in this state or busy, "
            + "5 no space, 6 agent unreachable.")
        {
            HostCommands.Build(shell),
            PoolCommands.Build(shell),
            ImageCommands.Build(shell),
            LayerCommands.Build(shell),
            ContainerCommands.Build(shell),
            EventCommands.Build(shell),
            FleetCommands.Build(shell),
            TransferCommands.Build(shell),
            ContainerdCommands.Build(shell),
            CompletionCommand.Build(shell),
        };
        root.HelpName = "dmagent";
        shell.Global.AddTo(root);
        // Also disables the library's /? and /h, which are paths here.
        root.Options.Remove(root.Options.OfType<HelpOption>().Single());
        root.Options.Add(new HelpOption("--help", "-h") { Action = new HelpWithExamples(shell.Environment) });
        return root;
    }

    private static int Misused(CliShell shell, ParseResult parsed)
    {
        var path = CliShell.PathOf(parsed.CommandResult);
        return CliShell.Fail(shell.OutputFor(parsed), new Problem
        {
            Kind = Problem.Types.Kind.Usage,
            What = "usage",
            Object = path.Length == 0 ? "dmagent" : path,
            Why = Misuse(parsed),
            Next = $"see `dmagent {path}{(path.Length == 0 ? "" : " ")}--help`",
        });
    }

    private static string Misuse(ParseResult parsed)
    {
        if (parsed.CommandResult.Command is not { Action: null, Subcommands: { Count: > 0 } verbs })
            return string.Join(' ', parsed.Errors.Select(error => error.Message).Distinct());
        var known = string.Join(", ", verbs.Where(verb => !verb.Hidden).Select(verb => verb.Name));
        return parsed.UnmatchedTokens.Count == 0
            ? $"a command is needed: {known}"
            : $"there is no command '{parsed.UnmatchedTokens[0]}' here, only {known}";
    }
}

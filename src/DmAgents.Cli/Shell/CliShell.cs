using System.CommandLine;
using System.CommandLine.Parsing;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Agent;
using DmAgents.Cli.Output;
using Grpc.Core;

namespace DmAgents.Cli.Shell;

/// <summary>Runs one command: creates its output and its call, and turns a failure into a message and an exit
/// code.</summary>
internal sealed class CliShell(CliEnvironment environment)
{
    public CliEnvironment Environment { get; } = environment;

    public GlobalOptions Global { get; } = new(environment);

    public IOutput OutputFor(ParseResult parsed) =>
        Outputs.Choose(Environment, json: parsed.GetValue(Global.Json), quiet: parsed.GetValue(Global.Quiet));

    public async Task<int> RunAsync(
        ParseResult parsed, Func<AgentCall, Task<int>> body, CancellationToken cancellation)
    {
        var output = OutputFor(parsed);
        using var call = new AgentCall(this, parsed, output, cancellation);
        try
        {
            return await body(call).ConfigureAwait(false);
        }
        catch (ProblemException failure)
        {
            return Fail(output, failure.Problem);
        }
        catch (RpcException failure)
        {
            return Fail(output, Problems.Of(failure, call));
        }
    }

    public static int Fail(IOutput output, Problem problem)
    {
        var code = ExitCodes.Of(problem.Kind);
        output.Failure(problem, code);
        return code;
    }

    /// <summary>The command's words without the program's name: "pool create".</summary>
    public static string PathOf(CommandResult result)
    {
        var words = new List<string>();
        for (SymbolResult? at = result; at is CommandResult { Command: not RootCommand } command; at = at.Parent)
            words.Insert(0, command.Command.Name);
        return string.Join(' ', words);
    }
}

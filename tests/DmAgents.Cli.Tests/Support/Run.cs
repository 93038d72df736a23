using DmAgents.Cli.Agent;
using DmAgents.Cli.Shell;
using Grpc.Net.Client;

namespace DmAgents.Cli.Tests.Support;

/// <summary>The whole command line, run in this process.</summary>
internal sealed record Run(int Code, string Out, string Error)
{
    public const string RequestId = "7d1c6f0e-request";

    /// <summary>Without the blanks with which a table fills its last column.</summary>
    public string[] Lines => [.. Out.TrimEnd('\n').Split('\n').Select(line => line.TrimEnd())];

    public static Task<Run> Of(FakeAgent agent, params string[] args) => Of(agent, Plain(), args);

    public static Task<Run> Of(FakeAgent agent, CliEnvironment environment, params string[] args) =>
        Of(environment, ["--socket", agent.Socket, .. args]);

    public static async Task<Run> Of(CliEnvironment environment, params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await CommandLine.RunAsync(args, environment with { Out = output, Error = error });
        return new Run(code, output.ToString(), error.ToString());
    }

    public static CliEnvironment Plain() => new()
    {
        Out = TextWriter.Null,
        Error = TextWriter.Null,
        Input = new StandardInput(() => Stream.Null, IsTerminal: false, Size: 0),
        OutIsTerminal = false,
        Width = 0,
        Variable = _ => null,
        WorkingDirectory = "/somewhere",
        Clock = TimeProvider.System,
        NewRequestId = () => RequestId,
        Connect = AgentSocket.Connect,
        VersionOf = _ => Task.FromResult<string?>(null),
    };

    public static CliEnvironment Terminal(int width = 120) => Plain() with { OutIsTerminal = true, Width = width };
}

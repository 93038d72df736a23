using DmAgents.Cli.Agent;
using Grpc.Net.Client;

namespace DmAgents.Cli.Shell;

/// <summary>Everything that the command line uses from outside, so that a test can run all of it in-process.</summary>
internal sealed record CliEnvironment
{
    public required TextWriter Out { get; init; }

    public required TextWriter Error { get; init; }

    /// <summary>The source of an archive named "-".</summary>
    public required StandardInput Input { get; init; }

    public required bool OutIsTerminal { get; init; }

    /// <summary>The terminal's columns; without a terminal nothing is wrapped.</summary>
    public required int Width { get; init; }

    public required Func<string, string?> Variable { get; init; }

    public required string WorkingDirectory { get; init; }

    public required TimeProvider Clock { get; init; }

    public required Func<string> NewRequestId { get; init; }

    public required Func<string, GrpcChannel> Connect { get; init; }

    /// <summary>What a program of this machine prints with --version; null if it is missing or fails.</summary>
    public required Func<string, Task<string?>> VersionOf { get; init; }

    public bool Colours => OutIsTerminal && string.IsNullOrEmpty(Variable("NO_COLOR"));

    public static CliEnvironment OfThisProcess() => new()
    {
        Out = Console.Out,
        Error = Console.Error,
        Input = StandardInput.OfThisProcess(),
        OutIsTerminal = !Console.IsOutputRedirected,
        Width = Console.IsOutputRedirected ? 0 : Console.WindowWidth,
        Variable = Environment.GetEnvironmentVariable,
        WorkingDirectory = Environment.CurrentDirectory,
        Clock = TimeProvider.System,
        NewRequestId = () => Guid.NewGuid().ToString(),
        Connect = AgentSocket.Connect,
        VersionOf = Programs.VersionOf,
    };
}

using DmAgents.Cli.Agent;
using Grpc.Net.Client;

namespace DmAgents.Cli.Shell;

/// <summary>All that the command line takes from outside, so that a test can run the whole of it in-process.</summary>
internal sealed record CliEnvironment
{
    public required TextWriter Out { get; init; }

    public required TextWriter Error { get; init; }

    /// <summary>Where an archive comes from that is named "-".</summary>
    public required StandardInput Input { get; init; }

    public required bool OutIsTerminal { get; init; }

    /// <summary>Columns of the terminal; without one nothing is wrapped.</summary>
    public required int Width { get; init; }

    public required Func<string, string?> Variable { get; init; }

    public required string WorkingDirectory { get; init; }

    public required TimeProvider Clock { get; init; }

    public required Func<string> NewRequestId { get; init; }

    public required Func<string, GrpcChannel> Connect { get; init; }

    /// <summary>What a program of this machine prints with --version; null if there is none, or if it fails.</summary>
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

using System.CommandLine;
using DmAgents.Cli.Parsing;

namespace DmAgents.Cli.Shell;

/// <summary>The options that every command has.</summary>
internal sealed class GlobalOptions
{
    public const string DefaultSocket = "/run/dmagents/admin.sock";
    public const string SocketVariable = "DMAGENT_SOCKET";

    private readonly CliEnvironment _environment;

    public GlobalOptions(CliEnvironment environment)
    {
        _environment = environment;
        Timeout.CustomParser = TimeSpans.Parse;
    }

    public Option<bool> Json { get; } = new("--json")
    {
        Description = "Print JSON: one document, or one per line where results stream. Errors are JSON on stderr.",
        Recursive = true,
    };

    public Option<bool> Quiet { get; } = new("--quiet", "-q")
    {
        Description = "Print names only, and no progress.",
        Recursive = true,
    };

    public Option<string?> Socket { get; } = new("--socket")
    {
        Description = $"The agent's socket [default: ${SocketVariable}, else {DefaultSocket}]",
        HelpName = "path",
        Recursive = true,
    };

    public Option<TimeSpan?> Timeout { get; } = new("--timeout")
    {
        Description = "Give up after this time, for example 10s or 5m [default: 60s; streams: 5m without a word]",
        HelpName = "time",
        Recursive = true,
    };

    public string SocketOf(ParseResult parsed)
    {
        if (parsed.GetValue(Socket) is { Length: > 0 } given)
            return given;
        return _environment.Variable(SocketVariable) is { Length: > 0 } variable ? variable : DefaultSocket;
    }

    public void AddTo(Command root)
    {
        root.Options.Add(Json);
        root.Options.Add(Quiet);
        root.Options.Add(Socket);
        root.Options.Add(Timeout);
    }
}

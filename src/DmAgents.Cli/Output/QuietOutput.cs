using System.Text.Json;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Shell;
using Google.Protobuf;
using Spectre.Console;

namespace DmAgents.Cli.Output;

/// <summary>One name per line, for `for` loops in a shell.</summary>
internal sealed class QuietOutput(CliEnvironment environment) : IOutput
{
    public void Document(IMessage document, Action<IAnsiConsole> people, params IEnumerable<string> names)
    {
        foreach (var name in names)
            environment.Out.WriteLine(name);
    }

    public void Document(Action<Utf8JsonWriter> json, string text) => environment.Out.Write(text);

    public void Item(IMessage item, Action<IAnsiConsole> people, string name)
    {
        environment.Out.WriteLine(name);
        environment.Out.Flush();
    }

    public void Notice(IMessage item, string text)
    {
        // Nothing: --quiet prints names only.
    }

    public void Progress(IMessage progress, string text)
    {
        // Nothing: --quiet prints names only.
    }

    public Task<T> TransferAsync<T>(Func<Action<Transfer>, Task<T>> body) => body(static _ => { });

    public void Warning(string text)
    {
        // Nothing: --quiet prints names only.
    }

    public void Failure(Problem problem, int exitCode) => FailureText.Write(environment.Error, problem);
}

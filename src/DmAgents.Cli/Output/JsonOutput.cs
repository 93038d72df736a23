using System.Text.Json;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Shell;
using Google.Protobuf;
using Spectre.Console;

namespace DmAgents.Cli.Output;

/// <summary>
/// Answers on stdout: one indented document, or, for a command that streams, one document per line with the answer
/// last. Errors on stderr, as one line, so that stdout is either the answer or empty.
/// </summary>
internal sealed class JsonOutput(CliEnvironment environment, bool streams) : IOutput
{
    private bool _streaming;

    public void Document(IMessage document, Action<IAnsiConsole> people, params IEnumerable<string> names) =>
        environment.Out.WriteLine(_streaming ? ProtoJson.Line(document) : ProtoJson.Document(document));

    public void Document(Action<Utf8JsonWriter> json, string text) =>
        environment.Out.WriteLine(ProtoJson.Document(json));

    public void Item(IMessage item, Action<IAnsiConsole> people, string name) => Line(item);

    public void Notice(IMessage item, string text) => Line(item);

    public void Progress(IMessage progress, string text)
    {
        if (!streams)
            return;
        _streaming = true;
        Line(progress);
    }

    public Task<T> TransferAsync<T>(Func<Action<Transfer>, Task<T>> body) =>
        body(transfer => Progress(transfer.Message, transfer.Text));

    public void Warning(string text)
    {
        // Scripts have already decided.
    }

    public void Failure(Problem problem, int exitCode) => environment.Error.WriteLine(ProtoJson.Line(json =>
    {
        json.WriteStartObject();
        json.WriteStartObject("error");
        json.WriteString("kind", KindWord.Of(problem.Kind));
        json.WriteString("what", problem.What);
        json.WriteString("object", problem.Object);
        json.WriteString("why", problem.Why);
        json.WriteString("next", problem.Next);
        json.WriteNumber("exit_code", exitCode);
        json.WriteEndObject();
        json.WriteEndObject();
    }));

    private void Line(IMessage message)
    {
        environment.Out.WriteLine(ProtoJson.Line(message));
        environment.Out.Flush();
    }
}

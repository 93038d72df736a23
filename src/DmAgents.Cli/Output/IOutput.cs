using System.Text.Json;
using DmAgents.Api.Admin.V1;
using Google.Protobuf;
using Spectre.Console;

namespace DmAgents.Cli.Output;

/// <summary>Where a command says what it has to say: JSON for scripts, names only, or text for people.</summary>
internal interface IOutput
{
    /// <summary>The command's answer. The names are what remains of it with --quiet.</summary>
    void Document(IMessage document, Action<IAnsiConsole> people, params IEnumerable<string> names);

    /// <summary>An answer that the command line itself makes: JSON, and the text that people read.</summary>
    void Document(Action<Utf8JsonWriter> json, string text);

    /// <summary>One of a stream of answers.</summary>
    void Item(IMessage item, Action<IAnsiConsole> people, string name);

    /// <summary>What is no answer, in a stream of them: people read it as a warning, scripts among the
    /// answers.</summary>
    void Notice(IMessage item, string text);

    /// <summary>A step on the way to the answer.</summary>
    void Progress(IMessage progress, string text);

    /// <summary>Runs a transfer while showing how far it is.</summary>
    Task<T> TransferAsync<T>(Func<Action<Transfer>, Task<T>> body);

    /// <summary>Something that people should know before they rely on the answer.</summary>
    void Warning(string text);

    void Failure(Problem problem, int exitCode);
}

/// <summary>How far a transfer is; the message is what it was reported in.</summary>
internal sealed record Transfer(IMessage Message, string Text, ulong DoneBytes, ulong TotalBytes);

using System.Text.Json;
using DmAgents.Api.Admin.V1;
using Google.Protobuf;
using Spectre.Console;

namespace DmAgents.Cli.Output;

/// <summary>The output of a command: JSON for scripts, names only, or text for people.</summary>
internal interface IOutput
{
    /// <summary>The command's answer. With --quiet only the names are printed.</summary>
    void Document(IMessage document, Action<IAnsiConsole> people, params IEnumerable<string> names);

    /// <summary>An answer that the command line itself creates: JSON, and text for people.</summary>
    void Document(Action<Utf8JsonWriter> json, string text);

    /// <summary>One of a stream of answers.</summary>
    void Item(IMessage item, Action<IAnsiConsole> people, string name);

    /// <summary>A remark in a stream of answers: a warning for people, one of the documents for scripts.</summary>
    void Notice(IMessage item, string text);

    /// <summary>A step on the way to the answer.</summary>
    void Progress(IMessage progress, string text);

    /// <summary>Runs a transfer and shows its progress.</summary>
    Task<T> TransferAsync<T>(Func<Action<Transfer>, Task<T>> body);

    /// <summary>Something that people should know before they rely on the answer.</summary>
    void Warning(string text);

    void Failure(Problem problem, int exitCode);
}

/// <summary>A transfer's progress, with the message that reported it.</summary>
internal sealed record Transfer(IMessage Message, string Text, ulong DoneBytes, ulong TotalBytes);

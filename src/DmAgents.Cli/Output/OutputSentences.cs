using Google.Protobuf;
using Spectre.Console;

namespace DmAgents.Cli.Output;

internal static class OutputSentences
{
    /// <summary>An answer that people read as one line.</summary>
    public static void Sentence(
        this IOutput output, IMessage document, string text, params IEnumerable<string> names) =>
        output.Document(document, console => console.WriteLine(text), names);
}

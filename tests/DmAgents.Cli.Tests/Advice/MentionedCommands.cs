using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using DmAgents.Cli.Shell;
using DmAgents.Cli.Tests.Support;

namespace DmAgents.Cli.Tests.Advice;

/// <summary>The commands that a text names, held to the command line that a reader would type them into.</summary>
internal static partial class MentionedCommands
{
    private static readonly RootCommand _root = CommandLine.Build(new CliShell(Run.Plain()));

    /// <summary>What a reader would type, without the program's name: "pool show fast".</summary>
    public static IEnumerable<string> In(string text) => Lines(Mentions().Matches(text));

    /// <summary>The same of a page, in which only what is set off from the prose is to be typed.</summary>
    public static IEnumerable<string> InPage(string text) => Lines(
        Mentions().Matches(text).Where(match => match.Index == 0 || "\n`\"(;$".Contains(
            text.AsSpan(0, match.Index).TrimEnd(' ') is { Length: > 0 } before ? before[^1] : '\n')));

    /// <summary>Why <paramref name="line"/> cannot be typed; null if it can, or lacks only what the text leaves
    /// open: a verb, an argument, or one of several options.</summary>
    public static string? FaultOf(string line)
    {
        var parsed = _root.Parse(line.Replace('\'', '"'));
        var isNoun = parsed.CommandResult.Command.Subcommands.Count > 0;
        if (parsed.UnmatchedTokens.Count > 0)
        {
            return isNoun && parsed.UnmatchedTokens[0] == SourceTexts.Hole
                ? null
                : $"does not take '{parsed.UnmatchedTokens[0]}'";
        }
        return parsed.Errors.Select(error => error.Message).FirstOrDefault(message => !IsOpen(message));
    }

    private static IEnumerable<string> Lines(IEnumerable<Match> mentions) =>
        mentions.Select(match => match.Groups["line"].Value.TrimEnd('.', ':', ' ')).Distinct();

    private static bool IsOpen(string message) =>
        message.StartsWith("Required ", StringComparison.Ordinal)
        || message.Contains(" is required", StringComparison.Ordinal)
        || message.Contains(" is needed", StringComparison.Ordinal)
        || message.StartsWith("Either ", StringComparison.Ordinal);

    /// <summary>A command ends with its clause, its quotation mark, its line, or a remark in two columns.</summary>
    [GeneratedRegex("""
        (?<![\w./-])dmagent[ ](?<line>[a-z][^\n;,|&<>`"\#()]*?)(?=$|[\n;,|&<>`"\#()]|[ ]{2}|:[ ]|[.][ ]|[ ](or|and|with)[ ])
        """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Mentions();
}

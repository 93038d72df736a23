using DmAgents.Api.Admin.V1;
using Spectre.Console;

namespace DmAgents.Cli.Output;

internal static class FindingView
{
    public static void Write(IAnsiConsole console, IEnumerable<Finding> findings)
    {
        // Markup interprets brackets, so the agent's text is escaped.
        foreach (var finding in findings)
        {
            console.WriteLine();
            console.MarkupLine($"[{Colour(finding.Severity)}]{Words.Of(finding.Severity)}[/]: "
                + Markup.Escape($"{finding.Object}: {finding.What}"));
            if (finding.Why.Length > 0)
                console.MarkupLine(Markup.Escape($"  why:  {finding.Why}"));
            if (finding.Next.Length > 0)
                console.MarkupLine(Markup.Escape($"  next: {finding.Next}"));
        }
    }

    private static string Colour(Severity severity) => severity switch
    {
        Severity.Error => "red",
        Severity.Warning => "yellow",
        _ => "default",
    };
}

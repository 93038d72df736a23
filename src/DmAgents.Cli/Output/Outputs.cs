using DmAgents.Cli.Shell;
using Spectre.Console;

namespace DmAgents.Cli.Output;

internal static class Outputs
{
    /// <summary>Without a terminal nothing is wrapped or truncated: one line is one record.</summary>
    public const int Unbounded = 100_000;

    public static IOutput Choose(CliEnvironment environment, bool json, bool quiet) => (json, quiet) switch
    {
        (true, _) => new JsonOutput(environment, streams: !quiet),
        (_, true) => new QuietOutput(environment),
        _ => new PeopleOutput(environment, ConsoleOf(environment)),
    };

    private static IAnsiConsole ConsoleOf(CliEnvironment environment)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = environment.OutIsTerminal ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = environment.Colours ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = environment.OutIsTerminal ? InteractionSupport.Yes : InteractionSupport.No,
            Out = new AnsiConsoleOutput(environment.Out),
            // Otherwise build servers would switch on colours.
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
        });
        console.Profile.Width = environment.Width > 0 ? environment.Width : Unbounded;
        console.Profile.Capabilities.Unicode = true;
        console.Profile.Capabilities.Links = false;
        return console;
    }
}

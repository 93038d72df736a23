using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace DmAgents.Cli.Shell;

/// <summary>The library's help, then the command's examples.</summary>
internal sealed class HelpWithExamples(CliEnvironment environment) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var help = new HelpAction { MaxWidth = environment.Width > 40 ? environment.Width : 100 };
        var code = help.Invoke(parseResult);
        if (parseResult.CommandResult.Command is CliCommand { Examples.Count: > 0 } command)
        {
            environment.Out.WriteLine("Examples:");
            foreach (var example in command.Examples)
                environment.Out.WriteLine($"  {example}");
            environment.Out.WriteLine();
        }

        return code;
    }
}

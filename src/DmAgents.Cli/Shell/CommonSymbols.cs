using System.CommandLine;
using System.CommandLine.Parsing;
using DmAgents.Cli.Completion;
using DmAgents.Cli.Parsing;

namespace DmAgents.Cli.Shell;

/// <summary>Options and arguments that several commands share.</summary>
internal static class CommonSymbols
{
    /// <summary>One symbol for all commands, so that a call can read it without knowing its command.</summary>
    public static Option<string?> RequestId { get; } = new("--request-id")
    {
        Description = "Repeat an earlier request whose outcome is unknown; nothing is done twice",
        HelpName = "id",
    };

    public static Option<string?> Pool(CliShell shell)
    {
        var option = new Option<string?>("--pool", "-p")
        {
            Description = "The pool; may be left out where there is only one",
            HelpName = "name",
        };
        option.CompletionSources.Add(Names.Of(shell, Names.Pools));
        return option;
    }

    /// <summary>For lists: no pool means all pools.</summary>
    public static Option<string?> PoolFilter(CliShell shell)
    {
        var option = Pool(shell);
        option.Description = "Only this pool";
        return option;
    }

    public static Argument<string?> PoolOrTheOnlyOne(CliShell shell)
    {
        var argument = new Argument<string?>("pool")
        {
            Description = "Name of the pool; may be left out where there is only one",
            Arity = ArgumentArity.ZeroOrOne,
        };
        argument.CompletionSources.Add(Names.Of(shell, Names.Pools));
        return argument;
    }

    public static Argument<string> Image(CliShell shell)
    {
        var argument = new Argument<string>("image") { Description = "Reference or id of the image" };
        argument.CompletionSources.Add(Names.Of(shell, Names.Images));
        return argument;
    }

    public static Argument<string> Container(CliShell shell)
    {
        var argument = new Argument<string>("container") { Description = "Name of the container" };
        argument.CompletionSources.Add(Names.Of(shell, Names.Containers));
        return argument;
    }

    public static Argument<string> Layer(CliShell shell)
    {
        var argument = new Argument<string>("layer") { Description = "Chain id of the layer, or its beginning" };
        argument.CompletionSources.Add(Names.Of(shell, Names.Layers));
        return argument;
    }

    public static Option<ulong?> Size(string name, string description) =>
        new(name) { Description = description, HelpName = "size", CustomParser = Sizes.Parse };

    public static Option<bool> Force(string description) => new("--force", "-f") { Description = description };

    /// <summary>Requires exactly one of the options.</summary>
    public static void ExactlyOneOf(this Command command, params Option[] options) =>
        command.Validators.Add(result =>
        {
            if (options.Count(option => Given(result, option)) != 1)
                result.AddError($"Exactly one of {Listed(options)} is needed.");
        });

    /// <summary>Refuses options that have no meaning without another one.</summary>
    public static void OnlyWith(this Command command, Option condition, params Option[] options) =>
        command.Validators.Add(result =>
        {
            foreach (var option in options)
            {
                if (Given(result, option) && !Given(result, condition))
                    result.AddError($"{option.Name} goes only with {condition.Name}.");
            }
        });

    public static bool Given(SymbolResult result, Option option) =>
        result.GetResult(option) is { Implicit: false };

    private static string Listed(Option[] options) =>
        string.Join(", ", options[..^1].Select(option => option.Name)) + " and " + options[^1].Name;
}

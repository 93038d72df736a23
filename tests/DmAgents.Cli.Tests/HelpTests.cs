using System.CommandLine;
using System.Text.RegularExpressions;
using DmAgents.Cli.Shell;
using DmAgents.Cli.Tests.Support;

namespace DmAgents.Cli.Tests;

public partial class HelpTests
{
    private static readonly RootCommand _root = CommandLine.Build(new CliShell(Run.Plain()));

    public static TheoryData<string> Commands => [.. Below(_root, "").Select(command => command.Path)];

    public static TheoryData<string> Examples =>
        [.. Below(_root, "").SelectMany(command => ((CliCommand)command.Command).Examples).Distinct()];

    [Fact]
    public void The_nouns_and_verbs_are_those_of_the_design()
    {
        string[] expected =
        [
            "completion", "completion bash", "completion fish", "completion zsh",
            "container", "container commit", "container create", "container diff", "container list",
            "container mount", "container remove", "container resize", "container show", "container unmount",
            "containerd", "containerd config",
            "event", "event list",
            "fleet", "fleet init", "fleet join", "fleet leave", "fleet revoke", "fleet status", "fleet token",
"host", "host list", "host show", "host status",
            "image", "image copies", "image copy", "image explain", "image export",
            "image import", "image list", "image pull", "image push", "image remove", "image show", "image tag",
            "layer", "layer list", "layer remove", "layer show", "layer tree", "layer where",
            "pool", "pool adopt", "pool adopt-docker", "pool backup", "pool backup list", "pool backup now",
            "pool check", "pool create",
            "pool discard-metadata", "pool grow", "pool list", "pool quarantine",
            "pool quarantine list", "pool quarantine purge", "pool quarantine undelete", "pool remove",
            "pool repair-metadata", "pool restore-metadata", "pool show",
            "pool spare", "pool spare add", "pool spare list", "pool spare remove", "pool trim",
            "transfer", "transfer cancel", "transfer list",
        ];
        Assert.Equal(expected, Below(_root, "").Select(command => command.Path).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Every_command_has_a_description_an_example_and_described_symbols(string path)
    {
        var command = Assert.IsType<CliCommand>(Below(_root, "").Single(each => each.Path == path).Command);
        Assert.False(string.IsNullOrWhiteSpace(command.Description));
        Assert.NotEmpty(command.Examples);
        Assert.All(command.Options, option => Assert.False(string.IsNullOrWhiteSpace(option.Description), option.Name));
        Assert.All(command.Arguments, each => Assert.False(string.IsNullOrWhiteSpace(each.Description), each.Name));

        var help = await Run.Of(Run.Plain(), [.. path.Split(' '), "--help"]);

        Assert.Equal(0, help.Code);
        Assert.Empty(help.Error);
        Assert.Contains(command.Description, Words(help.Out), StringComparison.Ordinal);
        Assert.All(command.Examples, example => Assert.Contains(example, help.Out, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public void Every_example_is_a_line_that_the_parser_takes(string example)
    {
        var calls = Invocations().Matches(example);
        Assert.NotEmpty(calls);
        Assert.All(calls, call => Assert.Empty(_root.Parse(call.Value.Replace('\'', '"')).Errors));
    }

    [Theory]
    [InlineData("", "a command is needed: host, pool")]
    [InlineData("pool", "a command is needed: create, list")]
    [InlineData("pool lst", "there is no command 'lst' here, only create, list")]
    [InlineData("pool show a b", "'b'")]
    [InlineData("image show", "Required argument")]
    [InlineData("pool create x", "Exactly one of --data, --disk, --loop and --existing is needed")]
    [InlineData("pool create x --disk a --loop --data-size 1G", "Exactly one of")]
    [InlineData("pool create x --data /dev/a", "--data needs --metadata")]
    [InlineData("pool create x --disk /dev/a --metadata /dev/b", "--metadata goes only with --data")]
    [InlineData("pool create x --disk /dev/a --data-size 1G", "--data-size goes only with --loop")]
    [InlineData("pool create x --existing p --metadata-size 1G", "--metadata-size goes only with --disk or --loop")]
    [InlineData("pool create x --loop", "--loop needs --data-size")]
    [InlineData("pool create x --loop --data-size 0", "'0' is no size")]
    [InlineData("pool create x --loop --data-size big", "'big' is not a size")]
    [InlineData("pool create x --disk /dev/a --file-system btrfs", "btrfs")]
    [InlineData("pool adopt x --disk /dev/a --loop /srv", "At most one of --data, --disk, --loop and --existing")]
    [InlineData("pool adopt x --data /dev/a", "--data needs --metadata")]
    [InlineData("pool adopt x --metadata /dev/a", "--metadata goes only with --data")]
    [InlineData("pool adopt-docker", "Exactly one of a data root, --confirm and --undo")]
    [InlineData("pool adopt-docker /var/lib/docker", "A data root and --name go only together")]
    [InlineData("pool adopt-docker /var/lib/docker --name x --undo x", "Exactly one of a data root")]
    [InlineData("pool adopt-docker --undo x --dry-run", "--dry-run goes only with --name")]
    [InlineData("pool grow x", "Exactly one of --add, --to and --by is needed")]
    [InlineData("pool grow x --to 1G --by 1G", "Exactly one of")]
    [InlineData("pool grow x --to 1G --force", "--force goes only with --add")]
    [InlineData("pool repair-metadata x --force", "--force goes only with --into")]
    [InlineData("pool restore-metadata x", "Required argument")]
    [InlineData("pool quarantine purge", "Either thin ids or --all")]
    [InlineData("pool quarantine purge 1 --all", "Either thin ids or --all")]
    [InlineData("pool quarantine purge x", "x")]
    [InlineData("container create web", "Exactly one of --image and --layer is needed")]
    [InlineData("container create web --image a --label novalue", "'novalue' is not key=value")]
    [InlineData("container create web --image a --label =v", "'=v' is not key=value")]
    [InlineData("container resize web", "Required argument")]
    [InlineData("event list --since yesterdayish", "'yesterdayish' is not a time")]
    [InlineData("event list --follow --limit 3", "--limit and --follow exclude each other")]
    [InlineData("host status --timeout soon", "'soon' is not a time above zero")]
    public async Task Misuse_is_told_before_the_agent_is_asked(string line, string why)
    {
        var run = await Run.Of(Run.Plain(), line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(ExitCodes.Usage, run.Code);
        Assert.Empty(run.Out);
        Assert.StartsWith("dmagent: usage: ", run.Error, StringComparison.Ordinal);
        Assert.Contains(why, run.Error, StringComparison.Ordinal);
        Assert.Contains("\n  next: see `dmagent ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_help_of_the_whole_tells_the_exit_codes()
    {
        var run = await Run.Of(Run.Plain(), "--help");
        Assert.Equal(0, run.Code);
        Assert.Contains("6 agent unreachable", Words(run.Out), StringComparison.Ordinal);
    }

    /// <summary>Help wraps its lines.</summary>
    private static string Words(string text) =>
        string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private static IEnumerable<(string Path, Command Command)> Below(Command command, string path) =>
        command.Subcommands.SelectMany(verb =>
        {
            var full = path.Length == 0 ? verb.Name : $"{path} {verb.Name}";
            return Below(verb, full).Prepend((full, verb));
        });

    /// <summary>From the program's name to whatever of the shell's ends the command.</summary>
    [GeneratedRegex(@"(?<=(^|\(|do |\| )dmagent )[^|;>)]+")]
    private static partial Regex Invocations();
}

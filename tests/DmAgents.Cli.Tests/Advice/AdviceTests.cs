using System.Text.RegularExpressions;

namespace DmAgents.Cli.Tests.Advice;

/// <summary>Advice is worth nothing if it cannot be typed: the command line takes every command that a message, a help
/// text, a setting's comment or a page names. Scripts are not read here: the tests and demonstrations run
/// them.</summary>
public sealed partial class AdviceTests
{
    private static readonly string _root = Root();

    public static TheoryData<string> Sources => [.. Files("src", "*.cs")];

    public static TheoryData<string> Pages =>
        [.. Files("", "*.md"), .. Files("config", "*.conf"), .. Files("deploy", "*.toml")];

    [Fact]
    public void The_search_finds_sources_and_pages()
    {
        Assert.Contains("src/DmAgents.Cli/Pools/PoolCheck.cs", Files("src", "*.cs"));
        Assert.Contains("README.md", Files("", "*.md"));
    }

    [Theory]
    [MemberData(nameof(Sources))]
    public void Every_command_that_a_message_names_can_be_typed(string file) =>
        AssertTypeable(SourceTexts.Of(Read(file)).SelectMany(MentionedCommands.In));

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_command_that_a_page_names_can_be_typed(string file) =>
        AssertTypeable(MentionedCommands.InPage(Read(file)));

    [Fact]
    public void Prose_about_the_program_is_no_command() =>
        Assert.Empty(MentionedCommands.InPage("The socket that dmagent talks to."));

    [Theory]
    [InlineData("make room; see: dmagent pool backups; or purge it", "does not take 'backups'")]
    [InlineData("try dmagent pool show fast --metadata", "does not take '--metadata'")]
    [InlineData("`dmagent containers list`", "does not take 'containers'")]
    [InlineData("dmagent container resize web big   # larger", "'big' is not a size")]
    public void A_command_that_does_not_exist_is_found(string text, string fault)
    {
        var line = Assert.Single(MentionedCommands.In(text));
        Assert.Contains(fault, MentionedCommands.FaultOf(line), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("list them: dmagent pool list", "pool list")]
    [InlineData("dmagent pool adopt-docker --confirm old, or --undo", "pool adopt-docker --confirm old")]
    [InlineData("see `dmagent pool grow`", "pool grow")]
    [InlineData("$(dmagent container mount web --quiet)", "container mount web --quiet")]
    public void A_command_ends_with_its_clause(string text, string line)
    {
        Assert.Equal(line, Assert.Single(MentionedCommands.In(text)));
        Assert.Null(MentionedCommands.FaultOf(line));
    }

    [Fact]
    public void A_sum_of_strings_is_a_text_for_each_branch_and_its_parts_that_depend_are_read_too() => Assert.Equal(
        ["dmagent pool show 7; yes", "dmagent pool show 7; no", "yes", "no"],
        SourceTexts.Of("""
            class C { string M(string n, bool b) => "dmagent " + $"pool show {n}; " + (b ? "yes" : "no"); }
            """));

    [Theory]
    [InlineData("$\"dmagent pool {(b ? \"list\" : \"show\")} x\"", "dmagent pool list x", "dmagent pool show x")]
    [InlineData("$\"dmagent pool {b switch { true => \"list\", _ => n }}\"", "dmagent pool list", "dmagent pool 7")]
    [InlineData("\"dmagent \" + (n ?? \"pool list\")", "dmagent 7", "dmagent pool list")]
    public void Each_branch_of_a_choice_is_read(string expression, params string[] texts) => Assert.Equal(
        texts, SourceTexts.Of($$"""class C { string M(string n, bool b) => {{expression}}; }""").Take(2));

    private static void AssertTypeable(IEnumerable<string> lines)
    {
        var faults = lines.Distinct()
            .Select(line => (line, fault: MentionedCommands.FaultOf(line)))
            .Where(each => each.fault is not null)
            .Select(each => $"dmagent {each.line}: {each.fault}");
        Assert.True(!faults.Any(), string.Join("\n", faults));
    }

    private static string Read(string file) => File.ReadAllText(Path.Combine(_root, file));

    private static IEnumerable<string> Files(string folder, string pattern) =>
        Directory.EnumerateFiles(Path.Combine(_root, folder), pattern, SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(_root, path))
            .Where(path => !Generated().IsMatch(path) && Read(path).Contains("dmagent ", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);

    internal static string Root()
    {
        var directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "DmAgents.sln")))
        {
            directory = Path.GetDirectoryName(directory)
                ?? throw new InvalidOperationException("DmAgents.sln is in no directory above");
        }
        return directory;
    }

    [GeneratedRegex("(^|/)(bin|obj|artifacts)/")]
    private static partial Regex Generated();
}

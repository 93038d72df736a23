using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text.RegularExpressions;

namespace DmAgents.Cli.Tests.Advice;

/// <summary>A script that a page names is there, can be started, and is one that bash takes.</summary>
[SupportedOSPlatform("linux")]
public sealed partial class ScriptsTests
{
    public static TheoryData<string, string> Scripts
    {
        get
        {
            var named = new TheoryData<string, string>();
            foreach (var page in Directory.EnumerateFiles(AdviceTests.Root(), "*.md", SearchOption.AllDirectories).Order())
            {
                foreach (var script in Names().Matches(File.ReadAllText(page)).Select(match => match.Value).Distinct())
                    named.Add(Path.GetRelativePath(AdviceTests.Root(), page), script);
            }
            // That page names all of its folder at once.
            foreach (var script in Directory.EnumerateFiles($"{AdviceTests.Root()}/findings", "*.sh").Order())
                named.Add("findings/README.md", Path.GetRelativePath(AdviceTests.Root(), script));
            return named;
        }
    }

    public static TheoryData<string> Pages =>
    [
        .. Directory.EnumerateFiles(AdviceTests.Root(), "*.md", SearchOption.AllDirectories)
            .Select(page => Path.GetRelativePath(AdviceTests.Root(), page)).Order(),
    ];

    [Fact]
    public void The_readme_names_the_demonstrations() => Assert.Contains(
        Scripts, row => row is ["README.md", "deploy/containerd/demo.sh"]);

    [Theory]
    [MemberData(nameof(Scripts))]
    public async Task A_script_that_a_page_names_can_be_started(string page, string script)
    {
        var path = Path.Combine(AdviceTests.Root(), script);
        Assert.True(File.Exists(path), $"{page}: there is no {script}");
        Assert.True(File.GetUnixFileMode(path).HasFlag(UnixFileMode.UserExecute), $"{page}: {script} is no program");
        using var bash = Process.Start(new ProcessStartInfo("bash", ["-n", path]) { RedirectStandardError = true })!;
        var errors = await bash.StandardError.ReadToEndAsync();
        await bash.WaitForExitAsync();
        Assert.Equal((0, ""), (bash.ExitCode, errors));
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void The_tests_that_a_page_names_are_there_and_no_merge_has_left_its_marks(string page)
    {
        var text = File.ReadAllText(Path.Combine(AdviceTests.Root(), page));
        Assert.DoesNotMatch(Marks(), text);
        Assert.All(Projects().Matches(text), project => Assert.True(
            Directory.Exists(Path.Combine(AdviceTests.Root(), "tests", project.Value)), $"{page}: {project.Value}"));
    }

    [GeneratedRegex("^(<<<<<<<|=======|>>>>>>>)", RegexOptions.Multiline)]
    private static partial Regex Marks();

    [GeneratedRegex(@"\bDmAgents\.[A-Z]\w*\.Tests\b")]
    private static partial Regex Projects();

    [GeneratedRegex(@"(?<![\w-]/|\w)(?:tests|deploy|findings)/(?:[\w.-]+/)*(?:[a-z][a-z0-9-]*\.sh|(?<=lab/)run|(?<=lab/)host)\b")]
    private static partial Regex Names();
}

using System.Diagnostics;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Tests.Support;

namespace DmAgents.Cli.Tests;

/// <summary>With the real program and a real bash: what counts is what Tab inserts.</summary>
public class CompletionTests
{
    [Theory]
    [InlineData("dmagent po", "pool")]
    [InlineData("dmagent pool cr", "create")]
    [InlineData("dmagent pool create x --file-system ", "ext4 xfs")]
    [InlineData("dmagent pool show ", "fast slow")]
    [InlineData("dmagent pool show sl", "slow")]
    [InlineData("dmagent image list --pool f", "fast")]
    [InlineData("dmagent container show w", "web")]
    [InlineData("dmagent image show debian:1", "12")]
    [InlineData("dmagent image show debian:", "12 stable")]
    [InlineData("dmagent image show deb", "debian:12 debian:stable")]
    [InlineData("dmagent pool create --l", "--loop")]
    [InlineData("dmagent fleet re", "revoke")]
    [InlineData("dmagent fleet revoke ", "web2 web3")]
    public async Task Bash_inserts_what_is_missing(string line, string expected)
    {
        await using var agent = await NamedAsync();
        var words = expected.Split(' ');
        var offered = await BashAsync(agent.Socket, line);
        // The program waits two seconds for names, which is less than it may take on a busy machine.
        for (var tries = 1; tries < 20 && !words.All(offered.Contains); tries++)
            offered = await BashAsync(agent.Socket, line);
        foreach (var word in words)
            Assert.Contains(word, offered);
        var typed = line[(line.LastIndexOfAny([' ', ':']) + 1)..];
        Assert.All(offered, word => Assert.StartsWith(typed, word, StringComparison.Ordinal));
        Assert.All(offered, word => Assert.Equal(typed.StartsWith('-'), word.StartsWith('-')));
    }

    [Fact]
    public async Task Without_an_agent_names_are_missing_and_nothing_is_said()
    {
        var offered = await BashAsync("/nowhere/admin.sock", "dmagent pool show f");
        Assert.Empty(offered);
    }

    [Theory]
    [InlineData("bash", "complete -o bashdefault -o default -F _dmagent dmagent")]
    [InlineData("zsh", "#compdef dmagent")]
    [InlineData("fish", "complete --command dmagent")]
    public async Task Each_shell_has_its_script(string shell, string line)
    {
        var run = await Run.Of(Run.Plain(), "completion", shell);
        Assert.Equal(0, run.Code);
        Assert.Contains(run.Lines, each => each.StartsWith(line, StringComparison.Ordinal));
        Assert.Contains("[suggest:", run.Out, StringComparison.Ordinal);
    }

    private static async Task<FakeAgent> NamedAsync() => (await FakeAgent.WithPoolsAsync("fast", "slow"))
        .On<ListContainersRequest>(_ => new ListContainersReply { Containers = { new Container { Name = "web" } } })
        .On<GetFleetStatusRequest>(_ => new FleetStatus
        {
            Hosts =
            {
                new FleetHostStatus { Host = "web1", IsThisHost = true }, new FleetHostStatus { Host = "web2" },
                new FleetHostStatus { Host = "web3" },
            },
        })
        .On<ListImagesRequest>(_ => new ListImagesReply
        {
            Images = { new ImageSummary { Reference = "debian:12" }, new ImageSummary { Reference = "debian:stable" } },
        });

    /// <summary>Calls the completion function as readline does, with the words split at COMP_WORDBREAKS.</summary>
    private static async Task<string[]> BashAsync(string socket, string line)
    {
        const string script =
            """
            set -u
            PATH=$PROGRAMS:$PATH
            source <(dmagent completion bash)
            COMP_LINE=$LINE
            COMP_POINT=${#LINE}
            spaced=${LINE//:/ : }
            read -r -a COMP_WORDS <<< "$spaced"
            case $LINE in *' ') COMP_WORDS+=('');; esac
            COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
            _dmagent
            for word in ${COMPREPLY[@]+"${COMPREPLY[@]}"}; do printf '%s\n' "$word"; done
            """;
        var start = new ProcessStartInfo("bash", ["-c", script])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PROGRAMS"] = BuiltProgram.Directory;
        start.Environment["DMAGENT_SOCKET"] = socket;
        start.Environment["LINE"] = line;
        using var bash = Process.Start(start)!;
        var output = bash.StandardOutput.ReadToEndAsync();
        var error = bash.StandardError.ReadToEndAsync();
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await bash.WaitForExitAsync(patience.Token);
        Assert.Empty(await error);
        Assert.Equal(0, bash.ExitCode);
        return (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}

using System.Text.Json;
using DmAgents.Cli.Containerd;
using DmAgents.Cli.Tests.Support;

namespace DmAgents.Cli.Tests;

/// <summary>The configuration that fits the containerd found. The end-to-end tests give it to real ones.</summary>
public class ContainerdTests
{
    [Theory]
    [InlineData("containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u1\n", "1.6.20~ds1", "1")]
    [InlineData("containerd github.com/containerd/containerd 1.7.24~ds1 1.7.24~ds1-6+b4\n", "1.7.24~ds1", "1")]
    [InlineData("containerd containerd.io 1.7.28 b98a3aace656320842a23f4a392a33f46af97866\n", "1.7.28", "1")]
    [InlineData("containerd github.com/containerd/containerd/v2 2.1.4-k3s1 \n", "2.1.4-k3s1", "2")]
    [InlineData("containerd github.com/containerd/containerd/v2 v2.0.0-rc.1 abc\n", "2.0.0-rc.1", "2")]
    public async Task The_configuration_fits_the_containerd_found(string printed, string version, string major)
    {
        var run = await Run.Of(With(printed), "containerd", "config", "--json");

        Assert.Equal((0, ""), (run.Code, run.Error));
        var answer = JsonDocument.Parse(run.Out).RootElement;
        Assert.Equal(version, answer.GetProperty("containerd_version").GetString());
        Assert.Equal("dmagents", Assert.Single(answer.GetProperty("snapshotters").EnumerateArray()).GetString());
        Assert.Equal(Deployed(major), answer.GetProperty("config").GetString());
    }

    [Theory]
    [InlineData("1.6", "1")]
    [InlineData("1.7.24", "1")]
    [InlineData("v2.1.9", "2")]
    [InlineData("2.2", "2")]
    public async Task A_release_that_is_named_is_not_looked_for(string version, string major)
    {
        var run = await Run.Of(Run.Plain(), "containerd", "config", "--containerd-version", version);

        Assert.Equal((0, Deployed(major), ""), (run.Code, run.Out, run.Error));
        var quiet = await Run.Of(Run.Plain(), "containerd", "config", "-q", "--containerd-version", version);
        Assert.Equal(run.Out, quiet.Out);
    }

    [Fact]
    public async Task The_host_s_own_names_and_paths_are_in_it()
    {
        var run = await Run.Of(Run.Plain(), "containerd", "config", "--containerd-version", "2.1",
            "--snapshotter", "thin_1-fast", "--address", "/run/a \"b\".sock", "--state-directory", "/srv/state");

        Assert.Equal(0, run.Code);
        Assert.Contains("[proxy_plugins.thin_1-fast]", run.Lines);
        Assert.Contains("  [proxy_plugins.thin_1-fast.exports]", run.Lines);
        Assert.Contains("  address = \"/run/a \\\"b\\\".sock\"", run.Lines);
        Assert.Contains("    root = \"/srv/state\"", run.Lines);
        Assert.Contains("  snapshotter = \"thin_1-fast\"", run.Lines);
        Assert.DoesNotContain("\"dmagents\"", run.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("thin", "thin-fast", "thin-large")]
    [InlineData("dmagents-fast", "dmagents", "dmagents-large")]
    public async Task Several_snapshotters_are_in_one_file(params string[] names)
    {
        var run = await Run.Of(Run.Plain(), [
            "containerd", "config", "--containerd-version", "2.1",
            .. names.SelectMany(name => new[] { "--snapshotter", name })]);

        Assert.Equal(0, run.Code);
        foreach (var name in names)
        {
            Assert.Single(run.Lines, $"[proxy_plugins.{name}]");
            Assert.Single(run.Lines, $"  [proxy_plugins.{name}.exports]");
        }
        Assert.Equal(3, run.Lines.Count(line => line == "  address = \"/run/dmagents/containerd.sock\""));
        Assert.Equal(
            [.. names, "overlayfs"],
            run.Lines.Where(line => line.StartsWith("  snapshotter = ", StringComparison.Ordinal))
                .Select(line => line.Split('"')[1]));
        Assert.Equal(2, (await Run.Of(Run.Plain(), "containerd", "config", "--containerd-version", "2.1",
            "--snapshotter", "thin", "--snapshotter", "overlayfs")).Code);
    }

    [Theory]
    [InlineData(null, 3, "there is no containerd in PATH")]
    [InlineData("containerd github.com/containerd/containerd 1.5.8~ds1 1.5.8\n", 4, "1.6, 1.7 and 2.x")]
    [InlineData("containerd containerd.io 3.0.1 abc\n", 4, "1.6, 1.7 and 2.x")]
    [InlineData("containerd of another kind\n", 1, "names no version")]
    public async Task A_containerd_that_is_missing_or_unknown_is_named(string? printed, int code, string reason)
    {
        var run = await Run.Of(With(printed), "containerd", "config");

        Assert.Equal((code, ""), (run.Code, run.Out));
        Assert.Contains(reason, run.Error, StringComparison.Ordinal);
        Assert.Contains("--containerd-version", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--containerd-version", "new", "names no version")]
    [InlineData("--snapshotter", "overlayfs", "none of containerd's own")]
    [InlineData("--snapshotter", "a.b", "letters, digits")]
    [InlineData("--address", "run/socket", "absolute path")]
    [InlineData("--state-directory", "state", "absolute path")]
    public async Task A_value_that_cannot_be_is_refused(string option, string value, string reason)
    {
        var run = await Run.Of(With("containerd x 1.7.24 y\n"), "containerd", "config", option, value);

        Assert.Equal((2, ""), (run.Code, run.Out));
        Assert.Contains(reason, run.Error, StringComparison.Ordinal);
    }

    /// <summary>Programs that fail, print nothing or are not there are no containerd.</summary>
    [Theory]
    [InlineData("/bin/false", null)]
    [InlineData("/no/such/program", null)]
    [InlineData("/bin/true", "(GNU coreutils)")]
    public async Task A_program_of_this_machine_says_its_version(string program, string? contains)
    {
        var printed = await DmAgents.Cli.Shell.Programs.VersionOf(program);
        if (contains is null)
            Assert.Null(printed);
        else
            Assert.Contains(contains, printed, StringComparison.Ordinal);
    }

    [Fact]
    public void A_number_within_a_word_is_no_version() => Assert.Null(ContainerdVersion.Of("sha256:1.2 abc1.7.24 4"));

    private static DmAgents.Cli.Shell.CliEnvironment With(string? printed) =>
        Run.Plain() with { VersionOf = program => Task.FromResult(program == "containerd" ? printed : "") };

    private static string Deployed(string major) =>
        File.ReadAllText($"{AppContext.BaseDirectory}/deploy/dmagents-{major}.toml");
}

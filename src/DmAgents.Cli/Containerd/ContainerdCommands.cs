using System.CommandLine;
using System.Text.RegularExpressions;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Agent;
using DmAgents.Cli.Shell;

namespace DmAgents.Cli.Containerd;

/// <summary>containerd config: prints the configuration that makes this host's containerd use the agent. Calls no
/// agent.</summary>
internal static partial class ContainerdCommands
{
    private const string Program = "containerd";

    private static readonly string[] _taken =
        ["overlayfs", "native", "devmapper", "blockfile", "erofs", "btrfs", "zfs", "aufs"];

    public static CliCommand Build(CliShell shell) => new(
        "containerd", "The containerd that uses the agent as its snapshotter.", "dmagent containerd config")
    {
        Config(shell),
    };

    private static CliCommand Config(CliShell shell)
    {
        var version = new Option<string?>("--containerd-version")
        {
            Description = "Print the configuration for this release [default: what containerd --version says]",
            HelpName = "version",
        };
        var snapshotters = new Option<string[]>("--snapshotter")
        {
            Description = "containerd.snapshotter of dmagents.conf; with -NAME behind it, the pool NAME. For several "
                + $"pools, several times [default: {Snippet.Name}]",
            HelpName = "name",
        };
        var address = new Option<string>("--address")
        {
            Description = "containerd.socket of dmagents.conf",
            HelpName = "path",
            DefaultValueFactory = _ => Snippet.Address,
        };
        var stateDirectory = new Option<string>("--state-directory")
        {
            Description = "state-directory of dmagents.conf",
            HelpName = "path",
            DefaultValueFactory = _ => Snippet.StateDirectory,
        };
        var command = new CliCommand(
            "config",
            "Print the configuration by which the containerd of this host uses the agent as a snapshotter. It is a "
            + "file of its own, which containerd's config.toml imports.",
            "dmagent containerd config > /etc/containerd/conf.d/dmagents.toml",
            "dmagent containerd config --containerd-version 2.1",
            "dmagent containerd config --snapshotter dmagents --snapshotter dmagents-fast",
            "dmagent containerd config --json | jq -r .containerd_version")
            { version, snapshotters, address, stateDirectory };
        Wants(snapshotters, name => SnapshotterName().IsMatch(name) && !_taken.Contains(name),
            "a name of letters, digits, - and _ that is none of containerd's own snapshotters");
        Wants(address, IsPath, "an absolute path");
        Wants(stateDirectory, IsPath, "an absolute path");
        return command.Runs(shell, async call =>
        {
            var release = await Release(shell, call, call.Parsed.GetValue(version)).ConfigureAwait(false);
            string[] names = call.Parsed.GetValue(snapshotters) is { Length: > 0 } named
                ? [.. named.Distinct()] : [Snippet.Name];
            var text = Snippet.Of(release.Snippet!, names, call.Parsed.GetRequiredValue(address),
                call.Parsed.GetRequiredValue(stateDirectory));
            call.Output.Document(
                json =>
                {
                    json.WriteStartObject();
                    json.WriteString("containerd_version", release.Text);
                    json.WriteStartArray("snapshotters");
                    foreach (var name in names)
                        json.WriteStringValue(name);
                    json.WriteEndArray();
                    json.WriteString("config", text);
                    json.WriteEndObject();
                },
                text);
        });
    }

    private static bool IsPath(string text) => text is ['/', ..] && !text.Any(char.IsControl);

    private static void Wants(Option option, Predicate<string> isRight, string what) =>
        option.Validators.Add(result =>
        {
            if (result.Tokens.Any(token => !isRight(token.Value)))
                result.AddError($"{option.Name} wants {what}.");
        });

    private static async Task<ContainerdVersion> Release(CliShell shell, AgentCall call, string? named)
    {
        var printed = named ?? await shell.Environment.VersionOf(Program).ConfigureAwait(false)
            ?? throw call.About(Program).Problem(
            Problem.Types.Kind.NotFound,
            "there is no containerd in PATH, or it does not run",
            "install containerd, or name its release: dmagent containerd config --containerd-version 1.7");
        var release = ContainerdVersion.Of(printed) ?? throw call.About(Program).Problem(
            named is null ? Problem.Types.Kind.Failed : Problem.Types.Kind.Usage,
            $"'{printed.Trim()}' names no version such as 1.7.24",
            "name the release: dmagent containerd config --containerd-version 1.7");
        return release.Snippet is not null ? release : throw call.About($"{Program} {release.Text}").Problem(
            Problem.Types.Kind.Refused,
            $"there are configurations for containerd {ContainerdVersion.Oldest}, 1.7 and 2.x, and none for this one",
            "use one of these releases; or try the nearest one: dmagent containerd config --containerd-version 2.1");
    }

    /// <summary>A bare key of TOML.</summary>
    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9_-]{0,63}\z", RegexOptions.CultureInvariant)]
    private static partial Regex SnapshotterName();
}

using DmAgents.EndToEnd.Tests.Support;
using DmAgents.Testing.Contracts;
using Kind = DmAgents.Api.Admin.V1.Problem.Types.Kind;

namespace DmAgents.EndToEnd.Tests.BadInput;

/// <summary>An agent that cannot work says why, and ends; one that lacks something does without.</summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class DaemonTests(AgentFixture agent)
{
    private const int Failed = 1;
    private const int Usage = 2;

    [Fact]
    public async Task A_second_agent_on_one_state_directory_ends_and_the_first_goes_on()
    {
        var other = agent.Places with { Name = "second" };
        await File.WriteAllTextAsync(other.Config,
            $"dmagents {{ state-directory = \"{agent.Places.StateDirectory}\", admin.socket = \"{other.Socket}\" }}");

        var ended = await Shell.Run(Places.Agent, "--config", other.Config);

        Assert.Equal(Failed, ended.Status);
        Assert.Contains(agent.Places.StateDirectory, ended.Errors, StringComparison.Ordinal);
        Assert.Contains("another agent", ended.Errors, StringComparison.Ordinal);
        Assert.False(File.Exists(other.Socket));
        await agent.Client.MustAgree(AgentFixture.Direct);
    }

    [Theory]
    [InlineData("unknown", "dmagents { pool { bloc-size = 64KiB } }", "bloc-size")]
    [InlineData("wrong", "dmagents { pool { block-size = 7KiB } }", "block-size")]
    [InlineData("damaged", "dmagents { pool { block-size = \"64KiB\"", "line 1")]
    [InlineData("quoted", "dmagents {\n pool { block-size = \"64KiB }\n}", "line 2")]
    [InlineData("endless", "dmagents { pool { block-size = [64KiB, @] } }", "not HOCON")]
    [InlineData("overclosed", "dmagents { pool { } } }", "closes nothing")]
    [InlineData("binary", "\u0001\u0002\u0003{{{{", "line 1")]
    public async Task A_configuration_that_cannot_be_is_refused_by_name(string name, string text, string named)
    {
        var file = $"{Places.Work}/{name}.conf";
        await File.WriteAllTextAsync(file, text);

        var ended = await Shell.Run(Places.Agent, "--config", file);

        Assert.Equal(Usage, ended.Status);
        Assert.Contains(file, ended.Errors, StringComparison.Ordinal);
        Assert.Contains(named, ended.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", ended.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_configuration_that_is_not_there_is_refused()
    {
        var ended = await Shell.Run(Places.Agent, "--config", $"{Places.Work}/absent.conf");

        Assert.Equal(Usage, ended.Status);
        Assert.Contains($"{Places.Work}/absent.conf", ended.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_can_neither_run_nor_use_an_agent()
    {
        // A checkout below a closed directory is out of nobody's reach; through a mount elsewhere it is not.
        var daemon = await Reachable(Places.Agent, "daemon");
        var cli = await Reachable(Places.Cli, "cli");
        try
        {
            var ended = await Shell.Run(
                "/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", daemon,
                "--config", agent.Places.Config);
            Assert.Equal(Failed, ended.Status);
            Assert.Contains("root", ended.Errors, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", ended.Errors, StringComparison.Ordinal);

            var refused = await Shell.Run(
                "/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", cli, "pool", "list",
                "--socket", agent.Places.Socket);
            Assert.Equal(6, refused.Status);
            Assert.Contains("permission", refused.Errors, StringComparison.Ordinal);
        }
        finally
        {
            await Shell.Must("/bin/umount", Path.GetDirectoryName(daemon)!);
            await Shell.Must("/bin/umount", Path.GetDirectoryName(cli)!);
        }
    }

    [Fact]
    public async Task Without_mkfs_an_import_is_refused_by_the_programs_name_and_nothing_is_left()
    {
        var places = agent.Places with { Name = "without-mkfs" };
        places.WriteConfig();
        using var client = new AgentClient(places.Socket);
        // In a mount namespace of its own, where /usr/sbin is empty.
        using var lacking = await AgentProcess.Start(
            places, client, "/usr/bin/unshare -m /bin/sh -c 'mount -t tmpfs none /usr/sbin && exec \"$0\" \"$@\"'");
        await client.CreateLoopPool("lacking", 256UL << 20);
        var archive = await SmallImage.Write("lacking");

        var problem = await AgentClient.Refused(Kind.Failed, () => client.Import("lacking", archive, "small:1"));

        Assert.Contains("mkfs.ext4", problem.Why, StringComparison.Ordinal);
        Assert.Contains("e2fsprogs", problem.Why + problem.Next, StringComparison.Ordinal);
        var meter = new PoolMeter(agent.Kernel, client, places, "lacking");
        Assert.Equal(("", 0UL), await meter.Content());
        await client.MustAgree("lacking");
        await client.RemovePool("lacking");
        Assert.Equal(0, await lacking.Terminate());
    }

    private static async Task<string> Reachable(string program, string name)
    {
        var directory = $"{Places.Work}/bin-{name}";
        Directory.CreateDirectory(directory);
        await Shell.Must("/bin/mount", "--bind", Path.GetDirectoryName(program)!, directory);
        return $"{directory}/{Path.GetFileName(program)}";
    }
}

using System.Text.Json;
using DmAgents.EndToEnd.Tests.Support;

namespace DmAgents.EndToEnd.Tests.BadInput;

/// <summary>The command line against a real agent: exit codes, JSON, and problems in four parts.</summary>
[Collection(AgentCollection.Name)]
[Trait("Needs", "Lab")]
public sealed class CommandLineTests(AgentFixture agent)
{
    [Fact]
    public async Task A_container_lives_by_commands()
    {
        await agent.Image();
        var path = (await Must(
            "container", "create", "by-command", "--image", AgentFixture.Debian, "--mount", "--quiet",
            "--pool", AgentFixture.Direct)).Trim();
        Assert.True(File.Exists($"{path}/etc/debian_version"));

        using var shown = JsonDocument.Parse(
            await Must("container", "show", "by-command", "--pool", AgentFixture.Direct, "--json"));
        Assert.Equal("by-command", shown.RootElement.GetProperty("name").GetString());
        var tree = await Must("layer", "tree", "--pool", AgentFixture.Direct);
        Assert.Contains("by-command", tree, StringComparison.Ordinal);
        await Must("container", "remove", "by-command", "--force", "--pool", AgentFixture.Direct);
        Assert.False(File.Exists($"{path}/etc/debian_version"));
    }

    [Theory]
    [InlineData(1, "image import {work}/not-whole.tar --reference e2e/bad:1 --pool direct")]
    [InlineData(2, "container create sha256-x --image debian:demo --pool direct")]
    [InlineData(3, "container show absent --pool direct")]
    [InlineData(4, "container create occupied --image debian:demo --pool direct")]
    [InlineData(5, "container create vast --image debian:demo --size 1PiB --pool direct")]
    [InlineData(6, "pool list --socket {work}/absent.sock")]
    public async Task What_cannot_be_done_ends_with_its_own_code_and_says_what_which_why_and_what_next(
        int status, string line)
    {
        await agent.Container("occupied");
        var whole = await File.ReadAllBytesAsync(await SmallImage.Write("cli", dataLength: 1 << 18, seed: 33));
        await File.WriteAllBytesAsync($"{Places.Work}/not-whole.tar", whole[..^(1 << 17)]);
        var before = await agent.DirectMeter.Content();

        var ended = await Run([.. line.Replace("{work}", Places.Work, StringComparison.Ordinal).Split(' '), "--json"]);

        Assert.True(ended.Status == status, $"{line}: {ended}");
        using var problem = JsonDocument.Parse(ended.Errors);
        var root = problem.RootElement.TryGetProperty("error", out var inner) ? inner : problem.RootElement;
        Assert.All(["what", "object", "why", "next"],
            part => Assert.False(string.IsNullOrWhiteSpace(root.GetProperty(part).GetString()), $"{part}: {ended}"));
        Assert.Equal(before, await agent.DirectMeter.Content());
        await agent.Client.Remove(AgentFixture.Direct, "occupied");
    }

    [Fact]
    public async Task A_command_that_does_not_exist_is_wrong_usage() =>
        Assert.Equal(2, (await Run("container", "explode")).Status);

    private async Task<string> Must(params string[] arguments)
    {
        var ended = await Run(arguments);
        Assert.True(ended.Status == 0, $"{string.Join(' ', arguments)}: {ended}");
        return ended.Output;
    }

    private Task<Finished> Run(params string[] arguments) => Shell.Run(
        Places.Cli, arguments.Contains("--socket") ? arguments : [.. arguments, "--socket", agent.Places.Socket]);
}

using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Tests.Support;
using Kind = DmAgents.Api.Admin.V1.ContainerChange.Types.Kind;

namespace DmAgents.Cli.Tests;

public class ContainerDiffTests
{
    [Fact]
    public async Task Each_difference_is_a_line_with_its_letter()
    {
        await using var agent = await DifferingAsync(isWhole: true);

        var run = await Run.Of(agent, "container", "diff", "web");

        Assert.Equal(0, run.Code);
        Assert.Equal("A /etc/new\nC /etc\nD /tmp/a\\x0ab [x]\n", run.Out);
        Assert.Equal(
            new DiffContainerRequest { Pool = "fast", Container = "web" }, agent.Request<DiffContainerRequest>());
        Assert.Equal(
            "/etc/new\n/etc\n/tmp/a\\x0ab [x]\n", (await Run.Of(agent, "container", "diff", "web", "--quiet")).Out);
    }

    [Fact]
    public async Task For_scripts_each_difference_is_a_document_of_one_line()
    {
        await using var agent = await DifferingAsync(isWhole: true);

        var run = await Run.Of(agent, "container", "diff", "web", "--json");

        Assert.Equal(3, run.Lines.Length);
        Assert.Equal("""{"kind":"added","path":"/etc/new"}""", run.Lines[0]);
    }

    [Fact]
    public async Task An_answer_without_its_end_is_a_failure()
    {
        await using var agent = await DifferingAsync(isWhole: false);

        Assert.Equal(1, (await Run.Of(agent, "container", "diff", "web")).Code);
    }

    private static async Task<FakeAgent> DifferingAsync(bool isWhole)
    {
        var agent = await FakeAgent.WithPoolsAsync("fast");
        List<DiffContainerReply> replies =
        [
            new() { Progress = new DiffProgress { Entries = 3 } },
            new()
            {
                Changes = new ContainerChanges
                {
                    Changes =
                    {
                        new ContainerChange { Kind = Kind.Added, Path = "/etc/new" },
                        new ContainerChange { Kind = Kind.Changed, Path = "/etc" },
                    },
                },
            },
            new()
            {
                Changes = new ContainerChanges
                {
                    Changes = { new ContainerChange { Kind = Kind.Deleted, Path = "/tmp/a\\x0ab [x]" } },
                },
            },
        ];
        if (isWhole)
            replies.Add(new DiffContainerReply { Summary = new DiffSummary { Container = "web" } });
        agent.Streams<DiffContainerRequest>(_ => replies);
        return agent;
    }
}

using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Tests.Support;
using Google.Protobuf.WellKnownTypes;

namespace DmAgents.Cli.Tests;

public class HostAndEventTests
{
    [Fact]
    public async Task The_host_shows_its_problems_with_what_to_do()
    {
        await using var agent = (await FakeAgent.StartAsync()).On<GetHostStatusRequest>(_ => new HostStatus
        {
            AgentVersion = "0.1.0", HostName = "h1", KernelRelease = "6.12", DmDriverVersion = "4.48.0",
            UptimeSeconds = 7200, Pools = 1,
            Problems =
            {
                new Finding
                {
                    Severity = Severity.Warning, Object = "xfs", What = "mkfs.xfs is missing",
                    Next = "apt install xfsprogs",
                },
            },
        });
        var run = await Run.Of(agent, "host", "status");
        Assert.Contains("  agent                   0.1.0, up 2 hours", run.Lines);
        Assert.Contains("  device-mapper driver    4.48.0", run.Lines);
        Assert.Equal(["warning: xfs: mkfs.xfs is missing", "  next: apt install xfsprogs"], run.Lines[^2..]);
        Assert.Equal("h1\n", (await Run.Of(agent, "host", "status", "-q")).Out);
    }

    [Fact]
    public async Task Events_are_listed_with_their_detail()
    {
        await using var agent = (await FakeAgent.StartAsync())
            .On<ListEventsRequest>(_ => new ListEventsReply { Events = { Created(Samples.ThreeMinutesAgo) } });
        var run = await Run.Of(agent, "event", "list", "--since", "1h", "--limit", "5", "--pool", "fast");
        Assert.Equal(" 3 minutes ago  container-created  fast/web  made from debian:12  by=cli thin_id=3\n", run.Out);
        var request = agent.Request<ListEventsRequest>();
        var age = TimeProvider.System.GetUtcNow() - request.Since.ToDateTimeOffset();
        Assert.InRange(age, TimeSpan.FromMinutes(60), TimeSpan.FromMinutes(62));
        Assert.Equal(5u, request.Limit);
        Assert.Equal("fast", request.Pool);
    }

    [Fact]
    public async Task Followed_events_are_one_document_per_line()
    {
        await using var agent = (await FakeAgent.StartAsync())
            .Streams<FollowEventsRequest>(_ => [Created(Samples.Fixed), Created(Samples.Fixed)]);
        var run = await Run.Of(agent, "event", "list", "--follow", "--json");
        Assert.Equal(2, run.Lines.Length);
        Assert.Equal(
            """{"time":"2026-05-01T12:30:00.000Z","pool":"fast","object":"web","type":"container-"""
            + """created","text":"made from debian:12","detail":{"by":"cli","thin_id":"3"}}""",
            run.Lines[0]);
        Assert.Null(agent.Request<FollowEventsRequest>().Since);
    }

    private static Event Created(Timestamp time) => new()
    {
        Time = time,
        Pool = "fast",
        Object = "web",
        Type = "container-created",
        Text = "made from debian:12",
        Detail = { ["thin_id"] = "3", ["by"] = "cli" },
    };
}

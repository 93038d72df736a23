using System.Text.Json;
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
            + """created","text":"made from debian:12","detail":{"by":"cli","thin_id":"3"},"host":null}""",
            run.Lines[0]);
        Assert.Null(agent.Request<FollowEventsRequest>().Since);
    }

    [Fact]
    public async Task The_fleets_events_are_listed_with_their_hosts_and_hosts_that_are_silent_are_named()
    {
        var reply = new ListEventsReply
        {
            Events = { Created(Samples.ThreeMinutesAgo, "web1"), Created(Samples.ThreeMinutesAgo, "web2") },
            Silent = { new SilentHost { Host = "web3", Why = "it cannot be reached" } },
        };
        await using var agent = (await FakeAgent.StartAsync()).On<ListEventsRequest>(_ => reply);

        var run = await Run.Of(agent, "event", "list", "--fleet");

        Assert.Equal(0, run.Code);
        Assert.Equal(
            " 3 minutes ago  web1  container-created  fast/web  made from debian:12  by=cli thin_id=3\n"
            + " 3 minutes ago  web2  container-created  fast/web  made from debian:12  by=cli thin_id=3\n", run.Out);
        Assert.Equal(
            "dmagent: warning: the events of host web3 are missing: it cannot be reached\n", run.Error);
        Assert.True(agent.Request<ListEventsRequest>().Fleet);
        var json = JsonDocument.Parse((await Run.Of(agent, "event", "list", "--fleet", "--json")).Out).RootElement;
        Assert.Equal("web2", json.GetProperty("events")[1].GetProperty("host").GetString());
        Assert.Equal("web3", json.GetProperty("silent")[0].GetProperty("host").GetString());
    }

    [Fact]
    public async Task One_who_follows_the_fleet_reads_of_silent_hosts_on_the_other_stream()
    {
        await using var agent = (await FakeAgent.StartAsync()).Streams<FollowEventsRequest>(_ =>
        [
            Created(Samples.ThreeMinutesAgo, "web2"),
            new Event { Time = Samples.Fixed, Host = "web2", Type = "host-silent", Text = "it is away" },
        ]);

        var run = await Run.Of(agent, "event", "list", "--fleet", "--follow");

        Assert.Equal(
            " 3 minutes ago  web2  container-created  fast/web  made from debian:12  by=cli thin_id=3\n", run.Out);
        Assert.Equal("dmagent: warning: host web2: it is away\n", run.Error);
        var json = await Run.Of(agent, "event", "list", "--fleet", "--follow", "--json");
        var silent = JsonDocument.Parse(json.Lines[1]).RootElement;
        Assert.Equal(
            ("web2", "host-silent"), (silent.GetProperty("host").GetString(), silent.GetProperty("type").GetString()));
        Assert.All(agent.Requests.OfType<FollowEventsRequest>(), request => Assert.True(request.Fleet));
    }

    private static Event Created(Timestamp time, string host) => new(Created(time)) { Host = host };

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

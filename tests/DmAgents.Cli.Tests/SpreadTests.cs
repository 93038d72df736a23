using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Tests.Support;
using Google.Protobuf.WellKnownTypes;

namespace DmAgents.Cli.Tests;

public sealed class SpreadTests
{
    private static readonly Timestamp Earlier = Timestamp.FromDateTimeOffset(
        Run.Plain().Clock.GetUtcNow() - TimeSpan.FromHours(2));

    private static ImageSpread Spread => new()
    {
        Reference = "debian:12", Id = "sha256:cccc", CopiesWanted = 3,
        Hosts =
        {
            new SpreadHost
            {
                Host = "host-1", Holding = SpreadHost.Types.Holding.Whole, InUse = true, PinnedFor = { "web" },
            },
            new SpreadHost
            {
                Host = "host-2", Holding = SpreadHost.Types.Holding.Lost, LostSince = Earlier, Kept = true,
            },
            new SpreadHost
            {
                Host = "host-3", Holding = SpreadHost.Types.Holding.Incomplete, Failure = "no space", Failures = 2,
                NotBefore = Earlier,
            },
        },
        CopiesUnderWay = { new SpreadCopy { Host = "host-4", Pool = "fast", DataBytes = 1 << 20 } },
        Decisions =
        {
            new SpreadDecision
            {
                At = Earlier, Host = "host-4", Why = "1 of 3 copies are there, host-2 is lost",
                Candidates =
                {
                    new SpreadCandidate
                    {
                        Host = "host-4", Verdict = SpreadCandidate.Types.Verdict.Fits, MissingDataBytes = 1 << 20,
                        RoomPermille = 905, LocalityPermille = 500, Score = 1405,
                    },
                    new SpreadCandidate
                    {
                        Host = "host-3", Verdict = SpreadCandidate.Types.Verdict.LowData,
                    },
                    new SpreadCandidate
                    {
                        Host = "host-5", Verdict = SpreadCandidate.Types.Verdict.OtherImage,
                    },
                },
            },
        },
    };

    [Fact]
    public async Task The_number_of_copies_is_set_and_said_beside_what_is_there()
    {
        await using var agent = await FakeAgent.StartAsync();
        agent.On<SetImageCopiesRequest>(_ => Spread);

        var run = await Run.Of(agent, "image", "copies", "debian:12", "3");

        Assert.Equal(
            new SetImageCopiesRequest { RequestId = Run.RequestId, Image = "debian:12", Copies = 3 },
            agent.Request<SetImageCopiesRequest>());
        Assert.Equal("debian:12 is to be on 3 hosts; it is on 1 host now\n", run.Out);
    }

    [Fact]
    public async Task What_is_no_number_of_copies_is_a_usage_error()
    {
        await using var agent = await FakeAgent.StartAsync();

        Assert.Equal(2, (await Run.Of(agent, "image", "copies", "debian:12", "many")).Code);
        Assert.Equal(2, (await Run.Of(agent, "image", "copies", "debian:12")).Code);
    }

    [Fact]
    public async Task An_explanation_has_the_hosts_the_copies_under_way_and_the_decisions_with_their_candidates()
    {
        await using var agent = await FakeAgent.StartAsync();
        agent.On<ExplainImageRequest>(_ => Spread);

        var run = await Run.Of(agent, "image", "explain", "debian:12");

        Assert.Equal(0, run.Code);
        string[] parts =
        [
            "copies wanted", "all, verified", "kept for container web; in use: stays, also if fewer copies are wanted",
            "lost 2 hours ago", "brought by an operator: stays, also if fewer copies are wanted",
            "failed 2 times (no space)", "under way to host-4: 1 MiB into pool fast",
            "a copy to host-4, because 1 of 3 copies are there, host-2 is lost", "too little data free", "90.5 %", "1405",
            "has another image of this name",
        ];
        Assert.All(parts, part => Assert.Contains(part, run.Out, StringComparison.Ordinal));
        var json = await Run.Of(agent, "image", "explain", "debian:12", "--json");
        Assert.Contains("\"locality_permille\":500", json.Out.Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_container_is_placed_by_the_fleet_and_said_to_be_where_it_is()
    {
        await using var agent = await FakeAgent.StartAsync();
        agent.On<PlaceContainerRequest>(_ => new PlaceContainerReply { Placed = OnHostTwo });

        var run = await Run.Of(agent, "container", "create", "web", "--image", "debian:12", "--host", "host-2");

        Assert.Equal(
            new PlaceContainerRequest { RequestId = Run.RequestId, Name = "web", Image = "debian:12", Host = "host-2" },
            agent.Request<PlaceContainerRequest>());
        Assert.Equal("web is on host-2\n", run.Out);
        Assert.Equal(
            2, (await Run.Of(agent, "container", "create", "web", "--image", "a", "--host", "b", "--mount")).Code);
    }

    [Fact]
    public async Task The_containers_of_the_fleet_are_listed_with_their_hosts_and_removed_there()
    {
        await using var agent = await FakeAgent.StartAsync();
        agent.On<ListFleetContainersRequest>(_ => new ListFleetContainersReply { Containers = { OnHostTwo } });
        agent.On<RemoveContainerRequest>(_ => new RemoveContainerReply { Container = "web", Host = "host-2" });

        var run = await Run.Of(agent, "container", "list", "--fleet");

        Assert.Matches(@"web +host-2 +present +debian:12 +3", run.Lines[1]);
        Assert.Equal(
            "host-2 removes container web\n",
            (await Run.Of(agent, "container", "remove", "web", "--fleet")).Out);
        Assert.Equal(
            new RemoveContainerRequest { RequestId = Run.RequestId, Container = "web", Fleet = true },
            agent.Request<RemoveContainerRequest>());
    }

    [Fact]
    public async Task A_container_is_made_here_with_a_warning_if_the_fleet_cannot_be_asked()
    {
        await using var agent = await FakeAgent.StartAsync();
        agent.On<PlaceContainerRequest>(_ => new PlaceContainerReply
        {
            Local = true, NotAskedBecause = "the fleet's database is away", Pool = "fast",
        });
        agent.On<CreateContainerRequest>(asked => new Container { Name = asked.Name, Pool = asked.Pool });

        var run = await Run.Of(agent, "container", "create", "web", "--image", "debian:12");

        Assert.Equal((0, "web\n"), (run.Code, run.Out));
        Assert.Equal(
            new CreateContainerRequest { RequestId = Run.RequestId, Name = "web", Image = "debian:12", Pool = "fast" },
            agent.Request<CreateContainerRequest>());
        Assert.Contains(
            "web is on this host, and the fleet does not know it yet: the fleet's database is away", run.Error,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_removal_is_about_this_host_unless_the_fleet_is_named_and_never_about_both()
    {
        await using var agent = await FakeAgent.StartAsync();
        agent.On<RemoveContainerRequest>(_ => new RemoveContainerReply { Container = "web", Pool = "fast" });

        await Run.Of(agent, "container", "remove", "web", "--pool", "fast");

        Assert.False(agent.Request<RemoveContainerRequest>().Fleet);
        Assert.Equal(2, (await Run.Of(agent, "container", "remove", "web", "--fleet", "--pool", "fast")).Code);
        Assert.Equal(2, (await Run.Of(agent, "container", "remove", "web", "--fleet", "--force")).Code);
    }

    private static FleetContainer OnHostTwo => new()
    {
        Name = "web", Host = "host-2", Epoch = 3, Phase = FleetContainer.Types.Phase.Present, Image = "debian:12",
    };
}

using System.Text.Json;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Tests.Support;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace DmAgents.Cli.Tests;

public class FleetTests
{
    private const string Token = "dmf0123456789";

    [Fact]
    public async Task A_fleet_is_made_with_a_name_and_an_address()
    {
        await using var agent = (await FakeAgent.StartAsync()).On<InitFleetRequest>(_ => Status());

        var run = await Run.Of(agent, "fleet", "init", "prod", "--host", "web1", "--address", "10.0.0.1:9471");

        Assert.Equal("fleet prod has its first host, web1 at 10.0.0.1:9471", run.Lines[0]);
        Assert.Contains("dmagent fleet token", run.Lines[1], StringComparison.Ordinal);
        var request = agent.Request<InitFleetRequest>();
        Assert.Equal(("prod", "web1", "10.0.0.1:9471"), (request.Name, request.Host, request.Address));
    }

    [Fact]
    public async Task A_token_comes_with_the_line_that_uses_it()
    {
        await using var agent = (await FakeAgent.StartAsync()).On<MakeFleetTokenRequest>(_ => new FleetToken
        {
            Token = Token, Fleet = "prod", Address = "10.0.0.1:9471", ExpiresAt = Samples.Fixed,
        });

        var run = await Run.Of(agent, "fleet", "token", "--ttl", "15m");

        Assert.Contains($"  dmagent fleet join 10.0.0.1:9471 --token {Token}", run.Lines);
        Assert.Contains("within 15 minutes", run.Out, StringComparison.Ordinal);
        Assert.Equal(900ul, agent.Request<MakeFleetTokenRequest>().LifeSeconds);
        Assert.Equal(Token + "\n", (await Run.Of(agent, "fleet", "token", "-q")).Out);
        Assert.Equal(3600ul, agent.Requests.OfType<MakeFleetTokenRequest>().Last().LifeSeconds);
    }

    [Fact]
    public async Task A_join_prints_its_steps_and_then_what_is_so()
    {
        await using var agent = (await FakeAgent.StartAsync()).Streams<JoinFleetRequest>(_ =>
        [
            new JoinFleetReply { Step = "asks 10.0.0.1:9472" }, new JoinFleetReply { Step = "has its certificate" },
            new JoinFleetReply { Status = Status() },
        ]);

        var run = await Run.Of(agent, "fleet", "join", "10.0.0.1:9471", "--token", Token, "--address", "10.0.0.2:9471");

        Assert.Equal(
            ["asks 10.0.0.1:9472", "has its certificate", "web1 is a member of fleet prod, with 2 other hosts"],
            run.Lines);
        var request = agent.Request<JoinFleetRequest>();
        Assert.Equal(
            ("10.0.0.1:9471", Token, "10.0.0.2:9471"), (request.Address, request.Token, request.OwnAddress));
        var json = await Run.Of(agent, "fleet", "join", "10.0.0.1:9471", "--token", Token, "--json");
        Assert.Equal(3, json.Lines.Length);
        var status = JsonDocument.Parse(json.Lines[2]).RootElement.GetProperty("status");
        Assert.Equal("prod", status.GetProperty("fleet").GetString());
    }

    [Fact]
    public async Task A_refusal_follows_the_steps_with_its_reason_and_what_to_do()
    {
        await using var agent = (await FakeAgent.StartAsync()).Refuses<JoinFleetRequest>(
            StatusCode.FailedPrecondition,
            new Problem
            {
                Kind = Problem.Types.Kind.Refused, What = "cannot join the fleet", Object = "web2",
                Why = "host web9 used the token", Next = "make a new join token",
            });

        var run = await Run.Of(agent, "fleet", "join", "10.0.0.1:9471", "--token", Token);

        Assert.Equal(4, run.Code);
        Assert.Equal(
            "dmagent: cannot join the fleet: web2: host web9 used the token\n  next: make a new join token\n",
            run.Error);
    }

    [Fact]
    public async Task A_host_leaves_and_is_warned_if_its_certificate_holds_still()
    {
        await using var agent = (await FakeAgent.StartAsync()).On<LeaveFleetRequest>(request => new LeaveFleetReply
        {
            Fleet = "prod", Host = "web2", NotRevokedWhy = request.Force ? "nothing answers" : "",
        });

        var run = await Run.Of(agent, "fleet", "leave");
        var forced = await Run.Of(agent, "fleet", "leave", "--force");

        Assert.Equal(("web2 left fleet prod\n", ""), (run.Out, run.Error));
        Assert.Contains("nothing answers", forced.Error, StringComparison.Ordinal);
        Assert.Contains("dmagent fleet revoke web2", forced.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_is_revoked_by_its_name()
    {
        await using var agent = (await FakeAgent.StartAsync()).On<RevokeFleetHostRequest>(request =>
            new RevokeFleetHostReply { Fleet = "prod", Host = request.Host });

        var run = await Run.Of(agent, "fleet", "revoke", "web3");

        Assert.Equal("web3 is revoked in fleet prod\n", run.Out);
    }

    [Fact]
    public async Task The_status_shows_hosts_splits_and_certificates()
    {
        await using var agent = (await FakeAgent.StartAsync()).On<GetFleetStatusRequest>(_ => Status());

        var run = await Run.Of(agent, "fleet", "status");

        Assert.Contains("  this host               web1 at 10.0.0.1:9471", run.Lines);
        Assert.Contains("  state                   cut off", run.Lines);
        Assert.Contains("                          1 of 3 hosts are reached", run.Lines);
        Assert.Contains("  away since              3 minutes ago", run.Lines);
        Assert.Contains("  fleet changes           refused at this moment", run.Lines);
        Assert.Contains("  an even split           of two halves the one with web1 stays", run.Lines);
        Assert.Contains(
            "  authority               this host alone lets hosts in, renews and revokes; 2 tokens not used yet", run.Lines);
        Assert.Contains(run.Lines, line => line.StartsWith("  own certificate         until 2026-05-01 12:30Z, renewed",
            StringComparison.Ordinal));
        Assert.Contains(run.Lines, line => line.Contains("web2", StringComparison.Ordinal)
            && line.Contains("unreachable (up)", StringComparison.Ordinal));
        Assert.Contains(run.Lines, line => line.Contains("web3", StringComparison.Ordinal)
            && line.Contains("away", StringComparison.Ordinal));
        Assert.Contains(
            "  database                db1:5432/dmagents as dmagents: away since 2026-05-01 12:30Z: it is off", run.Lines);
        Assert.Contains("next: start it", run.Lines);
        Assert.Contains("refused 10.0.0.9:4000 7 times", run.Out, StringComparison.Ordinal);
        Assert.Equal("next: see to the network", run.Lines[^1]);
        Assert.Equal("web1\nweb2\nweb3\n", (await Run.Of(agent, "fleet", "status", "-q")).Out);
        var json = JsonDocument.Parse((await Run.Of(agent, "fleet", "status", "--json")).Out).RootElement;
        Assert.Equal("away", json.GetProperty("database").GetProperty("state").GetString());
        Assert.Equal("cut_off", json.GetProperty("standing").GetString());
        Assert.Equal(JsonValueKind.Null, json.GetProperty("hosts")[0].GetProperty("unreachable_since").ValueKind);
    }

    [Theory]
    [InlineData("web1", "", "web1 at 10.0.0.1:9471, which alone lets hosts in, renews and revokes")]
    [InlineData("web1", "no route", "web1 at 10.0.0.1:9471, which did not answer: no route")]
    [InlineData("", "no route", "the host at 10.0.0.1:9471, which did not answer: no route")]
    public async Task The_status_names_the_host_that_has_the_authority(string host, string why, string shown)
    {
        var status = Status();
        (status.HasAuthority, status.AuthorityHost, status.AuthorityUnreachableWhy) = (false, host, why);
        await using var agent = (await FakeAgent.StartAsync()).On<GetFleetStatusRequest>(_ => status);

        var run = await Run.Of(agent, "fleet", "status");

        Assert.Contains($"  authority               {shown}", run.Lines);
    }

    [Fact]
    public async Task A_copy_that_leaves_says_that_nothing_was_revoked()
    {
        await using var agent = (await FakeAgent.StartAsync()).On<LeaveFleetRequest>(_ => new LeaveFleetReply
        {
            Fleet = "prod", Host = "web2", CopyLeft = true,
        });

        var run = await Run.Of(agent, "fleet", "leave", "--force");

        Assert.Contains("nothing was revoked, and web2 itself stays", run.Out, StringComparison.Ordinal);
        Assert.Empty(run.Error);
    }

    [Fact]
    public async Task The_status_of_a_host_in_no_fleet_is_two_lines()
    {
        await using var agent = (await FakeAgent.StartAsync()).On<GetFleetStatusRequest>(_ => new FleetStatus
        {
            Standing = FleetStanding.InNoFleet, Words = "this host is in no fleet", Next = "make one",
        });

        Assert.Equal("this host is in no fleet\nnext: make one\n", (await Run.Of(agent, "fleet", "status")).Out);
    }

    private static FleetStatus Status() => new()
    {
        Standing = FleetStanding.CutOff, Words = "1 of 3 hosts are reached", Next = "see to the network",
        Fleet = "prod", FleetId = "0f8fad5b", Host = "web1", Address = "10.0.0.1:9471",
        AwaySince = Samples.ThreeMinutesAgo, ChangesRefusedWhy = "cut off",
        EvenSplit = "of two halves the one with web1 stays", HasAuthority = true, AuthorityAddress = "10.0.0.1:9471",
        Authority = new FleetAuthorityStatus { Fingerprint = "ab12", EndsAt = Samples.Fixed, OpenTokens = 2 },
        Certificate = new FleetCertificate { EndsAt = Samples.Fixed, RenewedAt = Samples.Fixed, Condition = "good" },
        Database = new FleetDatabaseStatus
        {
            State = FleetDatabaseState.Away, Where = "db1:5432/dmagents as dmagents", Since = Samples.Fixed,
            Why = "it is off", Next = "start it",
        },
        Hosts =
        {
            new FleetHostStatus
            {
                Host = "web1", Address = "10.0.0.1:9471", State = FleetHostState.Up, Since = Samples.ThreeMinutesAgo,
                IsThisHost = true, IsLeader = true,
            },
            new FleetHostStatus
            {
                Host = "web2", Address = "10.0.0.2:9471", State = FleetHostState.Up, Since = Samples.ThreeMinutesAgo,
                UnreachableSince = Samples.ThreeMinutesAgo,
            },
            new FleetHostStatus { Host = "web3", Address = "10.0.0.3:9471", State = FleetHostState.Away },
        },
        RefusedPeers =
        {
            new RefusedFleetPeer
            {
                Peer = "10.0.0.9:4000", Why = "the peer is of another fleet", Next = "see whether the address is right",
                First = Samples.Fixed, Last = Samples.ThreeMinutesAgo, Count = 7,
            },
        },
    };
}

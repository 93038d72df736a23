using DmAgents.Agent.Fleet;
using DmAgents.Agent.Tests.Support;
using DmAgents.Api.Admin.V1;
using DmAgents.Fleet.Tokens;
using Grpc.Core;
using Kind = DmAgents.Api.Admin.V1.Problem.Types.Kind;

namespace DmAgents.Agent.Tests.Fleet;

/// <summary>What is refused says why and what to do next, on the side that asked, and leaves nothing behind.</summary>
public sealed class FleetRefusalTests(FleetFixture fleet) : IClassFixture<FleetFixture>
{
    [Fact]
    public async Task A_used_token_is_refused_with_the_host_that_used_it()
    {
        var token = FleetAgents.TokenOf(fleet.Issuer);
        await using var other = new FleetAgents();
        await FleetAgents.Join(await other.Add(), fleet.Issuer, "host3", token);

        await Refused(Join(token), Kind.Refused, "host host3 used the token", "dmagent fleet token");
    }

    [Fact]
    public async Task An_expired_token_is_refused_with_the_time()
    {
        var made = await Client(fleet.Issuer).MakeTokenAsync(new MakeFleetTokenRequest { LifeSeconds = 60 });
        fleet.IssuersClock.Offset = TimeSpan.FromMinutes(2);
        try
        {
            await Refused(Join(made.Token), Kind.Refused, "the token expired at", "dmagent fleet token");
        }
        finally
        {
            fleet.IssuersClock.Offset = default;
        }
    }

    [Fact]
    public async Task A_forged_token_is_refused()
    {
        var authority = fleet.Issuer.Get<FleetHost>().Authority!;
        var forged = JoinToken.Make(authority.Id, authority.Certificate.Fingerprint);

        await Refused(Join(forged.ToWord()), Kind.NotFound, "does not know this token", "dmagent fleet token");
    }

    [Fact]
    public async Task A_token_of_another_fleet_of_the_same_name_is_not_even_sent()
    {
        var token = FleetAgents.TokenOf(fleet.OtherIssuer);

        await Refused(Join(token), Kind.Refused, "the token was not sent", "see whether the address");
    }

    [Theory]
    [InlineData("", "there is no token")]
    [InlineData("abc", "begins with 'dmf'")]
    [InlineData("dmf0123", "was cut or something was added")]
    public async Task A_word_that_is_no_token_is_refused_before_anything_is_sent(string word, string why) =>
        await Refused(Join(word), Kind.Usage, why, "dmagent fleet token");

    [Fact]
    public async Task A_second_host_of_one_name_is_refused()
    {
        var token = FleetAgents.TokenOf(fleet.Issuer);

        await Refused(Join(token, host: "host2"), Kind.Refused, "a host host2 with another key", "under another name");
    }

    [Fact]
    public async Task Clocks_that_differ_by_hours_are_named()
    {
        var token = FleetAgents.TokenOf(fleet.Issuer);
        fleet.OutsidersClock.Offset = TimeSpan.FromHours(5);
        try
        {
            await Refused(Join(token), Kind.Refused, "differ by 0.0", "set both clocks");
        }
        finally
        {
            fleet.OutsidersClock.Offset = default;
        }
    }

    [Fact]
    public async Task A_member_that_did_not_make_the_fleet_lets_no_host_in()
    {
        var token = FleetAgents.TokenOf(fleet.Issuer);
        var address = FleetAgents.AddressOf(fleet.Member).ToString();

        await Refused(
            Join(token, address: address), Kind.TimedOut, "refused",
            $"see whether {address} is the address of the host");
        await Refused(
            Client(fleet.Member).MakeTokenAsync(new MakeFleetTokenRequest { LifeSeconds = 60 }).ResponseAsync,
            Kind.Refused, $"at {FleetAgents.AddressOf(fleet.Issuer)}", "run it there: dmagent fleet token");
        await Refused(
            Client(fleet.Member).RevokeAsync(new RevokeFleetHostRequest { Host = "host1" }).ResponseAsync,
            Kind.Refused, "only the host that made the fleet", "dmagent fleet revoke host1");
    }

    [Fact]
    public async Task An_address_of_another_host_and_one_that_is_taken_are_refused_before_anything_is_sent()
    {
        var token = FleetAgents.TokenOf(fleet.Issuer);
        var agent = await ServedAgent.Start();
        await using var end = agent;

        await Refused(
            Join(token, agent: agent, own: "192.0.2.1:9471"), Kind.Refused, "this host cannot listen there",
            "--address");
        await Refused(
            Join(token, agent: agent, own: FleetAgents.AddressOf(fleet.Issuer).ToString()), Kind.Refused,
            "this host cannot listen there", "--address");
        await Refused(Join(token, agent: agent, own: "127.0.0.1"), Kind.Usage, "no address of a member", "HOST:PORT");
        await Refused(
            Join(token, agent: fleet.Outsider, own: "127.0.0.9:9471"), Kind.Usage, "fleet.address is",
            "leave --address");
    }

    [Fact]
    public async Task A_member_is_in_one_fleet_only()
    {
        await Refused(
            Join(FleetAgents.TokenOf(fleet.OtherIssuer), agent: fleet.Member), Kind.Refused,
            "is member host2 of fleet prod", "dmagent fleet leave");
        await Refused(
            Client(fleet.Issuer).InitAsync(new InitFleetRequest { Name = "more", Host = "host1" }).ResponseAsync,
            Kind.Refused, "is member host1 of fleet prod", "dmagent fleet leave");
    }

    [Theory]
    [InlineData("No", "host1")]
    [InlineData("prod", "a.b")]
    public async Task Names_that_are_none_are_refused(string name, string host) => await Refused(
        Client(fleet.Outsider).InitAsync(new InitFleetRequest { Name = name, Host = host }).ResponseAsync, Kind.Usage,
        "characters of a-z", "choose another name");

    [Fact]
    public async Task A_host_in_no_fleet_makes_no_tokens_and_revokes_nothing_but_may_leave()
    {
        var client = Client(fleet.Outsider);

        await Refused(
            client.MakeTokenAsync(new MakeFleetTokenRequest { LifeSeconds = 60 }).ResponseAsync, Kind.Refused,
            "it is in no fleet", "dmagent fleet --help");
        await Refused(
            client.RevokeAsync(new RevokeFleetHostRequest { Host = "x" }).ResponseAsync, Kind.Refused,
            "it is in no fleet", "dmagent fleet --help");
        Assert.Empty((await client.LeaveAsync(new LeaveFleetRequest())).Fleet);
    }

    [Fact]
    public async Task Lives_of_tokens_and_hosts_to_revoke_have_to_be_right()
    {
        var client = Client(fleet.Issuer);

        await Refused(
            client.MakeTokenAsync(new MakeFleetTokenRequest { LifeSeconds = 1 }).ResponseAsync, Kind.Usage,
            "a token lives from", "within these bounds");
        await Refused(
            client.MakeTokenAsync(new MakeFleetTokenRequest { LifeSeconds = ulong.MaxValue }).ResponseAsync, Kind.Usage,
            "a token lives from", "within these bounds");
        await Refused(
            client.RevokeAsync(new RevokeFleetHostRequest { Host = "host9" }).ResponseAsync, Kind.NotFound,
            "no host of this name", "");
        await Refused(
            client.RevokeAsync(new RevokeFleetHostRequest { Host = "host1" }).ResponseAsync, Kind.Refused,
            "it has the fleet's authority", "");
    }

    private static Fleets.FleetsClient Client(ServedAgent agent) => new(agent.AdminChannel);

    private async Task Join(
        string token, string host = "host7", string? address = null, ServedAgent? agent = null, string own = "")
    {
        using var call = Client(agent ?? fleet.Outsider).Join(new JoinFleetRequest
        {
            Address = address ?? FleetAgents.AddressOf(fleet.Issuer).ToString(), Token = token, Host = host,
            OwnAddress = own,
        });
        while (await call.ResponseStream.MoveNext())
        {
        }
    }

    private async Task Refused(Task asked, Kind kind, string why, string next)
    {
        var refused = await Assert.ThrowsAnyAsync<RpcException>(() => asked);
        var trailer = Assert.Single(refused.Trailers, each => each.Key == "dmagents-problem-bin");
        var problem = Problem.Parser.ParseFrom(trailer.ValueBytes);
        Assert.Contains(why, problem.Why, StringComparison.Ordinal);
        Assert.Contains(next, problem.Next, StringComparison.Ordinal);
        Assert.NotEmpty(problem.Next);
        Assert.Equal(kind, problem.Kind);
        Assert.Null(fleet.Outsider.Get<FleetIdentity>().Current);
        Assert.Equal(2, (await Client(fleet.Issuer).GetStatusAsync(new GetFleetStatusRequest()))
            .Hosts.Count(each => each.Host is "host1" or "host2"));
    }
}

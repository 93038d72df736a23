using DmAgents.Actors.Fleet;
using DmAgents.Agent.Fleet;
using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.Tests.Transfers;
using DmAgents.Agent.UseCases;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Pools;
using DmAgents.Fleet.Peers;

namespace DmAgents.Agent.Tests.Fleet;

/// <summary>Agents make a fleet, come back to it after a restart, and leave it.</summary>
public sealed class FleetFormingTests : IAsyncLifetime
{
    private readonly FleetAgents _fleet = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _fleet.DisposeAsync();

    [Fact]
    public async Task A_host_that_joins_knows_the_others_and_what_to_make_connections_with()
    {
        var agents = await _fleet.Form(2);

        foreach (var agent in agents)
        {
            var identity = agent.Get<FleetIdentity>();
            var place = identity.Current!;
            Assert.Equal("prod", place.Fleet.Value);
            Assert.True(place.Certificate.HasPrivateKey);
            foreach (var (other, number) in agents.Select((other, index) => (other, index + 1)))
            {
                var host = new HostName($"host{number}");
                var address = FleetAgents.AddressOf(other);
                Assert.Equal(address, identity.AddressOf(host));
                Assert.Equal(address.Port + 2, identity.LayersAddressOf(host)!.Value.Port);
                Assert.IsType<PeerVerdict.Accepted>(
                    place.Validator.Judge(other.Get<FleetIdentity>().Current!.Certificate, host));
            }
            Assert.Null(identity.AddressOf(new HostName("host9")));
        }
    }

    [Fact]
    public async Task A_host_whose_agent_is_restarted_comes_back_by_itself()
    {
        var agents = await _fleet.Form(2);
        foreach (var agent in agents)
        {
            var before = agent.Get<FleetIdentity>().Current!;
            await agent.Stop();
            var next = _fleet.Replace(agent, await agent.Next());

            await FleetAgents.IsMemberOf(next, 2);

            var after = next.Get<FleetIdentity>().Current!;
            Assert.Equal((before.Host, before.Id, before.HostCertificate.Serial),
                (after.Host, after.Id, after.HostCertificate.Serial));
        }
    }

    [Fact]
    public async Task A_host_that_leaves_is_in_no_fleet_and_its_name_is_free()
    {
        var agents = await _fleet.Form(2);

        var left = await agents[1].Get<FleetLeaver>().Leave(force: false, CancellationToken.None);

        Assert.Equal(("host2", null, false), (left.Host!.Value.Value, left.Unsaid, left.Ended));
        Assert.Null(agents[1].Get<FleetIdentity>().Current);
        Assert.Equal(FleetPhase.Outside, agents[1].Get<FleetBoard>().Current.Phase);
        Assert.Empty(Directory.GetFiles(agents[1].Settings.FleetPaths.Directory));
        await FleetAgents.IsMemberOf(agents[0], 1);
        await TwoAgents.Eventually(() => agents[0].Get<FleetHost>().Known!.Members.Count == 0, "it is forgotten");
        await FleetAgents.Join(agents[1], agents[0], "host2");
        await FleetAgents.IsMemberOf(agents[1], 2);
    }

    [Fact]
    public async Task The_last_host_ends_the_fleet_and_not_before()
    {
        var agents = await _fleet.Form(2);
        var maker = agents[0].Get<FleetLeaver>();

        var refused = await Assert.ThrowsAsync<RefusedException>(
            () => maker.Leave(force: true, CancellationToken.None));

        Assert.Contains("host2", refused.Refusal.Why, StringComparison.Ordinal);
        await agents[1].Get<FleetLeaver>().Leave(force: false, CancellationToken.None);
        Assert.True((await maker.Leave(force: false, CancellationToken.None)).Ended);
        Assert.Empty(Directory.GetFiles(agents[0].Settings.FleetPaths.Directory));
        await FleetAgents.Make(agents[0], "other", "host1");
    }

    [Fact]
    public async Task A_request_that_is_repeated_changes_nothing()
    {
        var agents = await _fleet.Form(2);
        var places = agents.Select(agent => agent.Get<FleetIdentity>().Current).ToArray();

        Assert.Same(places[0], await FleetAgents.Make(agents[0], "prod", "host1"));
        Assert.Same(places[1], await FleetAgents.Join(agents[1], agents[0], "host2"));
        var refused = await Assert.ThrowsAsync<RefusedException>(() => FleetAgents.Make(agents[1], "other", "host2"));

        Assert.Equal(RefusalKind.Exists, refused.Refusal.Kind);
        Assert.Contains("host2 of fleet prod", refused.Refusal.Why, StringComparison.Ordinal);
    }
}

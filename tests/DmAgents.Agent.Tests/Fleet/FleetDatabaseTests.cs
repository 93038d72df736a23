using DmAgents.Actors.Fleet.Database;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Fleet;
using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.Tests.Transfers;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Pools;

namespace DmAgents.Agent.Tests.Fleet;

/// <summary>Agents of a fleet and its database.</summary>
public sealed class FleetDatabaseTests : FleetWithDatabase
{
    [Fact]
    public async Task Each_host_says_how_the_database_stands_and_refuses_changes_while_it_is_away()
    {
        var agents = await Fleet.Form(2);
        foreach (var agent in agents)
            await Ready(agent);

        SharedDatabase.GoAway();

        foreach (var agent in agents)
        {
            var status = await Status(agent, FleetDatabaseState.Away);
            Assert.Equal(("a file", "connection refused"), (status.Where, status.Why));
            Assert.NotNull(status.Since);
            Assert.NotEmpty(status.Next);
            var refused = Refused(agent);
            Assert.Equal(RefusalKind.WrongState, refused.Kind);
            Assert.Contains("is away since", refused.Why, StringComparison.Ordinal);
        }

        SharedDatabase.ComeBack();

        foreach (var agent in agents)
        {
            var entities = await Ready(agent);
            Assert.Same(entities, agent.Get<FleetEntityAccess>().Demand("cannot look at", "host"));
            Assert.Equal("", (await Status(agent, FleetDatabaseState.Ready)).Why);
        }
    }

    [Fact]
    public async Task Entities_of_one_host_are_reached_from_the_other()
    {
        var agents = await Fleet.Form(2);

        foreach (var agent in agents)
        {
            var shown = await (await Ready(agent)).Show(new HostName("host9"), CancellationToken.None);
            Assert.Null(shown.Refusal);
        }
    }

    [Fact]
    public async Task A_fleet_without_a_database_works_and_names_the_setting()
    {
        Fleet.Database = null;
        var agents = await Fleet.Form(2);

        Assert.Equal(FleetDatabaseState.NotSet, (await Status(agents[1], FleetDatabaseState.NotSet)).State);
        var refused = Refused(agents[1]);
        Assert.Contains("fleet.database is not set", refused.Why, StringComparison.Ordinal);
        Assert.Contains("deploy/fleet/database.sh", refused.Next, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_cannot_be_read_is_a_database_that_is_refused_and_the_host_works_on()
    {
        Fleet.Database = new UnusableDatabase("/etc/dmagents/database", "/etc/dmagents/database cannot be read");
        var agents = await Fleet.Form(1);
        await TwoAgents.Eventually(
            () => agents[0].Get<FleetEntityAccess>().Database is { Phase: DatabasePhase.Refused }, "it is looked at");

        var status = await Status(agents[0], FleetDatabaseState.Refused);

        Assert.Equal("/etc/dmagents/database", status.Where);
        Assert.Contains("cannot be read", status.Why, StringComparison.Ordinal);
        Assert.Contains("restart the agent", status.Next, StringComparison.Ordinal);
        Assert.Contains("cannot be read", Refused(agents[0]).Why, StringComparison.Ordinal);
        Assert.Equal(PoolPhase.Open, agents[0].Picture.Phase);
    }

    [Fact]
    public async Task A_database_of_another_fleet_is_refused_by_name_and_the_host_works_on()
    {
        SharedDatabase.Owner = new Actors.Fleet.Database.FleetIdentity(
            new FleetId(Guid.NewGuid()), new FleetName("other"));
        var agents = await Fleet.Form(1);

        await TwoAgents.Eventually(
            () => Refused(agents[0]).Why.Contains("belongs to the fleet other", StringComparison.Ordinal),
            "changes are refused");
        var status = await Status(agents[0], FleetDatabaseState.Refused);
        Assert.Contains("belongs to the fleet other", status.Why, StringComparison.Ordinal);
        Assert.NotEmpty(status.Next);
        Assert.Equal(PoolPhase.Open, agents[0].Picture.Phase);
        Assert.Equal(0, SharedDatabase.Execute("select count(*) from journal"));
        SharedDatabase.Owner = null;
        await Ready(agents[0]);
    }

    [Fact]
    public async Task A_host_in_no_fleet_looks_at_no_database()
    {
        var agent = await Fleet.Add();

        Assert.Contains("in no fleet", Refused(agent).Why, StringComparison.Ordinal);
        Assert.Equal(0, SharedDatabase.Probes);
    }

    private static Refusal Refused(ServedAgent agent)
    {
        Assert.False(agent.Get<FleetEntityAccess>().TryFind("cannot look at", "host", out _, out var refusal));
        return refusal;
    }

    private static async Task<FleetDatabaseStatus> Status(ServedAgent agent, FleetDatabaseState state)
    {
        if (agent.Get<Actors.Fleet.FleetKeeper>().Entities is { } entities)
        {
            using var patience = new CancellationTokenSource(FleetAgents.Patience);
            await entities.Database.When(status => status.Phase.ToString() == state.ToString(), patience.Token);
        }
        var client = new Fleets.FleetsClient(agent.AdminChannel);
        return (await client.GetStatusAsync(new GetFleetStatusRequest())).Database;
    }
}

using DmAgents.Agent.Fleet;
using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.Tests.Transfers;
using DmAgents.Agent.UseCases;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Fleet;

namespace DmAgents.Agent.Tests.Fleet;

/// <summary>The host that made a fleet is lost for good.</summary>
public sealed class FleetAuthorityLostTests : FleetOfAgents
{
    [Fact]
    public async Task A_new_machine_with_its_address_and_a_backup_of_its_directory_lets_hosts_in_and_revokes()
    {
        var agents = await Fleet.Form(2);
        var (lost, address) = (agents[0], FleetAgents.AddressOf(agents[0]));
        // A backup from before a host joined does not know where that one is.
        var other = FleetAgents.AddressOf(agents[1]).ToString();
        await TwoAgents.Eventually(
            () => Directory.GetFiles(lost.Settings.FleetPaths.Directory, "members*")
                .Any(file => File.ReadAllText(file).Contains(other, StringComparison.Ordinal)),
            "the other host's address is on disk");
        var backup = Directory.GetFiles(lost.Settings.FleetPaths.Directory)
            .ToDictionary(file => Path.GetFileName(file), File.ReadAllBytes);
        await lost.Stop();
        Fleet.Forget(lost);

        var next = await Fleet.Add($"address = \"{address}\"");
        Directory.CreateDirectory(next.Settings.FleetPaths.Directory);
        foreach (var (name, bytes) in backup)
            await File.WriteAllBytesAsync(Path.Combine(next.Settings.FleetPaths.Directory, name), bytes);
        next.Get<FleetHost>().Enter(next.Get<FleetStore>().Find().Value!);

        await FleetAgents.IsMemberOf(next, 2);
        var third = await Fleet.Add();
        await FleetAgents.Join(third, next, "host3");
        await FleetAgents.IsMemberOf(agents[1], 3);
        await next.Get<FleetTokens>().Revoke(new HostName("host3"), CancellationToken.None);
        await FleetAgents.IsMemberOf(agents[1], 2);
    }

    [Fact]
    public async Task Every_host_names_the_one_that_has_the_authority_and_refuses_what_only_that_does()
    {
        var agents = await Fleet.Form(2);
        var address = FleetAgents.AddressOf(agents[0]);

        foreach (var agent in agents)
        {
            var status = await new Fleets.FleetsClient(agent.AdminChannel).GetStatusAsync(new GetFleetStatusRequest());
            Assert.Equal(("host1", address.ToString()), (status.AuthorityHost, status.AuthorityAddress));
        }
        var refused = Assert.Throws<RefusedException>(() => agents[1].Get<FleetTokens>().Make(TimeSpan.FromHours(1)));
        Assert.Contains($"host1 at {address}", refused.Refusal.Why, StringComparison.Ordinal);
    }
}

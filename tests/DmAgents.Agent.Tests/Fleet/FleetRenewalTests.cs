using DmAgents.Actors.Fleet;
using DmAgents.Agent.Fleet;
using DmAgents.Agent.Tests.Support;
using DmAgents.Api.Admin.V1;
using Microsoft.Extensions.DependencyInjection;
using FleetStatus = DmAgents.Api.Admin.V1.FleetStatus;

namespace DmAgents.Agent.Tests.Fleet;

/// <summary>Certificates are renewed by themselves, and what comes back comes back to the fleet as it is.</summary>
public sealed class FleetRenewalTests : IAsyncLifetime
{
    private readonly FleetAgents _fleet = new();
    private readonly OffsetClock _clock = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _fleet.DisposeAsync();

    [Fact]
    public async Task Hosts_renew_their_certificates_after_two_thirds_of_their_life()
    {
        var (issuer, member) = await Formed();
        var before = Certificates(issuer, member);
        await member.Stop();
        await issuer.Stop();

        _clock.Offset = TimeSpan.FromDays(65);
        var nextIssuer = await Next(issuer);
        var nextMember = await Next(member);

        await FleetAgents.IsMemberOf(nextIssuer, 2);
        await Eventually(() => Certificates(nextIssuer, nextMember)
            .Zip(before, (after, old) => after.Serial != old.Serial).All(isNew => isNew));
        await FleetAgents.IsMemberOf(nextIssuer, 2);
        await FleetAgents.IsMemberOf(nextMember, 2);
        foreach (var (after, old) in Certificates(nextIssuer, nextMember).Zip(before))
        {
            Assert.Equal(old.Key, after.Key);
            Assert.InRange(after.NotAfter - old.NotAfter, TimeSpan.FromDays(64), TimeSpan.FromDays(66));
        }
        Assert.Equal("good", (await StatusOf(nextMember)).Certificate.Condition);
        // The new one is that of the next start, too.
        var renewed = Certificates(nextMember)[0].Serial;
        await nextMember.Stop();
        Assert.Equal(renewed, Certificates(await Next(nextMember))[0].Serial);
    }

    [Fact]
    public async Task A_host_whose_certificate_ended_says_so_and_joins_again_by_a_token()
    {
        var (issuer, member) = await Formed();
        await member.Stop();
        await issuer.Stop();
        _clock.Offset = TimeSpan.FromDays(91);
        var nextIssuer = await Next(issuer);
        // The host that has the authority needs no one else's word.
        await Eventually(() => Certificates(nextIssuer)[0].NotAfter > _clock.GetUtcNow());

        var next = await Next(member);

        await Eventually(() => next.Get<FleetRefresh>().Refusal is not null);
        var status = await StatusOf(next);
        Assert.Equal("ended", status.Certificate.Condition);
        Assert.Contains("host2 ended at", status.Certificate.Why, StringComparison.Ordinal);
        Assert.Contains("join again", status.Certificate.Next, StringComparison.Ordinal);
        Assert.Contains("expired at", status.AuthorityUnreachableWhy, StringComparison.Ordinal);

        await FleetAgents.Join(next, nextIssuer, "host2");

        await FleetAgents.IsMemberOf(next, 2);
        Assert.Equal("good", (await StatusOf(next)).Certificate.Condition);
    }

    /// <summary>By the seeds of its first day, which were itself alone, it would make a second fleet.</summary>
    [Fact]
    public async Task The_host_that_made_the_fleet_comes_back_to_the_others_after_its_system_ended()
    {
        var (issuer, member) = await Formed();
        var first = issuer.Get<FleetBoard>().Current.View!;

        await issuer.Get<FleetKeeper>().System!.Terminate();

        await FleetAgents.When(issuer, status => status.View is { } view && view.IsUp
            && view.Members[view.Self].Uid != first.Members[first.Self].Uid);
        await FleetAgents.IsMemberOf(issuer, 2);
        await FleetAgents.IsMemberOf(member, 2);
    }

    private async Task<(ServedAgent Issuer, ServedAgent Member)> Formed()
    {
        var issuer = await _fleet.Add(services: WithClock);
        await FleetAgents.Make(issuer, "prod", "host1");
        var member = await _fleet.Add(services: WithClock);
        await FleetAgents.Join(member, issuer, "host2");
        await FleetAgents.IsMemberOf(issuer, 2);
        return (issuer, member);
    }

    private async Task<ServedAgent> Next(ServedAgent stopped) =>
        _fleet.Replace(stopped, await stopped.Next(WithClock));

    private void WithClock(IServiceCollection services) => services.AddSingleton<TimeProvider>(_clock);

    private static DmAgents.Fleet.Certificates.HostCertificate[] Certificates(params ServedAgent[] agents) =>
        [.. agents.Select(agent => agent.Get<FleetIdentity>().Current!.HostCertificate)];

    private static async Task<FleetStatus> StatusOf(ServedAgent agent) =>
        await new Fleets.FleetsClient(agent.AdminChannel).GetStatusAsync(new GetFleetStatusRequest());

    private static async Task Eventually(Func<bool> holds)
    {
        using var patience = new CancellationTokenSource(FleetAgents.Patience);
        while (!holds())
            await Task.Delay(20, patience.Token);
    }
}

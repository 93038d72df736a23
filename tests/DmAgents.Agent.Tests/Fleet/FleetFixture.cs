using DmAgents.Agent.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace DmAgents.Agent.Tests.Fleet;

/// <summary>A fleet of two, another fleet of one with the same name, and an agent that is in none.</summary>
public sealed class FleetFixture : IAsyncLifetime
{
    private readonly FleetAgents _fleet = new();

    /// <summary>host1, which made the fleet.</summary>
    internal ServedAgent Issuer { get; private set; } = null!;

    internal OffsetClock IssuersClock { get; } = new();

    /// <summary>host2.</summary>
    internal ServedAgent Member { get; private set; } = null!;

    internal ServedAgent OtherIssuer { get; private set; } = null!;

    internal ServedAgent Outsider { get; private set; } = null!;

    internal OffsetClock OutsidersClock { get; } = new();

    public async Task InitializeAsync()
    {
        Issuer = await _fleet.Add(services: with => with.AddSingleton<TimeProvider>(IssuersClock));
        await FleetAgents.Make(Issuer, "prod", "host1");
        Member = await _fleet.Add();
        await FleetAgents.Join(Member, Issuer, "host2");
        OtherIssuer = await _fleet.Add();
        await FleetAgents.Make(OtherIssuer, "prod", "host1");
        Outsider = await _fleet.Add(services: with => with.AddSingleton<TimeProvider>(OutsidersClock));
        await FleetAgents.IsMemberOf(Issuer, 2);
    }

    public async Task DisposeAsync() => await _fleet.DisposeAsync();
}

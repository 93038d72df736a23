using DmAgents.Actors.Fleet;
using DmAgents.Agent.Fleet.Inventory;
using DmAgents.Agent.Fleet.Talks;
using DmAgents.Fleet.Joining;

namespace DmAgents.Agent.Fleet;

/// <summary>The parts of the daemon that make it a member of a fleet.</summary>
internal static class FleetServices
{
    public static void Add(IServiceCollection services)
    {
        services.AddSingleton<FleetBoard>();
        services.AddSingleton<FleetKeeper>();
        services.AddSingleton<FleetIdentity>();
        services.AddSingleton<FleetEntityAccess>();
        services.AddSingleton<FleetStore>();
        services.AddSingleton<FleetListener>();
        services.AddSingleton<FleetOutcasts>();
        services.AddSingleton<FleetTwins>();
        services.AddSingleton(provider => new JoinClient(
            FleetConnections.ConnectAsync, provider.GetRequiredService<TimeProvider>(), JoinLimits.Default));
        // Created when they are run: they depend on the host that runs them.
        services.AddSingleton<Func<IEnumerable<IFleetPart>>>(provider => provider.GetServices<IFleetPart>);
        services.AddSingleton<FleetHost>();
        services.AddSingleton<FleetRenewal>();
        services.AddSingleton<FleetRefresh>();
        services.AddSingleton<IFleetPart, FleetWatchPart>();
        services.AddSingleton<IFleetPart, FleetJoinPart>();
        services.AddSingleton<IFleetPart>(provider => provider.GetRequiredService<FleetRenewal>());
        services.AddSingleton<IFleetPart>(provider => provider.GetRequiredService<FleetRefresh>());
        services.AddSingleton<DropQuestions>();
        services.AddSingleton<LayerDigests>();
        services.AddSingleton<HostInventories>();
        services.AddSingleton<AnnouncementSender>();
        services.AddSingleton<FleetLookup>();
        services.AddSingleton<IFleetPart, HostAnnouncements>();
        services.AddSingleton<IFleetPart, FleetAbsences>();
        services.AddSingleton<HostTalks>();
        services.AddSingleton<HostAsker>();
        services.AddSingleton<FleetPeers>();
        services.AddSingleton<FleetEvents>();
        services.AddSingleton<FleetImages>();
        services.AddSingleton<TransferCancelling>();
        services.AddSingleton<FleetAddresses>();
        services.AddSingleton<FleetEntrance>();
        services.AddSingleton<FleetMaker>();
        services.AddSingleton<FleetTokens>();
        services.AddSingleton<FleetJoiner>();
        services.AddSingleton<FleetLeaver>();
        services.AddHostedService(provider => provider.GetRequiredService<FleetHost>());
    }
}

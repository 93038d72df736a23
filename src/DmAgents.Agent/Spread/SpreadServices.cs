namespace DmAgents.Agent.Spread;

/// <summary>The parts of the daemon that spread images and containers over the fleet.</summary>
internal static class SpreadServices
{
    public static void Add(IServiceCollection services)
    {
        services.AddSingleton<FleetMadeImages>();
        services.AddSingleton<CopyOrders>();
        services.AddSingleton<ReleaseOrders>();
        services.AddSingleton<ContainerOrders>();
        services.AddSingleton<HostOrderDesk>();
        // Created when the host enters its fleet: its parts depend on the host that runs them.
        services.AddSingleton<Func<HostOrderDesk>>(provider => provider.GetRequiredService<HostOrderDesk>);
        services.AddSingleton<ImageSpread>();
        services.AddSingleton<ContainerPlacing>();
        services.AddSingleton<LastCopies>();
        services.AddSingleton<LoneCopies>();
        services.AddSingleton<ImageRemoval>();
        services.AddSingleton<ImageNaming>();
    }
}

using DmAgents.Agent.Configuration;
using DmAgents.Agent.Fleet;
using DmAgents.Transfer.Pacing;

namespace DmAgents.Agent.Transfers;

/// <summary>The parts of the daemon that bring layers from host to host.</summary>
internal static class TransferServices
{
    public static void Add(IServiceCollection services)
    {
        services.AddSingleton<ContentMaps>();
        services.AddSingleton<ReceivedLayers>();
        services.AddSingleton<CopySources>();
        services.AddSingleton<PoolLayerSources>();
        services.AddSingleton<ImageOffers>();
        services.AddSingleton<ImageTalks>();
        services.AddSingleton<ImageOrders>();
        services.AddSingleton<Services.ImagePushes>();
        services.AddSingleton<LayerOffers>();
        services.AddSingleton<ILayerLocations, BucketLocations>();
        services.AddSingleton<LayerSearch>();
        services.AddSingleton<PeerLayers>();
        services.AddSingleton(provider => new HostBandwidth(
            (long?)provider.GetRequiredService<AgentSettings>().Fleet.TransferRate?.Bytes,
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<LayerPort>();
        services.AddSingleton<ILayerPeers, FleetLayerPeers>();
        services.AddSingleton<IFleetPart, FleetLayersPart>();
        services.AddSingleton<CopyFiles>();
        services.AddSingleton<ImageQuestions>();
        services.AddSingleton<ImageCopier>();
        services.AddSingleton<ImageCopies>();
        services.AddHostedService(provider => provider.GetRequiredService<ImageCopies>());
    }
}

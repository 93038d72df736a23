using DmAgents.Agent.Containerd;
using DmAgents.Agent.Hosting;
using OpenTelemetry.Metrics;

namespace DmAgents.Agent.Metrics;

/// <summary>Serves metrics to Prometheus: only at an address of its own, and only if one is configured.</summary>
internal static class MetricsHost
{
    public static void Add(IServiceCollection services)
    {
        services.AddMetrics();
        services.AddSingleton<PoolMeters>();
        services.AddSingleton<TransferMeters>();
        services.AddSingleton<SnapshotMeter>();
        services.AddGrpc().AddServiceOptions<SnapshotsService>(grpc => grpc.Interceptors.Add<SnapshotMeter>());
        services.AddOpenTelemetry().WithMetrics(metrics => metrics
            .AddMeter(PoolMeters.Name, "System.Runtime")
            .AddPrometheusExporter());
    }

    public static void Use(WebApplication app)
    {
        _ = app.Services.GetRequiredService<PoolMeters>();
        _ = app.Services.GetRequiredService<TransferMeters>();
        app.UseOpenTelemetryPrometheusScrapingEndpoint(context =>
            context.Features.Get<SocketFeature>() is null && context.Request.Path == "/metrics");
    }
}

using DmAgents.Actors.Events;
using DmAgents.Actors.Hosts;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Configuration;
using DmAgents.Agent.Containerd;
using DmAgents.Agent.Exports;
using DmAgents.Agent.Fleet;
using DmAgents.Agent.Imports;
using DmAgents.Agent.Metrics;
using DmAgents.Agent.Registries;
using DmAgents.Agent.Services;
using DmAgents.Agent.Spread;
using DmAgents.Agent.Transfers;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Kernel.FileTrees;
using DmAgents.Kernel.Files;
using DmAgents.Kernel.Hosts;
using DmAgents.Kernel.Processes;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging.Console;

namespace DmAgents.Agent.Hosting;

/// <summary>Assembles the daemon.</summary>
internal static class AgentHost
{
    /// <summary>Of the agent's own events at its start.</summary>
    internal const string LogCategory = "dmagentd";

    /// <summary>Requests contain names and numbers, image configurations at most.</summary>
    private const int MaxMessage = 4 * 1024 * 1024;

    /// <summary>Concurrent calls on one connection; more wait.</summary>
    private const int MaxCalls = 4096;

    /// <param name="more">Further services, for tests.</param>
    public static WebApplication Build(
        AgentSettings settings, HostReport host, IKernel kernel, StartReport report,
        Action<IServiceCollection>? more = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        ConfigureLogging(builder, settings);
        builder.Services.AddSystemd();
        builder.Services.Configure<HostOptions>(options =>
            options.ShutdownTimeout = 3 * settings.StopDeadline + TimeSpan.FromSeconds(10));
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            // containerd sends all its calls over one connection.
            kestrel.Limits.Http2.MaxStreamsPerConnection = MaxCalls;
            Listen(kestrel, settings.AdminSocket, SocketRole.Admin);
            Listen(kestrel, settings.Containerd.Socket, SocketRole.Containerd);
            if (settings.MetricsEndPoint is { } metrics)
                kestrel.Listen(metrics, listen => listen.Protocols = HttpProtocols.Http1);
        });
        builder.Services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = MaxMessage;
            grpc.Interceptors.Add<PeerCheck>();
            grpc.Interceptors.Add<RefusalInterceptor>();
        });
        AddServices(builder.Services, settings, host, kernel);
        if (settings.MetricsEndPoint is not null)
            MetricsHost.Add(builder.Services);
        builder.Services.AddSingleton(report);
        more?.Invoke(builder.Services);
        var app = builder.Build();
        app.MapGrpcService<HostsService>();
        app.MapGrpcService<PoolsService>();
        app.MapGrpcService<ImagesService>();
        app.MapGrpcService<LayersService>();
        app.MapGrpcService<ContainersService>();
        app.MapGrpcService<EventsService>();
        app.MapGrpcService<FleetService>();
        app.MapGrpcService<TransfersService>();
        app.MapGrpcService<RegistriesService>();
        app.MapGrpcService<SpreadService>();
        app.MapGrpcService<InventoryService>();
        app.MapGrpcService<SnapshotsService>();
        if (settings.MetricsEndPoint is not null)
            MetricsHost.Use(app);
        app.Lifetime.ApplicationStarted.Register(() => OpenSockets(app.Services));
        return app;
    }

    /// <summary>Serves until cancelled. If cancelled during the start, stops in order what has begun.</summary>
    public static async Task Run(WebApplication app, StartReport report, CancellationToken end)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(end, app.Lifetime.ApplicationStopping);
        using var stops = stop.Token.Register(report.Stops);
        try
        {
            await app.StartAsync(end).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (IsToEnd(app, end))
        {
            await app.StopAsync(CancellationToken.None).ConfigureAwait(false);
            return;
        }
        report.Done();
        await app.WaitForShutdownAsync(end).ConfigureAwait(false);
    }

    private static bool IsToEnd(WebApplication app, CancellationToken end) =>
        end.IsCancellationRequested || app.Lifetime.ApplicationStopping.IsCancellationRequested;

    private static void AddServices(
        IServiceCollection services, AgentSettings settings, HostReport host, IKernel kernel)
    {
        services.AddSingleton(settings);
        services.AddSingleton(settings.Pools);
        services.AddSingleton(host);
        services.AddSingleton(kernel);
        services.AddSingleton<IDurableFiles, LinuxDurableFiles>();
        services.AddSingleton<IFileTrees, LinuxFileTrees>();
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(AdminGroup.Find(settings.AdminGroup));
        services.AddSingleton(AgentClock.OfProcess(TimeProvider.System));
        services.AddSingleton<PoolBoard>();
        services.AddSingleton<HostEventLog>();
        services.AddSingleton(provider => new HostPools(
            provider.GetRequiredService<PoolBoard>(), settings.RequestTimeout,
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<PoolGateway>();
        services.AddSingleton<UsageReader>();
        services.AddSingleton<SnapshotUsages>();
        services.AddSingleton<RemoteLayers>();
        services.AddSingleton<PoolViews>();
        services.AddSingleton<FleetViews>();
        AddUseCases(services);
        TransferServices.Add(services);
        services.AddHostedService(provider => provider.GetRequiredService<RemoteLayers>());
        services.AddHostedService<ActorsHost>();
        services.AddHostedService(provider => provider.GetRequiredService<BackupKeeper>());
        FleetServices.Add(services);
        SpreadServices.Add(services);
    }

    private static void AddUseCases(IServiceCollection services)
    {
        services.AddSingleton<JournalDisk>();
        services.AddSingleton<OwnerlessPools>();
        services.AddSingleton<PoolCreator>();
        services.AddSingleton<PoolGrower>();
        services.AddSingleton<SpareDisks>();
        services.AddSingleton<PoolInspector>();
        services.AddSingleton<PoolChecker>();
        services.AddSingleton<PoolTrimmer>();
        services.AddSingleton<QuarantinedThins>();
        services.AddSingleton<MetadataRepairTrials>();
        services.AddSingleton<MetadataRepairer>();
        services.AddSingleton<BackupProver>();
        services.AddSingleton<BackupKeeper>();
        services.AddSingleton<OperatorBackups>();
        services.AddSingleton<AdoptionSearch>();
        services.AddSingleton<PoolAdopter>();
        services.AddSingleton<DockerTakeover>();
        services.AddSingleton<ImageFinder>();
        services.AddSingleton<ImageImporter>();
        services.AddSingleton<ContainerCommitter>();
        services.AddSingleton<LayerTrees>();
        services.AddSingleton<ContainerDiffer>();
        services.AddSingleton<ImageExporter>();
        services.AddSingleton<IImageTransport, SkopeoTransport>();
        services.AddSingleton<RegistryTransport>();
        services.AddSingleton<ImagePuller>();
        services.AddSingleton<ImagePusher>();
    }

    private static void ConfigureLogging(WebApplicationBuilder builder, AgentSettings settings)
    {
        builder.Logging.ClearProviders();
        builder.Logging.SetMinimumLevel(settings.LogLevel);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Logging.AddFilter("Grpc", LogLevel.Warning);
        builder.Logging.AddConsole(console => console.FormatterName = settings.LogFormat switch
        {
            LogFormat.Json when SystemdHelpers.IsSystemdService() => JsonLines.ForJournal,
            LogFormat.Json => JsonLines.ForPrograms,
            _ when SystemdHelpers.IsSystemdService() => TextLines.ForJournal,
            _ => TextLines.ForPeople,
        });
        builder.Services.AddSingleton<ConsoleFormatter>(new TextLines(TextLines.ForPeople, TimeProvider.System));
        builder.Services.AddSingleton<ConsoleFormatter>(new TextLines(TextLines.ForJournal, TimeProvider.System));
        builder.Services.AddSingleton<ConsoleFormatter>(new JsonLines(JsonLines.ForPrograms, TimeProvider.System));
        builder.Services.AddSingleton<ConsoleFormatter>(new JsonLines(JsonLines.ForJournal, TimeProvider.System));
    }

    private static void Listen(KestrelServerOptions kestrel, string socket, SocketRole role)
    {
        PrepareSocket(socket);
        kestrel.ListenUnixSocket(socket, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.Use(next => connection =>
            {
                connection.Features.Set(new SocketFeature(role));
                return next(connection);
            });
        });
    }

    /// <summary>Deletes the socket of a dead agent, which would block a new one; the lock of the state directory proves
    /// that no other agent runs.</summary>
    private static void PrepareSocket(string socket)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(socket)!);
        File.Delete(socket);
    }

    private static void OpenSockets(IServiceProvider services)
    {
        var settings = services.GetRequiredService<AgentSettings>();
        if (services.GetRequiredService<AdminGroup>().Id is { } group)
            SocketOwner.Give(settings.AdminSocket, group);
        File.SetUnixFileMode(settings.AdminSocket,
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite);
        File.SetUnixFileMode(settings.Containerd.Socket, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        services.GetRequiredService<ILoggerFactory>().CreateLogger(LogCategory).Serves(
            AgentVersion.Text, settings.AdminSocket, settings.Containerd.Socket);
    }
}

using System.Net.Sockets;
using DmAgents.Actors.Pools;
using DmAgents.Actors.Tests.Support;
using DmAgents.Agent.Configuration;
using DmAgents.Agent.Hosting;
using DmAgents.Agent.UseCases;
using DmAgents.Api.Containerd.Snapshots.V1;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Pools.Effects;
using DmAgents.Domain.Ports.FileTrees;
using DmAgents.Domain.Units;
using DmAgents.Kernel.Hosts;
using DmAgents.Testing.Faults;
using DmAgents.Testing.Simulation;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace DmAgents.Agent.Tests.Support;

/// <summary>The daemon as it is composed, journal and sockets and all, on a simulated kernel; with one pool.</summary>
internal sealed class ServedAgent : IAsyncDisposable
{
    public static readonly PoolName Pool = new("test-pool");

    private readonly string _directory;
    private readonly WebApplication _app;
    private readonly GrpcChannel _channel;
    private Task? _end;

    private ServedAgent(
        string directory, AgentSettings settings, SimulatedKernel simulated, Action<IServiceCollection>? more = null)
    {
        _directory = directory;
        Settings = settings;
        Simulated = simulated;
        var kernel = new FaultyKernel(simulated);
        Kernel = kernel;
        Report = new StartReport(Systemd, _ => { }, TimeProvider.System);
        _app = AgentHost.Build(
            settings, new HostReport("6.1", IsRoot: true, null, null, null, []), kernel, Report, services =>
            {
                services.AddSingleton<IFileTrees, FoldersAsMounts>();
                services.AddSingleton(ShakenThreads.Settings);
                more?.Invoke(services);
            });
        _channel = ChannelTo(settings.Containerd.Socket);
        AdminChannel = ChannelTo(settings.AdminSocket);
        Snapshots = new Snapshots.SnapshotsClient(_channel);
    }

    public AgentSettings Settings { get; }

    /// <summary>The host, which outlives the agent.</summary>
    public SimulatedKernel Simulated { get; }

    public FaultyKernel Kernel { get; }

    /// <summary>What systemd was told.</summary>
    public Notifier Systemd { get; } = new();

    public StartReport Report { get; }

    public Snapshots.SnapshotsClient Snapshots { get; }

    public GrpcChannel AdminChannel { get; }

    public CallInvoker Invoker => _channel.CreateCallInvoker();

    public PoolGateway Gateway => Get<PoolGateway>();

    /// <summary>A part of the daemon.</summary>
    public T Get<T>()
        where T : notnull => _app.Services.GetRequiredService<T>();

    public PoolPicture Picture => Gateway.Board.Find(Pool)!;

    public PoolContents State => Picture.State;

    /// <param name="more">Settings besides, in HOCON.</param>
    /// <param name="services">Services besides.</param>
    /// <param name="blocks">The pool's.</param>
    /// <param name="change">What no text can say of the settings.</param>
    /// <param name="data">The pool's space; null: 1 GiB.</param>
    public static async Task<ServedAgent> Start(
        string more = "", Action<IServiceCollection>? services = null, PoolBlockSize? blocks = null,
        Func<AgentSettings, AgentSettings>? change = null, ByteSize? data = null)
    {
        // Short: the path of a Unix socket has 107 bytes.
        var directory = Directory.CreateTempSubdirectory("dma-").FullName;
        var file = Path.Combine(directory, "agent.conf");
        await File.WriteAllTextAsync(file, $$"""
            dmagents {
              state-directory = "{{directory}}/state"
              admin.socket = "{{directory}}/admin.sock"
              containerd.socket = "{{directory}}/containerd.sock"
              pool.base-size = "64MiB"
              log-level = "warning"
              {{more}}
            }
            """);
        var settings = SettingsReader.Read(file);
        settings = change?.Invoke(settings) ?? settings;
        Directory.CreateDirectory(settings.StateDirectory);
        JournalDatabase.Prepare(settings);
        var simulated = new SimulatedKernel();
        simulated.AddDisk("/dev/sda", ByteSize.GiB(2));
        simulated.AddDisk("/dev/sdb", ByteSize.MiB(64));
        simulated.AddDisk("/dev/sdc", ByteSize.GiB(1));
        var agent = new ServedAgent(directory, settings, simulated, services);
        await agent._app.StartAsync();
        await agent.MakePool(settings.BaseSize, blocks ?? PoolBlockSize.Default, data ?? ByteSize.GiB(1));
        return agent;
    }

    /// <summary>The next agent on the same host, after <see cref="Stop"/>.</summary>
    public async Task<ServedAgent> Next(Action<IServiceCollection>? more = null)
    {
        var agent = Following(more);
        await agent._app.StartAsync();
        return agent;
    }

    /// <summary>As <see cref="Next"/>, not started.</summary>
    public ServedAgent Following(
        Action<IServiceCollection>? more = null, Func<AgentSettings, AgentSettings>? change = null)
    {
        JournalDatabase.Prepare(Settings);
        return new ServedAgent(_directory, change?.Invoke(Settings) ?? Settings, Simulated, more);
    }

    /// <summary>As the daemon's main program.</summary>
    public Task Run(CancellationToken end) => AgentHost.Run(_app, Report, end);

    /// <summary>What systemd's stop begins with.</summary>
    public void BeginStop() => _app.Lifetime.StopApplication();

    /// <summary>The agent ends; what it left on the host stays.</summary>
    /// <remarks>Its clients end after it: before, they would cancel what they asked for.</remarks>
    public Task Stop() => _end ??= StopOnce();

    private async Task StopOnce()
    {
        await _app.StopAsync();
        _channel.Dispose();
        AdminChannel.Dispose();
        await _app.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
    }

    /// <summary>Past the API: what only an image's import makes.</summary>
    public async Task Do<TReply>(PoolCommand<TReply> command)
        where TReply : PoolReplies.Success => await Gateway.Ask(Pool, command, CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await Stop();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>However short the time is in which the agent has to answer.</summary>
    private async Task MakePool(ByteSize baseSize, PoolBlockSize blocks, ByteSize data)
    {
        static DiskPart Part(string disk, ByteSize size) => new(new DevicePath(disk), DiskLabel.Reserved, size.Sectors);
        var make = new PoolCommands.Initialize(
            new RequestId(Guid.NewGuid()), new PoolUuid(Guid.NewGuid()), Pool,
            new PoolBacking.Disks([Part("/dev/sda", data)], [Part("/dev/sdb", ByteSize.MiB(32))]),
            blocks, FileSystemKind.Ext4, baseSize, DateTimeOffset.UnixEpoch)
        {
            SectorSize = DiskShape.UsualSector,
        };
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        while (await Gateway.Request(Pool, make, patience.Token) is PoolReplies.Refused { Refusal: var refusal })
        {
            Assert.True(
                refusal.Kind is RefusalKind.TimedOut or RefusalKind.Busy && !patience.IsCancellationRequested,
                refusal.ToString());
        }
    }

    private static GrpcChannel ChannelTo(string socket) =>
        GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler
            {
                ConnectCallback = async (_, cancellation) =>
                {
                    var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                    await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellation);
                    return new NetworkStream(connection, ownsSocket: true);
                },
            },
        });
}

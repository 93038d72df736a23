using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Akka.Actor;
using Akka.Event;
using Akka.Remote;
using Akka.Remote.Transport;
using DmAgents.Actors.Fleet;
using DmAgents.Actors.Fleet.Entities;
using DmAgents.Actors.Tests.Support;
using DmAgents.Domain.Fleet;
using DmAgents.Fleet.Authority;
using DmAgents.Fleet.Certificates;
using DmAgents.Fleet.Peers;
using DmAgents.Fleet.Tests.Support;

namespace DmAgents.Actors.Tests.Fleet;

/// <summary>A host in a fleet on loopback: its keeper and what its board shows.</summary>
internal sealed class FleetHost : IAsyncDisposable
{
    /// <summary>Far above what anything takes on a busy machine.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Short enough for a test, and long enough for a machine that has little time.</summary>
    public static FleetTimes Times { get; } = new()
    {
        Heartbeat = TimeSpan.FromMilliseconds(250),
        AcceptablePause = TimeSpan.FromSeconds(10),
        StableAfter = TimeSpan.FromSeconds(3),
        RemovalMargin = TimeSpan.FromSeconds(1),
        Gossip = TimeSpan.FromMilliseconds(200),
        SeedRetry = TimeSpan.FromMilliseconds(500),
        JoinRetry = TimeSpan.FromSeconds(1),
        Reconnect = TimeSpan.FromMilliseconds(500),
        Connect = TimeSpan.FromSeconds(5),
        FirstBackOff = TimeSpan.FromMilliseconds(500),
        LongestBackOff = TimeSpan.FromSeconds(2),
    };

    /// <summary>Every message is written and read, also between actors of one host.</summary>
    private static readonly string SerializesAll = $$"""
        akka.actor {
          serialize-messages = on
          serializers.refuse = "{{typeof(RefusingSerializer).AssemblyQualifiedName}}"
          serialization-bindings { "System.Object" = refuse }
        }
        """;

    private readonly TestFleet _fleet;
    private X509Certificate2? _certificate;
    private PrivateKey? _key;

    /// <param name="of">What the host trusts, if that is not its own fleet.</param>
    public FleetHost(
        TestFleet fleet, string name, MemberAddress address, MemberAddress[] seeds, TestFleet? of = null,
        bool canBeCut = false, FleetEntitySettings? entities = null)
    {
        _fleet = fleet;
        Keeper = new FleetKeeper(Board, TimeProvider.System);
        Settings = new FleetSettings(fleet.Authority.Name, new HostName(name), address)
        {
            Seeds = [.. seeds],
            Times = Times,
            LogLevel = entities is null ? LogLevel.ErrorLevel : LogLevel.InfoLevel,
            LogBridge = entities is null ? typeof(NoLog) : typeof(AgentLog.Logger),
            Entities = entities,
            Overrides = (entities is null ? "" : SerializesAll) + ShakenThreads.Text,
            Adapters = canBeCut ? [ThrottleTransportAdapter.Scheme] : [],
        };
        Validator = (of ?? fleet).Validator;
    }

    public FleetBoard Board { get; } = new();

    /// <summary>What the fleet's systems logged of a host with entities.</summary>
    public AgentLog Log { get; } = new();

    public FleetKeeper Keeper { get; }

    public FleetSettings Settings { get; }

    private PeerValidator Validator { get; }

    public string Name => Settings.Host.Value;

    public FleetAddress Address => new(Settings.Address.Host, Settings.Address.Port);

    /// <summary>Addresses on loopback that nothing listens on.</summary>
    public static MemberAddress[] FreeAddresses(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(listener => listener.Start());
        var ports = listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port).Order().ToList();
        listeners.ForEach(listener => listener.Dispose());
        return [.. ports.Select(port => AddressOf($"127.0.0.1:{port}"))];
    }

    public static MemberAddress AddressOf(string text) =>
        MemberAddress.TryParse(text, out var address) ? address : throw new ArgumentException(text);

    /// <summary>Enters its fleet, with a certificate of its own.</summary>
    public void Enter() => Enter(_fleet.Host(Name, out _key));

    /// <summary>With another host's certificate and key, as a copy of its disk has them.</summary>
    public void EnterAsCopyOf(FleetHost other) => Enter(other._certificate!);

    /// <summary>With the certificate that it has.</summary>
    public void EnterAgain() => Enter(_certificate!);

    /// <summary>The same with the certificate renewed: another one for the same key.</summary>
    public void Renew()
    {
        Assert.True(HostCertificate.TryRead(_certificate!, out var shown));
        var granted = Assert.IsType<Admission.Granted>(
            _fleet.Authority.Renew(shown, TestFleet.RequestOf(_key!, Name)));
        Enter(_fleet.WithKey(granted.Certificate, _key!));
    }

    private void Enter(X509Certificate2 certificate)
    {
        _certificate = certificate;
        Keeper.Enter(new FleetEntry(Settings, certificate, Validator) { Setups = [Log] });
    }

    public async Task<FleetStatus> When(Func<FleetStatus, bool> holds)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            return await Board.When(holds, patience.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"{Name} {Board.Current.Words}; {string.Join("; ", Board.Current.Members)}");
        }
    }

    /// <summary>Is a member of a whole fleet of that many.</summary>
    public Task<FleetStatus> IsMemberOf(int count) => When(status =>
        status.Phase == FleetPhase.Member && status.Members.Length == count
        && status.View!.Side is { Standing: FleetStanding.Whole } side && side.Counted == count
        && status.Leader is not null);

    /// <summary>From here on nothing passes between this host and the others; or all does again.</summary>
    public async Task Cut(IEnumerable<FleetHost> others, bool isCut)
    {
        foreach (var other in others)
        {
            await Throttle(this, other, isCut);
            await Throttle(other, this, isCut);
        }
    }

    private static async Task Throttle(FleetHost of, FleetHost towards, bool isCut)
    {
        if (of.Keeper.System is not { } system)
            return;
        var address = new Address("akka", FleetConfig.SystemName(towards.Settings.Fleet), towards.Address.Host,
            towards.Address.Port);
        ThrottleMode mode = isCut ? Blackhole.Instance : Unthrottled.Instance;
        var provider = (IRemoteActorRefProvider)((ExtendedActorSystem)system).Provider;
        var set = await provider.Transport.ManagementCommand(
            new SetThrottle(address, ThrottleTransportAdapter.Direction.Both, mode));
        Assert.True(set);
    }

    public ValueTask DisposeAsync() => Keeper.DisposeAsync();
}

/// <summary>Takes a fleet's log and says nothing.</summary>
internal sealed class NoLog : UntypedActor
{
    protected override void OnReceive(object message)
    {
        if (message is InitializeLogger)
            Sender.Tell(new LoggerInitialized());
    }
}

using System.Security.Cryptography;
using System.Text;
using DmAgents.Actors.Fleet.Database;
using DmAgents.Actors.Fleet.Entities;
using DmAgents.Actors.Fleet.Spread;
using DmAgents.Actors.Tests.Support;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Fleet.Locations;
using DmAgents.Domain.Layers;
using DmAgents.Domain.Pools;
using DmAgents.Fleet.Tests.Support;

namespace DmAgents.Actors.Tests.Fleet.Entities;

/// <summary>Hosts of a fleet in one process with entities in one journal. Each message is written and read.</summary>
internal sealed class EntityFleet(FleetDatabase database) : IAsyncDisposable
{
    public static readonly DateTimeOffset At = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private readonly TestFleet _fleet = new();

    public List<FleetHost> Hosts { get; } = [];

    public EntityTimes Times { get; set; } = EntityTimes.Default with { LastWords = TimeSpan.FromSeconds(2) };

    public DatabaseTimes DatabaseTimes { get; set; } = DatabaseTimes.Default with
    {
        Interval = TimeSpan.FromMilliseconds(50), Retry = TimeSpan.FromMilliseconds(50),
    };

    public FleetIdentity Identity => new(_fleet.Authority.Id, _fleet.Authority.Name);

    /// <summary>How each host drives the entities on it and heeds orders; null: not at all.</summary>
    public Func<HostName, SpreadSettings>? Spread { get; set; }

    public FleetEntitySettings Settings => new(Identity, database) { Times = Times, DatabaseTimes = DatabaseTimes };

    /// <summary>Errors that no test of entities expects.</summary>
    /// <remarks>Akka's remoting and coordinators report as errors that a host has left; its heartbeats and regions warn
    /// of a machine that has little time.</remarks>
    public IEnumerable<string> Errors => Hosts.SelectMany(host => host.Log.UnexpectedErrors).Where(IsOurs);

    /// <summary>What an operator would be alarmed by.</summary>
    public List<string> Alarms => [.. Hosts.SelectMany(host => host.Log.Alarms).Where(IsOurs)];

    public static ChainId Layer(int number) => new(Digest.Of(Encoding.UTF8.GetBytes($"layer {number}")));

    /// <summary>Numbers of layers that are in different buckets.</summary>
    public static IEnumerable<int> Apart(int count) => Enumerable.Range(0, int.MaxValue)
        .DistinctBy(number => LayerBucket.Of(Layer(number))).Take(count);

    public static ContentDigest Content(int number) =>
        new(SHA256.HashData(Encoding.UTF8.GetBytes($"content {number}")));

    public static LayerHolding Holding(int layer, bool verified = true) => new(Layer(layer), Content(layer), verified);

    public static Stamp Stamped(ulong sequence, ulong incarnation = 1) => new(new Incarnation(incarnation), sequence);

    /// <summary>Starts hosts, and waits until they are one fleet whose database takes changes.</summary>
    public async Task Form(int count)
    {
        var addresses = FleetHost.FreeAddresses(count);
        Hosts.AddRange(addresses.Select((address, index) => new FleetHost(
            _fleet, $"web{index + 1}", address, addresses,
            entities: Settings with { Spread = Spread?.Invoke(new HostName($"web{index + 1}")) })));
        Hosts.ForEach(host => host.Enter());
        await IsFormed();
    }

    /// <summary>All hosts end, in order, and start again.</summary>
    /// <param name="between">While none is there.</param>
    public async Task Restart(Action? between = null)
    {
        foreach (var host in Hosts)
            await host.Keeper.LeaveAsync(CancellationToken.None);
        between?.Invoke();
        Hosts.ForEach(host => host.EnterAgain());
        await IsFormed();
    }

    private async Task IsFormed()
    {
        foreach (var host in Hosts)
        {
            await host.IsMemberOf(Hosts.Count);
            await Status(host, status => status.Why != DatabaseStatus.Initial("", default).Why);
        }
    }

    public static async Task<DatabaseStatus> Status(FleetHost host, Func<DatabaseStatus, bool> holds)
    {
        // The host may be a member a moment before its keeper has the system.
        await Eventually.Holds(() => host.Keeper.Entities is not null, () => $"{host.Name} has no entities");
        using var patience = new CancellationTokenSource(FleetHost.Patience);
        return await host.Keeper.Entities!.Database.When(holds, patience.Token);
    }

    public static async Task<LocationReply> Done(FleetHost host, LayerBucket bucket, LocationCommand command) =>
        Reply(await host.Keeper.Entities!.Ask(bucket, command, CancellationToken.None));

    public static async Task<HostReply> Done(FleetHost host, HostName ledger, HostCommand command) =>
        Reply(await host.Keeper.Entities!.Ask(ledger, command, CancellationToken.None));

    /// <summary>Announces layers of one bucket as a whole.</summary>
    public static async Task<LocationReply> Announce(
        FleetHost host, string of, ulong sequence, params LayerHolding[] holdings) =>
        Reply(await host.Keeper.Entities!.Announce(
            LayerBucket.Of(holdings[0].Layer), new HostName(of),
            LayerAnnouncement.Everything(Stamped(sequence), holdings), At, CancellationToken.None));

    public static async Task<LocationReplies.Located> Locate(FleetHost host, ChainId layer) =>
        Assert.IsType<LocationReplies.Located>(
            await Done(host, LayerBucket.Of(layer), new LocationCommands.Locate(layer, At)));

    public static TReply Reply<TReply>(EntityAnswer<TReply> answer)
        where TReply : class
    {
        Assert.True(answer.Refusal is null, answer.Refusal?.ToString());
        return answer.Reply!;
    }

    public static Refusal Refused<TReply>(EntityAnswer<TReply> answer)
        where TReply : class
    {
        Assert.True(answer.Reply is null, answer.Reply?.ToString());
        return answer.Refusal!;
    }

    private static bool IsOurs(string error) => !_akkas.Any(source => error.Contains(source, StringComparison.Ordinal));

    private static readonly string[] _akkas =
    [
        "remoting-terminator", "/endpointManager", "singleton/coordinator", "eartbeat", "Requested shard homes",
        "Trying to register to coordinator",
    ];

    public async ValueTask DisposeAsync()
    {
        var errors = Errors.ToList();
        foreach (var host in Hosts)
            await host.DisposeAsync();
        _fleet.Dispose();
        Assert.True(errors.Count == 0, string.Join('\n', errors));
    }
}

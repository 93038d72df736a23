using DmAgents.Actors.Fleet.Database;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Locations;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Tests.Fleet.Entities;

/// <summary>What the fleet's entities do while their database is away, and whose database they take.</summary>
public sealed class GateTests : IAsyncLifetime
{
    private readonly SqliteDatabase _database = new();
    private readonly EntityFleet _fleet;

    public GateTests() => _fleet = new EntityFleet(_database);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        try
        {
            await _fleet.DisposeAsync();
        }
        finally
        {
            _database.Dispose();
        }
    }

    [Fact]
    public async Task While_the_database_is_away_changes_are_refused_at_once_and_memory_is_read()
    {
        await _fleet.Form(2);
        var layers = EntityFleet.Apart(40).ToList();
        foreach (var layer in layers[..20])
            await EntityFleet.Announce(_fleet.Hosts[0], "web1", 1, EntityFleet.Holding(layer));

        var alarms = _fleet.Alarms;
        _database.GoAway();
        foreach (var host in _fleet.Hosts)
            await EntityFleet.Status(host, status => status.Phase == DatabasePhase.Away);

        foreach (var host in _fleet.Hosts)
        {
            foreach (var layer in layers[..20])
            {
                Assert.Single((await EntityFleet.Locate(host, EntityFleet.Layer(layer))).Copies);
                Away(await Announce(host, layer, sequence: 2), "cannot change locations");
                // The refusal leaves the entity as it was, in memory.
                Assert.Single((await EntityFleet.Locate(host, EntityFleet.Layer(layer))).Copies);
            }
            foreach (var layer in layers[20..])
                Away(await Announce(host, layer, sequence: 2), "cannot reach locations");
        }
        // Each host says once that it is away, and not a word of what it refuses.
        await WatchesSay(alarms, count: 2);

        _database.ComeBack();
        foreach (var host in _fleet.Hosts)
            await EntityFleet.Status(host, status => status.IsReady);
        foreach (var layer in layers)
        {
            Assert.IsType<LocationReplies.Heard>(EntityFleet.Reply(await Announce(_fleet.Hosts[1], layer, sequence: 2)));
            Assert.Single((await EntityFleet.Locate(_fleet.Hosts[0], EntityFleet.Layer(layer))).Copies);
        }
    }

    [Fact]
    public async Task A_write_that_the_database_does_not_take_is_refused_and_closes_the_gate()
    {
        // It looks so seldom that only the failed write makes it look.
        _fleet.DatabaseTimes = DatabaseTimes.Default with
        {
            Interval = TimeSpan.FromHours(1), Retry = TimeSpan.FromMilliseconds(50),
        };
        await _fleet.Form(1);
        var host = _fleet.Hosts[0];
        await EntityFleet.Announce(host, "web1", 1, EntityFleet.Holding(0));
        var alarms = _fleet.Alarms;

        _database.GoAway();
        var refusal = EntityFleet.Refused(await Announce(host, 0, sequence: 2, verified: false));

        Assert.Equal(RefusalKind.TimedOut, refusal.Kind);
        Assert.Contains("connection refused", refusal.Why, StringComparison.Ordinal);
        var status = await EntityFleet.Status(host, status => status.Phase == DatabasePhase.Away);
        Assert.Contains("is away since", status.Words, StringComparison.Ordinal);
        await WatchesSay(alarms, count: 1);

        _database.ComeBack();
        await EntityFleet.Status(host, status => status.IsReady);
        Assert.IsType<LocationReplies.Heard>(
            EntityFleet.Reply(await Announce(host, 0, sequence: 2, verified: false)));
    }

    [Fact]
    public async Task A_database_of_another_fleet_is_refused_by_name()
    {
        _database.Owner = new FleetIdentity(new FleetId(Guid.NewGuid()), new FleetName("test"));
        await _fleet.Form(1);
        var host = _fleet.Hosts[0];

        var refusal = EntityFleet.Refused(await Announce(host, 0, sequence: 1));

        Assert.Contains($"it belongs to the fleet test ({_database.Owner.Value.Id})", refusal.Why,
            StringComparison.Ordinal);
        Assert.Contains($"this host is in the fleet prod ({_fleet.Identity.Id})", refusal.Why, StringComparison.Ordinal);
        Assert.NotEmpty(refusal.Next);
        Assert.Equal(0, _database.Execute("select count(*) from journal"));
    }

    [Fact]
    public async Task A_host_starts_without_the_database_and_takes_changes_when_it_comes()
    {
        _database.GoAway();
        await _fleet.Form(1);
        var host = _fleet.Hosts[0];
        var refusal = EntityFleet.Refused(await Announce(host, 0, sequence: 1));
        Assert.Contains("is not reached since", refusal.Why, StringComparison.Ordinal);

        _database.ComeBack();
        await EntityFleet.Status(host, status => status.IsReady);

        Assert.IsType<LocationReplies.Heard>(EntityFleet.Reply(await Announce(host, 0, sequence: 1)));
    }

    /// <summary>That the database is away, each once, and nothing else is said.</summary>
    private async Task WatchesSay(List<string> before, int count)
    {
        await Support.Eventually.Holds(
            () => _fleet.Alarms.Count(IsOfWatch) - before.Count(IsOfWatch) == count,
            () => string.Join('\n', _fleet.Alarms));
        Assert.DoesNotContain(_fleet.Alarms.Except(before), alarm => !IsOfWatch(alarm));
    }

    private static bool IsOfWatch(string alarm) =>
        alarm.Contains(nameof(DatabaseWatch), StringComparison.Ordinal)
        && alarm.Contains("is away since", StringComparison.Ordinal);

    private static Task<DmAgents.Actors.Fleet.Entities.EntityAnswer<LocationReply>> Announce(
        FleetHost host, int layer, ulong sequence, bool verified = true) =>
        host.Keeper.Entities!.Announce(
            LayerBucket.Of(EntityFleet.Layer(layer)), new HostName("web1"),
            LayerAnnouncement.Everything(
                EntityFleet.Stamped(sequence), [EntityFleet.Holding(layer, verified)]),
            EntityFleet.At, CancellationToken.None);

    private static void Away(DmAgents.Actors.Fleet.Entities.EntityAnswer<LocationReply> answer, string what)
    {
        var refusal = EntityFleet.Refused(answer);
        Assert.Equal(RefusalKind.WrongState, refusal.Kind);
        Assert.Equal(what, refusal.What);
        Assert.Contains("is away since", refusal.Why, StringComparison.Ordinal);
        Assert.Contains("connection refused", refusal.Why, StringComparison.Ordinal);
    }
}

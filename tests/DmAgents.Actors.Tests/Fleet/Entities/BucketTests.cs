using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Inventory;
using DmAgents.Domain.Fleet.Locations;

namespace DmAgents.Actors.Tests.Fleet.Entities;

/// <summary>Buckets of layer locations, sharded over hosts and journaled.</summary>
public sealed class BucketTests : IAsyncLifetime
{
    private readonly SqliteDatabase _database = new();
    private readonly EntityFleet _fleet;

    public BucketTests() => _fleet = new EntityFleet(_database);

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
    public async Task What_one_host_announces_is_found_from_each_and_after_all_have_restarted()
    {
        await _fleet.Form(2);
        // Enough of them that each host has some.
        foreach (var layer in EntityFleet.Apart(12))
        {
            Assert.IsType<LocationReplies.Heard>(await EntityFleet.Announce(
                _fleet.Hosts[layer % 2], "web1", 1, EntityFleet.Holding(layer)));
        }

        await Located();
        await _fleet.Restart();
        await Located();

        async Task Located()
        {
            foreach (var host in _fleet.Hosts)
            {
                foreach (var layer in EntityFleet.Apart(12))
                {
                    var copy = Assert.Single((await EntityFleet.Locate(host, EntityFleet.Layer(layer))).Copies);
                    Assert.Equal(new HostName("web1"), copy.Host);
                    Assert.Equal(EntityFleet.Content(layer), copy.Digest);
                    Assert.True(copy.Verified);
                }
            }
        }
    }

    [Fact]
    public async Task An_announcement_that_takes_several_messages_arrives_whole()
    {
        await _fleet.Form(2);
        var bucket = LayerBucket.Of(EntityFleet.Layer(0));
        LayerHolding[] holdings =
            [.. Enumerable.Range(0, 1500).Select(number => EntityFleet.Holding(number))];
        Assert.True(AnnouncementPart.Split(LayerAnnouncement.Everything(EntityFleet.Stamped(1), holdings)).Length > 3);

        // A bucket takes layers of other buckets, too: the region chooses the bucket.
        foreach (var host in _fleet.Hosts)
            Assert.IsType<LocationReplies.Heard>(await EntityFleet.Announce(host, host.Name, 1, holdings));

        foreach (var host in _fleet.Hosts)
        {
            // In several pieces, too.
            var state = EntityFleet.Reply(await host.Keeper.Entities!.Show(bucket, CancellationToken.None));
            Assert.Equal(1500, state.Layers.Count);
            Assert.All(state.Layers.All, layer => Assert.Equal(2, layer.Copies.Length));
            Assert.Equal(2, state.Hosts.Count);
        }
    }

    [Fact]
    public async Task A_message_that_is_too_large_is_refused_before_it_is_sent()
    {
        await _fleet.Form(1);
        var said = LayerAnnouncement.Everything(
            EntityFleet.Stamped(1), Enumerable.Range(0, 1000).Select(number => EntityFleet.Holding(number)));

        var refusal = EntityFleet.Refused(await _fleet.Hosts[0].Keeper.Entities!.Ask(
            new LayerBucket(0), new LocationCommands.Announce(new HostName("web1"), said, EntityFleet.At),
            CancellationToken.None));

        Assert.Contains("100000 at most", refusal.Why, StringComparison.Ordinal);
        Assert.Equal(0, _database.Execute("select count(*) from journal"));
    }

    [Fact]
    public async Task A_recovery_replays_no_more_than_came_since_the_latest_snapshot()
    {
        _fleet.Times = _fleet.Times with { EventsPerSnapshot = 10, KeptEvents = 15 };
        await _fleet.Form(1);
        for (ulong number = 1; number <= 47; number++)
        {
            await EntityFleet.Announce(
                _fleet.Hosts[0], "web1", number, EntityFleet.Holding(1, verified: number % 2 == 0));
        }

        // What was before the snapshot of event 40 follows in the background.
        await Support.Eventually.Holds(
            () => _database.Execute("select count(*) from snapshot") == 1
                && _database.Execute("select min(sequence_number) from journal where deleted = 0") == 26,
            () => $"{_database.Execute("select count(*) from snapshot")} snapshots, the first event is "
                + _database.Execute("select min(sequence_number) from journal where deleted = 0"));
        Assert.Equal(40, _database.Execute("select max(sequence_number) from snapshot"));
        // The recovery does not need them.
        await _fleet.Restart(() => _database.Execute("delete from journal where sequence_number <= 40"));
        var copy = Assert.Single((await EntityFleet.Locate(_fleet.Hosts[0], EntityFleet.Layer(1))).Copies);
        Assert.False(copy.Verified);
        await EntityFleet.Announce(_fleet.Hosts[0], "web1", 48, EntityFleet.Holding(1));
        Assert.Equal(48, _database.Execute("select max(sequence_number) from journal"));
    }

    [Fact]
    public async Task A_bucket_that_nothing_is_asked_of_leaves_memory_and_comes_back()
    {
        _fleet.Times = _fleet.Times with { Idle = TimeSpan.FromMilliseconds(300) };
        await _fleet.Form(1);
        var host = _fleet.Hosts[0];
        await EntityFleet.Announce(host, "web1", 1, EntityFleet.Holding(1));
        var bucket = LayerBucket.Of(EntityFleet.Layer(1));
        var shard = DmAgents.Actors.Fleet.Entities.EntityShards.ShardId(bucket.ToString());
        var path = $"/system/sharding/location/{shard}/{bucket}";

        await Stopped(host, path);

        Assert.Single((await EntityFleet.Locate(host, EntityFleet.Layer(1))).Copies);
    }

    [Fact]
    public async Task What_is_asked_while_a_host_leaves_is_answered_by_another()
    {
        await _fleet.Form(2);
        foreach (var layer in EntityFleet.Apart(12))
            await EntityFleet.Announce(_fleet.Hosts[1], "web2", 1, EntityFleet.Holding(layer));

        var leaving = _fleet.Hosts[0].Keeper.LeaveAsync(CancellationToken.None);

        foreach (var layer in EntityFleet.Apart(12))
            Assert.Single((await EntityFleet.Locate(_fleet.Hosts[1], EntityFleet.Layer(layer))).Copies);
        await leaving;
        foreach (var layer in EntityFleet.Apart(12))
        {
            Assert.IsType<LocationReplies.Gone>(await EntityFleet.Done(
                _fleet.Hosts[1], LayerBucket.Of(EntityFleet.Layer(layer)),
                new LocationCommands.NoteGone(new HostName("web2"), new Incarnation(1), EntityFleet.At)));
            Assert.Empty((await EntityFleet.Locate(_fleet.Hosts[1], EntityFleet.Layer(layer))).Copies);
        }
    }

    [Fact]
    public Task Of_two_instances_that_write_one_bucket_the_stale_one_is_fenced() =>
        Fencing.StaleWriterIsRefused(_fleet.Settings, "UNIQUE constraint failed");

    [Fact]
    public Task An_entity_that_comes_back_to_a_host_has_all_that_was_acknowledged() =>
        Fencing.NothingIsLostByTheWayBack(_fleet.Settings);

    private static async Task Stopped(FleetHost host, string path)
    {
        var deadline = TimeProvider.System.GetTimestamp();
        while (await IsThere())
        {
            Assert.True(
                TimeProvider.System.GetElapsedTime(deadline) < FleetHost.Patience, $"{path} is still in memory");
        }

        async Task<bool> IsThere()
        {
            try
            {
                await host.Keeper.System!.ActorSelection(path).ResolveOne(FleetHost.Patience);
                return true;
            }
            catch (Akka.Actor.ActorNotFoundException)
            {
                return false;
            }
        }
    }
}

using System.Diagnostics;
using DmAgents.Actors.Fleet.Database;
using DmAgents.Actors.Fleet.Entities;
using DmAgents.Actors.Fleet.Entities.Images;
using DmAgents.Actors.Tests.Fleet.Spread;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Fleet.Locations;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Tests.Fleet.Entities;

/// <summary>The fleet's entities on a real PostgreSQL.</summary>
[Trait("Needs", "Postgres")]
public sealed class PostgresTests : IAsyncLifetime
{
    private readonly PostgresServer _server = new();
    private readonly EntityFleet _fleet;

    public PostgresTests() => _fleet = new EntityFleet(_server.Database);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        try
        {
            await _fleet.DisposeAsync();
        }
        finally
        {
            _server.Dispose();
        }
    }

    [Fact]
    public async Task Hosts_that_start_at_once_make_the_tables_once_and_find_each_others_entities()
    {
        _fleet.Times = _fleet.Times with { EventsPerSnapshot = 2 };
        await _fleet.Form(3);
        for (ulong number = 1; number <= 3; number++)
        {
            foreach (var layer in EntityFleet.Apart(12))
            {
                await EntityFleet.Announce(
                    _fleet.Hosts[layer % 3], "web1", number, EntityFleet.Holding(layer, verified: number == 3));
            }
        }

        await _fleet.Restart();

        foreach (var layer in EntityFleet.Apart(12))
            Assert.True(Assert.Single((await EntityFleet.Locate(_fleet.Hosts[1], EntityFleet.Layer(layer))).Copies).Verified);
        // The journal names them all.
        var entities = _fleet.Hosts[2].Keeper.Entities!;
        Assert.Equal(
            EntityFleet.Apart(12).Select(layer => LayerBucket.Of(EntityFleet.Layer(layer)).Index).Order(),
            EntityFleet.Reply(await entities.Buckets(CancellationToken.None)).Select(bucket => bucket.Index).Order());
        Assert.Empty(EntityFleet.Reply(await entities.Images(CancellationToken.None)));
        Assert.Equal(_fleet.Identity.Id.Value, await _server.Query<Guid>("select fleet from dmagents_fleet"));
        Assert.True(await _server.Query<long>("select count(*) from snapshot") > 0);
        var row = await _server.Query<string>("select manifest || ' ' || event from readable limit 1");
        Assert.StartsWith("location-host-heard.v1 {\"host\":\"web1\"", row, StringComparison.Ordinal);
        Assert.True(await _server.Query<bool>("select at between '2020-01-01' and '2100-01-01' from readable limit 1"));
    }

    [Fact]
    public async Task The_names_of_a_kind_are_read_by_the_key_and_not_from_each_row()
    {
        await using (var probe = _server.Database.Probe(_fleet.Identity))
            await probe.CheckAsync(CancellationToken.None);
        await _server.Query<int>("""
            insert into journal (created, deleted, persistence_id, sequence_number, message)
              select 0, false, name, number, '' from generate_series(1, 9000) number,
                unnest(array['image-b', 'image-A:1', 'image-ä', 'imagery-x', 'imag-e', 'location-7']) name;
            insert into snapshot (persistence_id, sequence_number, created) values ('image-only', 1, 0);
            analyze journal;
            select 1
            """);

        Assert.Equal(
            ["A:1", "b", "only", "ä"],
            await new EntityNames(_server.Database).OfAsync(ImageKind.Kind, CancellationToken.None));
        var plan = await _server.Query<string>($"explain (format json) {EntityNames.Query(ImageKind.Kind, "journal")}");
        Assert.Contains("\"Index Only Scan\"", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("\"Seq Scan\"", plan, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_connections_that_come_at_once_make_the_tables_once()
    {
        var looks = Enumerable.Range(0, 12).Select(async _ =>
        {
            await using var probe = _server.Database.Probe(_fleet.Identity);
            await probe.CheckAsync(CancellationToken.None);
        });

        await Task.WhenAll(looks);

        Assert.Equal(1, await _server.Query<long>("select count(*) from dmagents_fleet"));
    }

    [Fact]
    public async Task A_database_of_another_fleet_or_a_later_version_is_refused_by_name()
    {
        var other = new FleetIdentity(new FleetId(Guid.NewGuid()), new FleetName("test"));
        await using (var probe = _server.Database.Probe(other))
            await probe.CheckAsync(CancellationToken.None);
        await using var own = _server.Database.Probe(_fleet.Identity);

        var refused = await Assert.ThrowsAsync<DatabaseRefusedException>(() => own.CheckAsync(CancellationToken.None));

        Assert.Contains($"belongs to the fleet {other}", refused.Message, StringComparison.Ordinal);
        Assert.Contains($"in the fleet {_fleet.Identity}", refused.Message, StringComparison.Ordinal);
        await _server.Query<int>("update dmagents_fleet set schema = 99 returning schema");
        await using var later = _server.Database.Probe(other);
        refused = await Assert.ThrowsAsync<DatabaseRefusedException>(() => later.CheckAsync(CancellationToken.None));
        Assert.Contains("version 99", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_script_makes_role_and_database_and_its_setting_is_one_that_the_agent_takes()
    {
        var directory = Directory.CreateTempSubdirectory("fleet-script-");
        try
        {
            var file = Path.Combine(directory.FullName, "of", "pass");
            var setting = Script(file);
            var mode = new FileInfo(file).UnixFileMode;
            var password = await File.ReadAllTextAsync(file);
            // Once more: nothing changes.
            Assert.Equal(setting, Script(file));
            Assert.Equal(password, await File.ReadAllTextAsync(file));

            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, mode);
            Assert.DoesNotContain(password.Trim().Split(':')[4], setting, StringComparison.Ordinal);
            var text = setting.Trim()["fleet.database = \"".Length..^1];
            Assert.True(PostgresDatabase.TryParse(text, out var database, out var problem), problem);
            Assert.EndsWith("/dmagents as dmagents", database.Where, StringComparison.Ordinal);
            await using (var probe = database.Probe(_fleet.Identity))
                await probe.CheckAsync(CancellationToken.None);
            await File.WriteAllTextAsync(file, password.Replace(password.Trim().Split(':')[4], "wrong", StringComparison.Ordinal));
            await using var stranger = database.Probe(_fleet.Identity);
            var refused = await Assert.ThrowsAsync<Npgsql.PostgresException>(
                () => stranger.CheckAsync(CancellationToken.None));
            Assert.Contains("password authentication failed", refused.Message, StringComparison.Ordinal);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Of_two_instances_that_write_one_entity_the_stale_one_is_fenced()
    {
        await using var probe = _server.Database.Probe(_fleet.Identity);
        await probe.CheckAsync(CancellationToken.None);
        await Fencing.StaleWriterIsRefused(_fleet.Settings, "journal_uq");
    }

    [Fact]
    public async Task An_entity_that_comes_back_to_a_host_has_all_that_was_acknowledged()
    {
        await using var probe = _server.Database.Probe(_fleet.Identity);
        await probe.CheckAsync(CancellationToken.None);
        await Fencing.NothingIsLostByTheWayBack(_fleet.Settings);
    }

    [Fact]
    public async Task Copies_of_a_lost_host_are_restored_on_another() => await SpreadStory.Tell(_fleet);

    [Fact]
    public async Task The_server_is_stopped_under_load_and_all_goes_on_within_seconds_of_its_return()
    {
        await _fleet.Form(2);
        var layers = EntityFleet.Apart(60).ToList();
        foreach (var layer in layers[..40])
            await EntityFleet.Announce(_fleet.Hosts[0], "web1", 1, EntityFleet.Holding(layer));
        var alarms = _fleet.Alarms.Count;

        _server.Stop();
        // Some of these meet the gate while it is open yet.
        var sequence = 2ul;
        foreach (var host in _fleet.Hosts)
        {
            var answers = await Task.WhenAll(layers.Select(layer => Announce(host, layer, sequence)));
            Assert.All(answers, answer => Assert.Contains(
                EntityFleet.Refused(answer).Kind, new[] { RefusalKind.WrongState, RefusalKind.TimedOut }));
            await EntityFleet.Status(host, status => status.Phase == DatabasePhase.Away);
        }
        var begun = TimeProvider.System.GetTimestamp();
        for (var round = 0; round < 5; round++)
        {
            foreach (var host in _fleet.Hosts)
            {
                Assert.All(
                    await Task.WhenAll(layers.Select(layer => Announce(host, layer, sequence))),
                    answer => Assert.Equal(RefusalKind.WrongState, EntityFleet.Refused(answer).Kind));
            }
        }
        // 600 refusals: one that waited for the database would alone take longer than all of them.
        Assert.True(TimeProvider.System.GetElapsedTime(begun) < TimeSpan.FromSeconds(30));
        Assert.True(_fleet.Alarms.Count - alarms < 40, string.Join('\n', _fleet.Alarms.Skip(alarms)));

        _server.Start();
        begun = TimeProvider.System.GetTimestamp();
        foreach (var host in _fleet.Hosts)
            await EntityFleet.Status(host, status => status.IsReady);
        var done = await Task.WhenAll(layers.Select(layer => Announce(_fleet.Hosts[1], layer, sequence)));
        var took = TimeProvider.System.GetElapsedTime(begun);

        Assert.All(done, answer => Assert.IsType<LocationReplies.Heard>(EntityFleet.Reply(answer)));
        Assert.True(took < TimeSpan.FromSeconds(30), $"it took {took}");
    }

    private string Script(string file)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "DmAgents.sln")))
            root = root.Parent!;
        var start = new ProcessStartInfo(
            Path.Combine(root.FullName, "deploy/fleet/database.sh"), ["--password-file", file])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var (name, value) in _server.Environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, error.Result);
        return output;
    }

    private static Task<EntityAnswer<LocationReply>> Announce(FleetHost host, int layer, ulong sequence) =>
        host.Keeper.Entities!.Announce(
            LayerBucket.Of(EntityFleet.Layer(layer)), new HostName("web1"),
            LayerAnnouncement.Everything(
                EntityFleet.Stamped(sequence), [EntityFleet.Holding(layer, verified: false)]),
            EntityFleet.At, CancellationToken.None);
}

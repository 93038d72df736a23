using System.Collections.Immutable;
using DmAgents.Actors.Journals;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Hosting;
using DmAgents.Agent.Tests.Support;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using LinqToDB.Data;
using Microsoft.Data.Sqlite;

namespace DmAgents.Agent.Tests;

/// <summary>The journal's file is bounded: old rows go, and their space is used again or given back.</summary>
public sealed class JournalSizeTests : IAsyncLifetime
{
    private const int Kept = 20;

    private ServedAgent _agent = null!;

    public async Task InitializeAsync()
    {
        _agent = await ServedAgent.Start(
            $"journal.keep-events = {Kept}\npool.snapshot-every = 25\npool.retry-interval = 100ms");
        Id = PoolActor.PersistenceIdOf(_agent.Picture.Uuid);
    }

    public async Task DisposeAsync() => await _agent.DisposeAsync();

    [Fact]
    public async Task Old_events_go_and_what_they_said_stays()
    {
        var first = Create("first");
        await _agent.Do(first);
        for (var n = 0; n < 20; n++)
        {
            await _agent.Do(Create($"web{n}"));
            await _agent.Do(new PoolCommands.Remove(
                NewRequest(), DeviceKey.Container($"web{n}"), Force: false, DateTimeOffset.UnixEpoch));
        }
        await IsSwept();
        await _agent.Stop();
        Change("drop view readable; create view readable as select 1 as at_utc, persistence_id from journal;");

        _agent = await _agent.Next();

        Assert.Equal(PoolPhase.Open, _agent.Picture.Phase);
        await _agent.Do(first);
        Assert.Equal(["first"], _agent.State.Devices.Values
            .Where(d => d is { Kind: DeviceKind.Container, IsPresent: true }).Select(d => d.Key.Name));
        Assert.InRange(
            Number($"select count(*) from readable where persistence_id = '{Id}'"), Kept, long.MaxValue);
        Assert.Equal(0, Number("select count(*) from readable where at_utc is null"));
        Assert.Equal(0, Number("select count(*) from readable where abs(julianday(at_utc) - julianday('now')) > 1"));
    }

    [Fact]
    public async Task A_kill_between_any_two_steps_loses_nothing()
    {
        var requests = Enumerable.Range(0, 15).Select(n => Create($"web{n}")).ToList();
        foreach (var request in requests)
            await _agent.Do(request);
        await IsSwept();
        await _agent.Stop();
        // Rows and a snapshot as a crash before the first step leaves them.
        Change($"""
            insert into snapshot(persistence_id, sequence_number, created, snapshot, manifest, serializer_id)
              select persistence_id, 1, created, snapshot, manifest, serializer_id from snapshot
              where persistence_id = '{Id}';
            """);
        var steps = 0;
        for (var isDone = false; !isDone; steps++)
        {
            using (var rows = new SqliteJournalRows(_agent.Settings))
            {
                var sweep = new JournalSweep(rows, new JournalSettings(5));
                sweep.BeginWithAll();
                sweep.Step(limit: 4);
                isDone = Number($"select min(sequence_number) from journal where persistence_id = '{Id}'")
                    == Number($"select max(sequence_number) from snapshot where persistence_id = '{Id}'") - 4;
            }
            _agent = await _agent.Next();
            await _agent.Do(requests[steps % requests.Count]);
            Assert.Equal(requests.Count, _agent.State.Devices.Values.Count(d => d.Kind == DeviceKind.Container));
            await _agent.Stop();
        }
        Assert.InRange(steps, 2, 20);
        _agent = await _agent.Next();
    }

    [Fact]
    public async Task The_events_of_a_removed_pool_go()
    {
        await _agent.Do(Create("web"));
        await _agent.Do(new PoolCommands.Retire(NewRequest(), Force: true, DateTimeOffset.UnixEpoch));

        await Eventually(() => Number($"select count(*) from journal where persistence_id <> 'host'") == 0);
        Assert.Equal(0, Number("select count(*) from snapshot where persistence_id <> 'host'"));
    }

    [Fact]
    public async Task A_new_file_gives_unused_space_back_in_steps()
    {
        await _agent.Stop();
        Fill(_agent.Settings.JournalFile);
        var full = new FileInfo(_agent.Settings.JournalFile).Length;
        using (var rows = new SqliteJournalRows(_agent.Settings))
        {
            var steps = 0;
            for (; rows.Shrink(); steps++)
            {
            }
            Assert.InRange(steps, 10, 1000);
        }

        Assert.InRange(new FileInfo(_agent.Settings.JournalFile).Length, 0, full / 2);
        _agent = await _agent.Next();
        Assert.Equal(PoolPhase.Open, _agent.Picture.Phase);
    }

    [Fact]
    public async Task A_file_of_an_earlier_version_is_made_anew_at_a_start_if_most_of_it_is_unused()
    {
        await _agent.Do(Create("web"));
        await _agent.Stop();
        Change("pragma auto_vacuum = none; vacuum");
        Fill(_agent.Settings.JournalFile);
        var full = new FileInfo(_agent.Settings.JournalFile).Length;

        _agent = await _agent.Next();

        Assert.InRange(new FileInfo(_agent.Settings.JournalFile).Length, 0, full / 4);
        Assert.Equal(2, Number("pragma auto_vacuum"));
        Assert.NotNull(_agent.State.Find(DeviceKey.Container("web")));
    }

    /// <summary>Microsoft.Data.Sqlite by itself looks again after 150 ms, which a prepare beside a sweep would wait.
    /// </summary>
    [Fact]
    public async Task The_plugins_connections_wait_for_each_other_as_sqlite_does()
    {
        await using var connection = new DataConnection(JournalDatabase.OptionsFor(_agent.Settings));

        Assert.InRange(await connection.ExecuteAsync<long>("pragma busy_timeout"), 1000, long.MaxValue);
    }

    private string Id { get; set; } = "";

    private Task IsSwept() => Eventually(() =>
        Number($"select count(*) from snapshot where persistence_id = '{Id}'") == 1
        && Number($"select min(sequence_number) from journal where persistence_id = '{Id}'")
            == Number($"select max(sequence_number) from snapshot where persistence_id = '{Id}'") - Kept + 1);

    private static PoolCommands.CreateSnapshot Create(string name) => new(
        NewRequest(), DeviceKey.Container(name), Parent: null, Size: null, FileSystem: null, DeviceUse.Idle,
        ImmutableSortedDictionary<string, string>.Empty, DateTimeOffset.UnixEpoch);

    private static RequestId NewRequest() => new(Guid.NewGuid());

    /// <summary>20 MiB of rows, deleted again.</summary>
    private void Fill(string file)
    {
        Change("""
            create table filler(bytes blob);
            with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000)
              insert into filler select randomblob(4000) from n;
            drop table filler;
            pragma wal_checkpoint(truncate)
            """);
        Assert.InRange(new FileInfo(file).Length, 20_000_000, long.MaxValue);
    }

    private void Change(string sql)
    {
        using var connection = JournalDatabase.Connect(_agent.Settings);
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private long Number(string sql)
    {
        using var connection = JournalDatabase.Connect(_agent.Settings);
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar() is long number ? number : 0;
    }

    private static async Task Eventually(Func<bool> condition)
    {
        for (var tries = 0; !condition(); tries++)
        {
            Assert.True(tries < 2400, "it did not come");
            await Task.Delay(50);
        }
    }
}

using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using DmAgents.Actors;
using DmAgents.Agent.Configuration;
using DmAgents.Agent.Hosting;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using Microsoft.Data.Sqlite;

namespace DmAgents.Agent.Tests;

/// <summary>The journal's tables are those of the plugin, with fewer indices.</summary>
public sealed class JournalTablesTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly string _root = Directory.CreateTempSubdirectory("dmagents-tables-").FullName;

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public async Task They_have_the_columns_and_keys_that_the_plugin_makes()
    {
        var (plugins, ours) = (SettingsOf("plugins"), SettingsOf("ours"));
        Directory.CreateDirectory(plugins.JournalDirectory);
        await Persist(plugins, 1, "akka.persistence.journal.sql.auto-initialize = on\n"
            + "akka.persistence.snapshot-store.sql.auto-initialize = on");
        JournalDatabase.Prepare(ours);

        foreach (var table in new[] { "journal", "tags", "snapshot" })
        {
            var columns = $"select name, upper(type), \"notnull\", pk from pragma_table_info('{table}')";
            Assert.NotEmpty(Rows(plugins, columns));
            Assert.Equal(Rows(plugins, columns), Rows(ours, columns));
        }
    }

    [Fact]
    public async Task An_older_agents_journal_keeps_its_events_and_loses_the_indices_that_no_query_uses()
    {
        var settings = SettingsOf("older");
        Directory.CreateDirectory(settings.JournalDirectory);
        await Persist(settings, 3, "akka.persistence.journal.sql.auto-initialize = on\n"
            + "akka.persistence.snapshot-store.sql.auto-initialize = on");
        const string indices = "select name from sqlite_master where type = 'index' and sql is not null order by name";
        Assert.Contains("journal_created_idx", Rows(settings, indices));

        JournalDatabase.Prepare(settings);

        Assert.Equal(["journal_uq"], Rows(settings, indices));
        Assert.Equal(4, await Persist(settings, 1));
    }

    /// <summary>The table, its index and SQLite's own record of the last number.</summary>
    [Fact]
    public async Task A_commit_of_one_event_writes_three_pages()
    {
        var settings = SettingsOf("pages");
        JournalDatabase.Prepare(settings);
        await Persist(settings, 1);
        // Held open, so that the log is not taken into the file when the writer ends.
        using var held = JournalDatabase.Connect(settings);
        Rows(held, "pragma wal_checkpoint(truncate)");

        await Persist(settings, 1);

        const int header = 32, frame = 24 + 4096;
        Assert.Equal(3, (new FileInfo(settings.JournalFile + "-wal").Length - header) / frame);
    }

    private AgentSettings SettingsOf(string name) =>
        SettingsReader.Read(null) with { StateDirectory = Path.Combine(_root, name) };

    /// <summary>How many events there are then.</summary>
    private static async Task<long> Persist(AgentSettings settings, int count, string other = "")
    {
        var system = ActorSystem.Create("tables", ConfigurationFactory.ParseString(other)
            .WithFallback(JournalDatabase.Configuration(settings))
            .WithFallback("akka.loglevel = WARNING")
            .WithFallback(ActorsConfig.Default));
        try
        {
            return await system.ActorOf(Props.Create(() => new Writer())).Ask<long>(count, Patience);
        }
        finally
        {
            await system.Terminate();
        }
    }

    private static List<string> Rows(AgentSettings settings, string sql)
    {
        using var connection = JournalDatabase.Connect(settings);
        return Rows(connection, sql);
    }

    private static List<string> Rows(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(reader.GetValue)));
        return rows;
    }

    /// <summary>Persists as many events as the message says, in one write.</summary>
    private sealed class Writer : UntypedPersistentActor
    {
        public override string PersistenceId => "tables";

        protected override void OnRecover(object message)
        {
        }

        protected override void OnCommand(object message)
        {
            var asker = Sender;
            PersistAll(
                Enumerable.Repeat(new PoolEvents.Created(new ThinId(1), DateTimeOffset.UnixEpoch), (int)message), _ => { });
            DeferAsync("done", _ => asker.Tell(LastSequenceNr));
        }
    }
}
